//! Loads and stores (PTX ISA, `ld`, `st`), of all spaces, widths and vectors.
//!
//! Fields of the instruction: `a` the row of addresses, `imm` what to add; `d`, `b`, `c`, `e` the rows of the values.

use super::super::context::Context;
use super::super::error::{Fault, Near};
use super::super::instruction::{Body, FULL, Flow, Instruction, LANES};
use super::super::lane::Word;
use super::super::level::{Run, body};
use super::super::observe::{Access, AccessKind};
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

/// A space, as a type.
pub(crate) trait In: 'static {
    const SPACE: Space;
}

macro_rules! spaces {
    ($($name:ident),*) => {$(
        pub(crate) struct $name;
        impl In for $name {
            const SPACE: Space = Space::$name;
        }
    )*};
}

spaces!(Generic, Global, Shared, Local);

/// The addresses of the lanes: row `a` and the offset.
#[inline(always)]
unsafe fn addresses<A: Word>(cx: &Context<'_>, ins: &Instruction) -> [u64; LANES] {
    // SAFETY: lowering gave the instruction a row of this width.
    let row = unsafe { &*cx.row::<A>(ins.a) };
    let mut out = [0; LANES];
    for i in 0..LANES {
        out[i] = row[i].into().wrapping_add(ins.imm);
    }
    out
}

/// The lowest and highest address of the lanes, and all bits that are set in any.
#[inline(always)]
fn extent(at: &[u64; LANES], mask: u32) -> (u64, u64, u64) {
    let (mut low, mut high, mut bits) = (u64::MAX, 0, 0);
    if mask == FULL {
        for &address in at {
            low = low.min(address);
            high = high.max(address);
            bits |= address;
        }
    } else {
        for (lane, &address) in at.iter().enumerate() {
            if mask & (1 << lane) != 0 {
                low = low.min(address);
                high = high.max(address);
                bits |= address;
            }
        }
    }
    (low, high, bits)
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
fn outside(cx: &mut Context<'_>, mask: u32, at: &[u64; LANES], size: u32, space: Space, len: u64) -> Flow {
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
    mask: u32,
    at: &[u64; LANES],
    size: u32,
    kind: AccessKind,
    space: Space,
) {
    let pc = cx.index(ins) as u32;
    let (line, strong) = (cx.program.line(pc), cx.program.strong(pc));
    let (block, warp) = (cx.block, cx.warp);
    if let Some(observer) = cx.observer.as_deref_mut() {
        observer.access(&Access {
            kind,
            space,
            pc,
            line,
            block,
            warp,
            mask,
            addresses: at,
            size,
            strong,
        });
    }
}

/// Finds the memory of an access and hands each lane's pointer on.
///
/// # Safety
/// As [`Run::run`]; `each` is called with pointers that are valid for `size` bytes.
#[inline(always)]
unsafe fn visit<S: In, A: Word>(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    size: usize,
    kind: AccessKind,
    mut each: impl FnMut(&mut Context<'_>, usize, *mut u8),
) -> Flow {
    // SAFETY: the caller's promise.
    let at = unsafe { addresses::<A>(cx, ins) };
    match S::SPACE {
        Space::Shared => shared(cx, ins, mask, &at, size, kind, &mut each),
        Space::Local => local(cx, ins, mask, &at, size, kind, &mut each),
        Space::Generic => {
            let (low, high, _) = extent(&at, mask);
            let (one, other) = (Space::of(low), Space::of(high));
            if mask == 0 {
                Flow::Next
            } else if one == Space::Global && other == Space::Global && high < SHARED_BASE {
                global(cx, ins, mask, &at, size, kind, &mut each)
            } else {
                generic(cx, ins, mask, &at, size, kind, &mut each)
            }
        }
        _ => global(cx, ins, mask, &at, size, kind, &mut each),
    }
}

/// Lanes in more than one space, or none in global memory: one space after another.
#[inline(never)]
fn generic(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    at: &[u64; LANES],
    size: usize,
    kind: AccessKind,
    each: &mut impl FnMut(&mut Context<'_>, usize, *mut u8),
) -> Flow {
    let mut left = mask;
    while left != 0 {
        let space = Space::of(at[left.trailing_zeros() as usize]);
        let mut part = 0;
        for (lane, &address) in at.iter().enumerate() {
            part |= u32::from(Space::of(address) == space) << lane;
        }
        part &= left;
        left &= !part;
        let less = |base: u64| at.map(|address| address.wrapping_sub(base));
        let flow = match space {
            Space::Shared => shared(cx, ins, part, &less(SHARED_BASE), size, kind, each),
            Space::Local => local(cx, ins, part, &less(LOCAL_BASE), size, kind, each),
            Space::Param => param(cx, part, &less(PARAM_BASE), size, kind, each),
            _ => global(cx, ins, part, at, size, kind, each),
        };
        if flow == Flow::Fault {
            return flow;
        }
    }
    Flow::Next
}

#[inline(always)]
fn global(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    at: &[u64; LANES],
    size: usize,
    kind: AccessKind,
    each: &mut impl FnMut(&mut Context<'_>, usize, *mut u8),
) -> Flow {
    let wide = size as u64;
    if mask == FULL {
        // Side by side: the most frequent case by far.
        let start = at[0];
        let mut apart = 0;
        for (i, &address) in at.iter().enumerate() {
            apart |= address ^ start.wrapping_add(i as u64 * wide);
        }
        if apart == 0 && start % wide == 0 {
            let all = wide * LANES as u64;
            if let Some(bytes) = cx.find(ins, start, all) {
                if kind != AccessKind::Load && read_only(cx, ins) {
                    return cx.fail(0, Fault::ReadOnly { address: start, size: size as u32 });
                }
                cx.count(ins).sectors += ((start + all - 1) >> 5) - (start >> 5) + 1;
                if cx.observer.is_some() {
                    observe(cx, ins, mask, at, size as u32, kind, Space::Global);
                }
                for i in 0..LANES {
                    // SAFETY: the allocation holds all lanes' bytes.
                    each(cx, i, unsafe { bytes.add(i * size) });
                }
                return Flow::Next;
            }
        }
    }
    scattered(cx, ins, mask, at, size, kind, each)
}

#[inline(always)]
fn scattered(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    at: &[u64; LANES],
    size: usize,
    kind: AccessKind,
    each: &mut impl FnMut(&mut Context<'_>, usize, *mut u8),
) -> Flow {
    if mask == 0 {
        return Flow::Next;
    }
    let wide = size as u64;
    let (low, high, bits) = extent(at, mask);
    if bits & (wide - 1) != 0 {
        return misaligned(cx, mask, at, size as u32, Space::Global);
    }
    cx.count(ins).sectors += u64::from(traffic::sectors(at, mask));
    let whole = (high - low).checked_add(wide).and_then(|len| cx.find(ins, low, len));
    if let Some(bytes) = whole {
        if kind != AccessKind::Load && read_only(cx, ins) {
            return cx.fail(mask.trailing_zeros(), Fault::ReadOnly { address: low, size: size as u32 });
        }
        if cx.observer.is_some() {
            observe(cx, ins, mask, at, size as u32, kind, Space::Global);
        }
        if mask == FULL {
            for (lane, &address) in at.iter().enumerate() {
                // SAFETY: the allocation holds everything from the lowest address to the highest.
                each(cx, lane, unsafe { bytes.add((address - low) as usize) });
            }
        } else {
            let mut left = mask;
            while left != 0 {
                let lane = left.trailing_zeros() as usize;
                left &= left - 1;
                // SAFETY: the allocation holds everything from the lowest address to the highest.
                each(cx, lane, unsafe { bytes.add((at[lane] - low) as usize) });
            }
        }
        return Flow::Next;
    }
    // Check all before any is touched.
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        if cx.find(ins, at[lane], wide).is_none() {
            return wild(cx, lane as u32, at[lane], size as u32);
        }
        if kind != AccessKind::Load && read_only(cx, ins) {
            return cx.fail(lane as u32, Fault::ReadOnly { address: at[lane], size: size as u32 });
        }
    }
    if cx.observer.is_some() {
        observe(cx, ins, mask, at, size as u32, kind, Space::Global);
    }
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        if let Some(bytes) = cx.find(ins, at[lane], wide) {
            each(cx, lane, bytes);
        }
    }
    Flow::Next
}

/// Whether what the instruction found last must not be written.
#[inline(always)]
pub(crate) fn read_only(cx: &Context<'_>, ins: &Instruction) -> bool {
    // SAFETY: there is one for each instruction.
    unsafe { !(*cx.cache.add(cx.index(ins))).writable }
}

#[inline(always)]
fn shared(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    at: &[u64; LANES],
    size: usize,
    kind: AccessKind,
    each: &mut impl FnMut(&mut Context<'_>, usize, *mut u8),
) -> Flow {
    if mask == 0 {
        return Flow::Next;
    }
    let (_, high, bits) = extent(at, mask);
    if bits & (size as u64 - 1) != 0 {
        return misaligned(cx, mask, at, size as u32, Space::Shared);
    }
    let len = u64::from(cx.shared_len);
    if high >= len || len - high < size as u64 {
        return outside(cx, mask, at, size as u32, Space::Shared, len);
    }
    let mut short = [0_u32; LANES];
    for i in 0..LANES {
        short[i] = at[i] as u32;
    }
    cx.count(ins).passes += u64::from(traffic::passes(&short, mask, size as u32));
    if cx.observer.is_some() {
        observe(cx, ins, mask, at, size as u32, kind, Space::Shared);
    }
    let bytes = cx.shared;
    if mask == FULL {
        for (lane, &address) in short.iter().enumerate() {
            // SAFETY: just checked.
            each(cx, lane, unsafe { bytes.add(address as usize) });
        }
    } else {
        let mut left = mask;
        while left != 0 {
            let lane = left.trailing_zeros() as usize;
            left &= left - 1;
            // SAFETY: just checked.
            each(cx, lane, unsafe { bytes.add(short[lane] as usize) });
        }
    }
    Flow::Next
}

#[inline(always)]
fn local(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    at: &[u64; LANES],
    size: usize,
    kind: AccessKind,
    each: &mut impl FnMut(&mut Context<'_>, usize, *mut u8),
) -> Flow {
    if mask == 0 {
        return Flow::Next;
    }
    let (_, high, bits) = extent(at, mask);
    if bits & (size as u64 - 1) != 0 {
        return misaligned(cx, mask, at, size as u32, Space::Local);
    }
    let len = u64::from(cx.local_len);
    if high >= len || len - high < size as u64 {
        return outside(cx, mask, at, size as u32, Space::Local, len);
    }
    if cx.observer.is_some() {
        observe(cx, ins, mask, at, size as u32, kind, Space::Local);
    }
    let bytes = cx.local;
    for lane in 0..LANES {
        if mask & (1 << lane) != 0 {
            // SAFETY: just checked; each lane has its own `local_len` bytes.
            each(cx, lane, unsafe { bytes.add(lane * len as usize + at[lane] as usize) });
        }
    }
    Flow::Next
}

/// The kernel's parameters, through their window.
#[inline(never)]
fn param(
    cx: &mut Context<'_>,
    mask: u32,
    at: &[u64; LANES],
    size: usize,
    kind: AccessKind,
    each: &mut impl FnMut(&mut Context<'_>, usize, *mut u8),
) -> Flow {
    let lane = mask.trailing_zeros();
    if kind != AccessKind::Load {
        return cx.fail(lane, Fault::Misuse("write to a kernel's parameters"));
    }
    let len = cx.params.len() as u64;
    let wide = size as u64;
    if first(mask, at, |address| address % wide != 0).is_some() {
        return misaligned(cx, mask, at, size as u32, Space::Param);
    }
    if first(mask, at, |address| address > len || len - address < wide).is_some() {
        return outside(cx, mask, at, size as u32, Space::Param, len);
    }
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        // A copy, aligned: the parameters themselves are a shared slice of bytes.
        let mut bytes = [0_u128; 2];
        let from = at[lane] as usize;
        // SAFETY: plain bytes, 32 of them.
        let copy: &mut [u8; 32] = unsafe { &mut *bytes.as_mut_ptr().cast() };
        copy[..size].copy_from_slice(&cx.params[from..from + size]);
        each(cx, lane, bytes.as_mut_ptr().cast());
    }
    Flow::Next
}

struct Load<S, A, C, D, const V: usize>(PhantomData<(S, A, C, D)>);

impl<S: In, A: Word, C: Cell, D: Word, const V: usize> Run for Load<S, A, C, D, V> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let mut out = [[D::default(); LANES]; V];
        // SAFETY: the caller's promise; pointers are good for V cells.
        let flow = unsafe {
            visit::<S, A>(cx, ins, mask, C::SIZE * V, AccessKind::Load, |_, lane, from| {
                for (i, row) in out.iter_mut().enumerate() {
                    row[lane] = D::from_u64(C::load(from.add(i * C::SIZE)));
                }
            })
        };
        if flow == Flow::Next {
            for (row, unit) in out.iter().zip([ins.d, ins.b, ins.c, ins.e]) {
                // SAFETY: lowering gave the instruction rows of this width.
                unsafe { cx.write(unit, row, mask) };
            }
        }
        flow
    }
}

struct Store<S, A, C, D, const V: usize>(PhantomData<(S, A, C, D)>);

impl<S: In, A: Word, C: Cell, D: Word, const V: usize> Run for Store<S, A, C, D, V> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let units = [ins.d, ins.b, ins.c, ins.e];
        // SAFETY: lowering gave the instruction rows of this width; pointers are good for V cells.
        unsafe {
            let rows: [*const [D; LANES]; V] = std::array::from_fn(|i| cx.row::<D>(units[i]).cast_const());
            visit::<S, A>(cx, ins, mask, C::SIZE * V, AccessKind::Store, |_, lane, to| {
                for (i, row) in rows.iter().enumerate() {
                    C::store(to.add(i * C::SIZE), (**row)[lane].into());
                }
            })
        }
    }
}

/// A load of `V` cells into rows of words `D`; `None` for vectors that PTX does not have.
pub(crate) fn load<S: In, A: Word, C: Cell, D: Word>(vector: usize) -> Option<Body> {
    Some(match vector {
        1 => body::<Load<S, A, C, D, 1>>(),
        2 => body::<Load<S, A, C, D, 2>>(),
        4 => body::<Load<S, A, C, D, 4>>(),
        _ => return None,
    })
}

/// A store of `V` cells from rows of words `D`.
pub(crate) fn store<S: In, A: Word, C: Cell, D: Word>(vector: usize) -> Option<Body> {
    Some(match vector {
        1 => body::<Store<S, A, C, D, 1>>(),
        2 => body::<Store<S, A, C, D, 2>>(),
        4 => body::<Store<S, A, C, D, 4>>(),
        _ => return None,
    })
}

/// A parameter at a place known when the kernel was lowered: the same for all lanes. `imm` is where.
struct Parameter<C, D>(PhantomData<(C, D)>);

impl<C: Cell, D: Word> Run for Parameter<C, D> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let mut bytes = 0_u64;
        let from = &cx.params[ins.imm as usize..][..C::SIZE];
        // SAFETY: `bytes` is eight bytes long and aligned to them.
        let value = unsafe {
            std::ptr::copy_nonoverlapping(from.as_ptr(), (&raw mut bytes).cast(), C::SIZE);
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
