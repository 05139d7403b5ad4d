//! Loads and stores (PTX ISA, `ld`, `st`), of all spaces, widths and vectors.
//!
//! Fields of the instruction: `a` the row of addresses, `imm` a packed [`Reach`] and what to add; `d`, `b`, `c`, `e` the rows of the values.

use super::super::context::Context;
use super::super::error::{Fault, Near};
use super::super::instruction::{Body, FULL, Flow, Instruction, LANES};
use super::super::lane::Word;
use super::super::level::{Run, body};
use super::super::observe::{Access, AccessKind, Values};
use super::traffic;
use crate::memory::{LOCAL_BASE, PARAM_BASE, SHARED_BASE, Space};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

/// What lies in memory.
pub(crate) trait Cell: Copy + 'static {
    const SIZE: usize;
    /// A relaxed load, extended to 64 bits as its type says.
    ///
    /// # Safety
    /// The pointer must be valid and aligned.
    unsafe fn load(from: *mut u8) -> u64;
    /// A relaxed store of the low bits.
    ///
    /// # Safety
    /// The pointer must be valid and aligned.
    unsafe fn store(to: *mut u8, value: u64);
}

macro_rules! cells {
    ($($t:ty, $u:ty, $atomic:ty;)*) => {$(
        impl Cell for $t {
            const SIZE: usize = size_of::<$t>();
            #[inline(always)]
            unsafe fn load(from: *mut u8) -> u64 {
                // SAFETY: the caller's promise.
                unsafe { <$atomic>::from_ptr(from.cast()) }.load(Relaxed) as $t as u64
            }
            #[inline(always)]
            unsafe fn store(to: *mut u8, value: u64) {
                // SAFETY: the caller's promise.
                unsafe { <$atomic>::from_ptr(to.cast()) }.store(value as $u, Relaxed)
            }
        }
    )*};
}

cells! {
    u8, u8, AtomicU8;
    i8, u8, AtomicU8;
    u16, u16, AtomicU16;
    i16, u16, AtomicU16;
    u32, u32, AtomicU32;
    i32, u32, AtomicU32;
    u64, u64, AtomicU64;
}

/// Where the addresses of an access count, and how wide they are: the top byte of the immediate. The rest is what to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Generic = 0,
    Global = 1,
    Shared = 2,
    /// Addresses of 32 bits.
    SharedNarrow = 3,
    Local = 4,
}

impl Reach {
    /// The immediate for an offset.
    pub(crate) fn pack(self, offset: u64) -> u64 {
        offset & OFFSET | (self as u64) << OFFSET_BITS
    }

    #[inline(always)]
    fn of(imm: u64) -> Self {
        match imm >> OFFSET_BITS {
            0 => Self::Generic,
            1 => Self::Global,
            2 => Self::Shared,
            3 => Self::SharedNarrow,
            _ => Self::Local,
        }
    }
}

const OFFSET_BITS: u32 = 56;
const OFFSET: u64 = (1 << OFFSET_BITS) - 1;

/// The offset of a packed immediate.
#[inline(always)]
fn offset_of(imm: u64) -> u64 {
    ((imm << 8) as i64 >> 8) as u64
}

/// Addresses as distances from the first, moved up by 2^31; `None` where they lie farther apart than that.
#[inline(always)]
fn nearby(at: &[u64; LANES]) -> Option<[u32; LANES]> {
    let start = at[0].wrapping_sub(1 << 31);
    let mut near = [0; LANES];
    let mut far = 0;
    for i in 0..LANES {
        let distance = at[i].wrapping_sub(start);
        far |= distance >> 32;
        near[i] = distance as u32;
    }
    (far == 0).then_some(near)
}

/// The lowest and highest, and all bits that are set in any.
#[inline(always)]
fn extent(at: &[u32; LANES]) -> (u32, u32, u32) {
    let (mut low, mut high, mut bits) = (u32::MAX, 0, 0);
    for &address in at {
        low = low.min(address);
        high = high.max(address);
        bits |= address;
    }
    (low, high, bits)
}

/// Lanes that take no part get the address of one that does, so that what follows need not know of them.
#[inline(always)]
fn fill_in<T: Copy>(at: &mut [T; LANES], mask: u32) {
    if mask != FULL {
        let one = at[mask.trailing_zeros() as usize & 31];
        for (lane, address) in at.iter_mut().enumerate() {
            *address = if mask & (1 << lane) != 0 { *address } else { one };
        }
    }
}

/// The first lane of the mask whose address is bad.
pub(crate) fn first(mask: u32, at: &[u64; LANES], bad: impl Fn(u64) -> bool) -> Option<(u32, u64)> {
    let mut lanes = (0..LANES).filter(|&i| mask & (1 << i) != 0 && bad(at[i]));
    lanes.next().map(|i| (i as u32, at[i]))
}

#[cold]
#[inline(never)]
fn misaligned(cx: &mut Context<'_>, mask: u32, at: &[u64; LANES], size: u32, space: Space) -> Flow {
    let align = u64::from(size);
    match first(mask, at, |address| address % align != 0) {
        Some((lane, address)) => {
            cx.fail(lane, Fault::Misaligned { space, address, size, align: size })
        }
        None => Flow::Next,
    }
}

#[cold]
#[inline(never)]
fn outside(
    cx: &mut Context<'_>,
    mask: u32,
    at: &[u64; LANES],
    size: u32,
    space: Space,
    len: u64,
) -> Flow {
    let bad = |address: u64| address > len || len - address < u64::from(size);
    match first(mask, at, bad) {
        Some((lane, address)) => {
            let near = Near::Size(len);
            cx.fail(lane, Fault::OutOfBounds { space, address, size, near })
        }
        None => Flow::Next,
    }
}

#[cold]
#[inline(never)]
pub(crate) fn wild(cx: &mut Context<'_>, lane: u32, address: u64, size: u32) -> Flow {
    let near = Near::Global(cx.regions.nearest(address));
    cx.fail(lane, Fault::OutOfBounds { space: Space::Global, address, size, near })
}

#[cold]
#[inline(never)]
pub(crate) fn observe(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    space: Space,
) {
    let Wanted { mask, size, kind, stored } = wanted;
    let pc = cx.index(ins) as u32;
    let (line, strong) = (cx.program.line(pc), cx.program.strong(pc));
    let (block, warp, active, live) = (cx.block, cx.warp, cx.active, cx.live);
    // SAFETY: the block's shared memory; nobody writes to it while the observer looks.
    let shared = unsafe { std::slice::from_raw_parts(cx.shared, cx.shared_len as usize) };
    let rows = cx.rows;
    let value = |lane: usize| {
        let Some(Stored { cell, wide }) = stored else { return 0 };
        let mut value = 0_u128;
        for (i, unit) in [ins.d, ins.b, ins.c, ins.e].into_iter().enumerate().take(size / cell) {
            // SAFETY: lowering gave the instruction rows of this width.
            let word: u64 = unsafe {
                let row = rows.add(usize::from(unit) << 7);
                if wide {
                    row.cast::<u64>().add(lane).read()
                } else {
                    row.cast::<u32>().add(lane).read().into()
                }
            };
            value |= u128::from(word & (u64::MAX >> (64 - 8 * cell))) << (8 * cell * i);
        }
        value
    };
    let values = Values(if stored.is_some() { Some(&value) } else { None });
    if let Some(observer) = cx.observer.as_deref_mut() {
        observer.access(&Access {
            kind,
            space,
            pc,
            line,
            block,
            warp,
            mask,
            active,
            live,
            addresses: at,
            size: size as u32,
            strong,
            values,
            shared,
        });
    }
}

/// The memory of an access.
pub(crate) enum Found {
    /// All lanes, side by side from here.
    Row(*mut u8),
    /// Each lane its own, in the array.
    Lanes,
    /// Nothing, or an error.
    Flow(Flow),
}

/// What an access is, for [`locate`].
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub mask: u32,
    pub size: usize,
    pub kind: AccessKind,
    /// Of a store: where its values are.
    pub stored: Option<Stored>,
}

/// The values of a store are in the rows `d`, `b`, `c`, `e`.
#[derive(Clone, Copy)]
pub(crate) struct Stored {
    /// Bytes that go to memory from a lane of a row.
    pub cell: usize,
    /// Whether lanes are of 64 bits.
    pub wide: bool,
}

/// Finds the memory of an access: checks, counts, and fills in the lanes' pointers, each good for `size` bytes.
///
/// # Safety
/// `a` must be a row of the width that the immediate says.
#[inline(always)]
pub(crate) unsafe fn locate(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    to: &mut [*mut u8; LANES],
) -> Found {
    #[cfg(target_arch = "x86_64")]
    if super::super::level::fast() {
        // SAFETY: the processor has the extensions; the rest is the caller's promise.
        return unsafe { locate_fast(cx, ins, wanted, to) };
    }
    // SAFETY: the caller's promise.
    unsafe { locate_any(cx, ins, wanted, to) }
}

/// # Safety
/// As [`locate`], on a processor with these extensions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn locate_fast(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    to: &mut [*mut u8; LANES],
) -> Found {
    // SAFETY: the caller's promise.
    unsafe { locate_any(cx, ins, wanted, to) }
}

/// # Safety
/// As [`locate`].
#[inline(always)]
unsafe fn locate_any(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    to: &mut [*mut u8; LANES],
) -> Found {
    if wanted.mask == 0 {
        return Found::Flow(Flow::Next);
    }
    let (reach, offset, mask) = (Reach::of(ins.imm), offset_of(ins.imm), wanted.mask);
    if reach == Reach::SharedNarrow {
        // SAFETY: the caller's promise.
        let row = unsafe { &*cx.row::<u32>(ins.a) };
        let mut short = [0; LANES];
        for i in 0..LANES {
            short[i] = row[i].wrapping_add(offset as u32);
        }
        fill_in(&mut short, mask);
        return shared(cx, ins, wanted, &short, to);
    }
    let mut at = [0; LANES];
    // SAFETY: the caller's promise.
    let row = unsafe { &*cx.row::<u64>(ins.a) };
    for i in 0..LANES {
        at[i] = row[i].wrapping_add(offset);
    }
    fill_in(&mut at, mask);
    match reach {
        Reach::Shared | Reach::SharedNarrow => shared_wide(cx, ins, wanted, &at, to),
        Reach::Local => local(cx, ins, wanted, &at, to),
        Reach::Generic => generic(cx, ins, wanted, &at, to),
        Reach::Global => global(cx, ins, wanted, &at, to),
    }
}

/// Lanes may be in more than one space: one space after another.
#[inline(never)]
fn generic(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, .. } = wanted;
    let mut left = mask;
    while left != 0 {
        let space = Space::of(at[left.trailing_zeros() as usize]);
        let mut part = 0;
        for (lane, &address) in at.iter().enumerate() {
            part |= u32::from(Space::of(address) == space) << lane;
        }
        part &= left;
        left &= !part;
        let wanted = Wanted { mask: part, ..wanted };
        let less = |base: u64| {
            let mut at = at.map(|address| address.wrapping_sub(base));
            fill_in(&mut at, part);
            at
        };
        let found = match space {
            Space::Shared => shared_wide(cx, ins, wanted, &less(SHARED_BASE), to),
            Space::Local => local(cx, ins, wanted, &less(LOCAL_BASE), to),
            Space::Param => param(cx, wanted, &less(PARAM_BASE), to),
            _ => global(cx, ins, wanted, &less(0), to),
        };
        match found {
            Found::Lanes => {}
            // A row is all lanes.
            other => return other,
        }
    }
    Found::Lanes
}

#[inline(always)]
fn global(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let wide = size as u64;
    if mask == FULL {
        // Side by side: the most frequent case by far.
        let start = at[0];
        let mut apart = 0;
        for (i, &address) in at.iter().enumerate() {
            apart |= address ^ start.wrapping_add(i as u64 * wide);
        }
        if apart == 0 && start.is_multiple_of(wide) {
            let all = wide * LANES as u64;
            if let Some(bytes) = cx.find(ins, start, all) {
                if kind != AccessKind::Load && read_only(cx, ins) {
                    let fault = Fault::ReadOnly { address: start, size: size as u32 };
                    return Found::Flow(cx.fail(0, fault));
                }
                cx.count(ins).sectors += ((start + all - 1) >> 5) - (start >> 5) + 1;
                if kind == AccessKind::Atomic {
                    cx.count(ins).passes += 1;
                }
                if cx.observer.is_some() {
                    observe(cx, ins, wanted, at, Space::Global);
                }
                return Found::Row(bytes);
            }
        }
    }
    scattered(cx, ins, wanted, at, to)
}

#[inline(always)]
fn scattered(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let wide = size as u64;
    let mut bits = 0;
    for &address in at {
        bits |= address;
    }
    if bits & (wide - 1) != 0 {
        return Found::Flow(misaligned(cx, mask, at, size as u32, Space::Global));
    }
    let near = nearby(at);
    let (mut low, mut span) = (0, u64::MAX);
    cx.count(ins).sectors += match near {
        Some(mut near) => {
            let (least, most, _) = extent(&near);
            low = at[0].wrapping_sub(1 << 31).wrapping_add(least.into());
            span = u64::from(most - least);
            // Counted from a multiple of 32.
            let shift = least.wrapping_sub((low & 31) as u32);
            for address in &mut near {
                *address = address.wrapping_sub(shift);
            }
            u64::from(traffic::sectors(&near))
        }
        None => u64::from(traffic::unordered(*at)),
    };
    if kind == AccessKind::Atomic {
        cx.count(ins).passes += u64::from(traffic::rounds(at, mask));
    }
    let whole = span.checked_add(wide).and_then(|len| cx.find(ins, low, len));
    if let Some(bytes) = whole {
        if kind != AccessKind::Load && read_only(cx, ins) {
            let fault = Fault::ReadOnly { address: low, size: size as u32 };
            return Found::Flow(cx.fail(mask.trailing_zeros(), fault));
        }
        for (lane, to) in to.iter_mut().enumerate() {
            let pointer = bytes.wrapping_add(at[lane].wrapping_sub(low) as usize);
            *to = if mask & (1 << lane) != 0 { pointer } else { *to };
        }
    } else {
        // Check all before any is touched.
        for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
            match cx.find(ins, at[lane], wide) {
                None => return Found::Flow(wild(cx, lane as u32, at[lane], size as u32)),
                Some(_) if kind != AccessKind::Load && read_only(cx, ins) => {
                    let fault = Fault::ReadOnly { address: at[lane], size: size as u32 };
                    return Found::Flow(cx.fail(lane as u32, fault));
                }
                Some(bytes) => to[lane] = bytes,
            }
        }
    }
    if cx.observer.is_some() {
        observe(cx, ins, wanted, at, Space::Global);
    }
    Found::Lanes
}

/// Whether what the instruction found last must not be written.
#[inline(always)]
pub(crate) fn read_only(cx: &Context<'_>, ins: &Instruction) -> bool {
    // SAFETY: there is one for each instruction.
    unsafe { !(*cx.cache.add(cx.index(ins))).writable }
}

#[inline(always)]
fn shared_wide(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let mut short = [0_u32; LANES];
    let mut far = 0;
    for i in 0..LANES {
        short[i] = at[i] as u32;
        far |= at[i] >> 32;
    }
    if far != 0 {
        let len = u64::from(cx.shared_len);
        return Found::Flow(outside(cx, wanted.mask, at, wanted.size as u32, Space::Shared, len));
    }
    shared(cx, ins, wanted, &short, to)
}

#[inline(always)]
fn shared(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u32; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let (low, high, bits) = extent(at);
    if bits & (size as u32 - 1) != 0 {
        return Found::Flow(misaligned(cx, mask, &at.map(u64::from), size as u32, Space::Shared));
    }
    let len = cx.shared_len;
    if high >= len || len - high < size as u32 {
        let at = at.map(u64::from);
        return Found::Flow(outside(cx, mask, &at, size as u32, Space::Shared, len.into()));
    }
    let passes = if kind == AccessKind::Atomic {
        traffic::rounds(&at.map(u64::from), mask)
    } else {
        traffic::passes(at, low, high, mask, size as u32)
    };
    cx.count(ins).passes += u64::from(passes);
    if cx.observer.is_some() {
        // Not `map`: that is a call, and a loop of single lanes.
        let mut wide = [0; LANES];
        for (to, &address) in wide.iter_mut().zip(at) {
            *to = address.into();
        }
        observe(cx, ins, wanted, &wide, Space::Shared);
    }
    for (to, &address) in to.iter_mut().zip(at) {
        *to = cx.shared.wrapping_add(address as usize);
    }
    Found::Lanes
}

#[inline(always)]
fn local(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    if kind == AccessKind::Atomic {
        let why = "atomic operation on local memory";
        return Found::Flow(cx.fail(mask.trailing_zeros(), Fault::Misuse(why)));
    }
    let (mut high, mut bits) = (0, 0);
    for &address in at {
        high = high.max(address);
        bits |= address;
    }
    if bits & (size as u64 - 1) != 0 {
        return Found::Flow(misaligned(cx, mask, at, size as u32, Space::Local));
    }
    let len = u64::from(cx.local_len);
    if high >= len || len - high < size as u64 {
        return Found::Flow(outside(cx, mask, at, size as u32, Space::Local, len));
    }
    if cx.observer.is_some() {
        observe(cx, ins, wanted, at, Space::Local);
    }
    for (lane, to) in to.iter_mut().enumerate() {
        // Each lane has its own `local_len` bytes.
        let pointer = cx.local.wrapping_add(lane * len as usize).wrapping_add(at[lane] as usize);
        *to = if mask & (1 << lane) != 0 { pointer } else { *to };
    }
    Found::Lanes
}

/// The kernel's parameters, through their window.
#[inline(never)]
fn param(
    cx: &mut Context<'_>,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let lane = mask.trailing_zeros();
    if kind != AccessKind::Load {
        return Found::Flow(cx.fail(lane, Fault::Misuse("write to a kernel's parameters")));
    }
    let len = cx.params.len() as u64 * 16;
    let wide = size as u64;
    if first(mask, at, |address| address % wide != 0).is_some() {
        return Found::Flow(misaligned(cx, mask, at, size as u32, Space::Param));
    }
    if first(mask, at, |address| address > len || len - address < wide).is_some() {
        return Found::Flow(outside(cx, mask, at, size as u32, Space::Param, len));
    }
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        let bytes = cx.params.as_ptr().cast::<u8>().cast_mut();
        to[lane] = bytes.wrapping_add(at[lane] as usize);
    }
    Found::Lanes
}

struct Load<C, D, const V: usize>(PhantomData<(C, D)>);

impl<C: Cell, D: Word, const V: usize> Run for Load<C, D, V> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let kind = AccessKind::Load;
        let wanted = Wanted { mask, size: C::SIZE * V, kind, stored: None };
        let mut from = [std::ptr::null_mut(); LANES];
        let mut out = [[D::default(); LANES]; V];
        // SAFETY: the caller's promise; pointers are good for V cells. Parameters are only read, by atomics that the host has as
        // plain loads.
        unsafe {
            match locate(cx, ins, wanted, &mut from) {
                Found::Row(start) => {
                    for lane in 0..LANES {
                        for (i, row) in out.iter_mut().enumerate() {
                            row[lane] = D::from_u64(C::load(start.add((lane * V + i) * C::SIZE)));
                        }
                    }
                }
                Found::Lanes if mask == FULL => {
                    for (lane, &from) in from.iter().enumerate() {
                        for (i, row) in out.iter_mut().enumerate() {
                            row[lane] = D::from_u64(C::load(from.add(i * C::SIZE)));
                        }
                    }
                }
                Found::Lanes => {
                    let mut left = mask;
                    while left != 0 {
                        let lane = left.trailing_zeros() as usize;
                        left &= left - 1;
                        for (i, row) in out.iter_mut().enumerate() {
                            row[lane] = D::from_u64(C::load(from[lane].add(i * C::SIZE)));
                        }
                    }
                }
                Found::Flow(flow) => return flow,
            }
            for (row, unit) in out.iter().zip([ins.d, ins.b, ins.c, ins.e]) {
                cx.write(unit, row, mask);
            }
        }
        Flow::Next
    }
}

struct Store<C, D, const V: usize>(PhantomData<(C, D)>);

impl<C: Cell, D: Word, const V: usize> Run for Store<C, D, V> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let stored = Some(Stored { cell: C::SIZE, wide: size_of::<D>() == 8 });
        let wanted = Wanted { mask, size: C::SIZE * V, kind: AccessKind::Store, stored };
        let mut to = [std::ptr::null_mut(); LANES];
        let units = [ins.d, ins.b, ins.c, ins.e];
        // SAFETY: lowering gave the instruction rows of this width; pointers are good for V cells.
        unsafe {
            let rows: [*const [D; LANES]; V] =
                std::array::from_fn(|i| cx.row::<D>(units[i]).cast_const());
            match locate(cx, ins, wanted, &mut to) {
                Found::Row(start) => {
                    for lane in 0..LANES {
                        for (i, row) in rows.iter().enumerate() {
                            C::store(start.add((lane * V + i) * C::SIZE), (**row)[lane].into());
                        }
                    }
                }
                Found::Lanes => {
                    let mut left = mask;
                    while left != 0 {
                        let lane = left.trailing_zeros() as usize;
                        left &= left - 1;
                        for (i, row) in rows.iter().enumerate() {
                            C::store(to[lane].add(i * C::SIZE), (**row)[lane].into());
                        }
                    }
                }
                Found::Flow(flow) => return flow,
            }
        }
        Flow::Next
    }
}

/// A load of `vector` cells into rows of words `D`; `None` for vectors that PTX does not have.
pub(crate) fn load<C: Cell, D: Word>(vector: usize) -> Option<Body> {
    Some(match vector {
        1 => body::<Load<C, D, 1>>(),
        2 => body::<Load<C, D, 2>>(),
        4 => body::<Load<C, D, 4>>(),
        _ => return None,
    })
}

/// A store of `vector` cells from rows of words `D`.
pub(crate) fn store<C: Cell, D: Word>(vector: usize) -> Option<Body> {
    Some(match vector {
        1 => body::<Store<C, D, 1>>(),
        2 => body::<Store<C, D, 2>>(),
        4 => body::<Store<C, D, 4>>(),
        _ => return None,
    })
}

/// A parameter at a place known when the kernel was lowered: the same for all lanes. `imm` is where.
struct Parameter<C, D>(PhantomData<(C, D)>);

impl<C: Cell, D: Word> Run for Parameter<C, D> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let mut bytes = 0_u64;
        // SAFETY: lowering checked that the range lies within the parameters; `bytes` is eight bytes long and aligned to them.
        let value = unsafe {
            let from = cx.params.as_ptr().cast::<u8>().add(ins.imm as usize);
            std::ptr::copy_nonoverlapping(from, (&raw mut bytes).cast(), C::SIZE);
            C::load((&raw mut bytes).cast())
        };
        // SAFETY: lowering gave the instruction a row of this width.
        unsafe { cx.write(ins.d, &[D::from_u64(value); LANES], mask) };
        Flow::Next
    }
}

/// `ld.param` of a kernel. The range must lie within the parameters.
pub(crate) fn parameter<C: Cell, D: Word>() -> Body {
    body::<Parameter<C, D>>()
}
