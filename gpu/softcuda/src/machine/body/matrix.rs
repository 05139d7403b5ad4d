//! Matrix instructions of a warp (PTX ISA, "Warp-Level Matrix Instructions"): `ldmatrix`, `stmatrix`, `mma`, `wmma`.
//!
//! Products are exact and sums are kept in double precision, rounded once at the end: at least as exact as the hardware, whose order of
//! summation is not stated. Integer sums wrap.
//!
//! How `wmma` spreads a matrix over lanes is unspecified; here element `i` of a row-major list is in lane `i / 2 % 32`, pair by pair, and
//! what lanes hold twice is repeated.

use super::super::context::Context;
use super::super::error::{Fault, Near};
use super::super::instruction::{Body, FULL, Flow, Instruction, LANES};
use super::super::level::{Run, body};
use super::super::observe::AccessKind;
use super::access::{Wanted, observe, wild};
use super::half::{Bf16, F16, Small};
use super::traffic;
use super::vote::gather;
use crate::memory::{SHARED_BASE, Space};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering::Relaxed};

/// What elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F16,
    Bf16,
    Tf32,
    F32,
    F64,
    S8,
    U8,
    S32,
}

const ELEMENTS: [Element; 8] = [
    Element::F16,
    Element::Bf16,
    Element::Tf32,
    Element::F32,
    Element::F64,
    Element::S8,
    Element::U8,
    Element::S32,
];

impl Element {
    /// By its name in opcodes.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "f16" => Self::F16,
            "bf16" => Self::Bf16,
            "tf32" => Self::Tf32,
            "f32" => Self::F32,
            "f64" => Self::F64,
            "s8" => Self::S8,
            "u8" => Self::U8,
            "s32" => Self::S32,
            _ => return None,
        })
    }

    /// Bits of an element.
    pub(crate) fn bits(self) -> usize {
        match self {
            Self::S8 | Self::U8 => 8,
            Self::F16 | Self::Bf16 => 16,
            Self::Tf32 | Self::F32 | Self::S32 => 32,
            Self::F64 => 64,
        }
    }

    fn value(self, bits: u64) -> f64 {
        match self {
            Self::F16 => F16(bits as u16).wide().into(),
            Self::Bf16 => Bf16(bits as u16).wide().into(),
            // The low 13 bits of a tf32 are ignored.
            Self::Tf32 => f32::from_bits(bits as u32 & 0xffff_e000).into(),
            Self::F32 => f32::from_bits(bits as u32).into(),
            Self::F64 => f64::from_bits(bits),
            Self::S8 => (bits as i8).into(),
            Self::U8 => (bits as u8).into(),
            Self::S32 => (bits as i32).into(),
        }
    }

    fn bits_of(self, value: f64, satfinite: bool) -> u64 {
        match self {
            Self::F16 => super::round::narrow_near(value, super::round::Format::F16).into(),
            Self::F64 => value.to_bits(),
            Self::S32 if satfinite => (value as i32 as u32).into(),
            // Sums of products of bytes are exact in double precision.
            Self::S32 => (value as i64 as u32).into(),
            _ => (value as f32).to_bits().into(),
        }
    }
}

/// A product: `d = a * b + c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: Element,
    pub b: Element,
    pub c: Element,
    pub d: Element,
    pub satfinite: bool,
    /// The layouts of `wmma`, not of `mma`.
    pub wmma: bool,
}

/// A matrix that the lanes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub rows: usize,
    pub columns: usize,
    pub element: Element,
    /// 32-bit (or, of f64, 64-bit) registers of a lane.
    pub registers: usize,
}

fn element(number: u64) -> Element {
    ELEMENTS.get(number as usize & 15).copied().unwrap_or(Element::F32)
}

fn number(element: Element) -> u64 {
    ELEMENTS.iter().position(|&e| e == element).unwrap_or(0) as u64
}

impl Product {
    /// As an instruction's immediate, with the start of its list of operands.
    pub(crate) fn pack(self, list: u32) -> u64 {
        u64::from(list) << 32
            | (self.m as u64 / 4)
            | (self.n as u64 / 4) << 4
            | (self.k as u64 / 4) << 8
            | number(self.a) << 14
            | number(self.b) << 17
            | number(self.c) << 20
            | number(self.d) << 23
            | u64::from(self.satfinite) << 26
            | u64::from(self.wmma) << 27
    }

    fn unpack(bits: u64) -> Self {
        Self {
            m: (bits & 15) as usize * 4,
            n: (bits >> 4 & 15) as usize * 4,
            k: (bits >> 8 & 63) as usize * 4,
            a: element(bits >> 14 & 7),
            b: element(bits >> 17 & 7),
            c: element(bits >> 20 & 7),
            d: element(bits >> 23 & 7),
            satfinite: bits >> 26 & 1 != 0,
            wmma: bits >> 27 & 1 != 0,
        }
    }

    /// The matrices `d`, `a`, `b`, `c`, in the order of the operands.
    pub(crate) fn fragments(self) -> [Fragment; 4] {
        let Self { m, n, k, .. } = self;
        let fragment = |rows: usize, columns: usize, element: Element, operand: bool| {
            let registers = if self.wmma {
                wmma_registers(element, operand, rows * columns)
            } else {
                (rows * columns * element.bits().max(8)).div_ceil(LANES * element.bits().max(32))
            };
            Fragment { rows, columns, element, registers }
        };
        [
            fragment(m, n, self.d, false),
            fragment(m, k, self.a, true),
            fragment(k, n, self.b, true),
            fragment(m, n, self.c, false),
        ]
    }

    /// Floating-point operations of a lane.
    pub(crate) fn flops(self) -> u16 {
        (2 * self.m * self.n * self.k / LANES) as u16
    }
}

/// Registers of a fragment of `wmma` (PTX ISA, "Matrix Fragments for WMMA").
pub(crate) fn wmma_registers(element: Element, operand: bool, elements: usize) -> usize {
    match element {
        Element::F16 if operand => 8,
        Element::F16 => 4,
        _ => (elements * element.bits()).div_ceil(LANES * 32).max(1),
    }
}

/// Where `mma` keeps an element: register, place in it, lane (PTX ISA, "Matrix Fragments for mma").
fn mma_place(which: usize, row: usize, column: usize, element: Element) -> (usize, usize, usize) {
    let per = (32 / element.bits()).max(1);
    match which {
        // a: rows in two halves of 8, columns in groups of four lanes.
        1 => {
            let group = 4 * per;
            let lane = row % 8 * 4 + column % group / per;
            (row / 8 + column / group * 2, column % per, lane)
        }
        // b: the same with rows and columns exchanged, columns eight at most.
        2 => {
            let group = 4 * per;
            (row / group, row % per, column * 4 + row % group / per)
        }
        // c and d: two neighbouring columns a lane.
        _ => {
            let lane = row % 8 * 4 + column / 2;
            if element.bits() == 16 {
                (row / 8, column % 2, lane)
            } else {
                (row / 8 * 2 + column % 2, 0, lane)
            }
        }
    }
}

/// The same for `a` of eight rows (f64), whose only register holds all.
fn place(
    product: Product,
    which: usize,
    row: usize,
    column: usize,
    f: Fragment,
) -> (usize, usize, usize) {
    if product.wmma {
        return wmma_place(row * f.columns + column, f.element);
    }
    let (register, at, lane) = mma_place(which, row, column, f.element);
    if which == 1 && f.rows == 8 { (column / 4, at, lane) } else { (register, at, lane) }
}

fn wmma_place(index: usize, element: Element) -> (usize, usize, usize) {
    let per = (32 / element.bits()).max(1);
    (index / per / LANES, index % per, index / per % LANES)
}

/// # Safety
/// The list must name rows of the program's, as many as the fragment has registers.
unsafe fn read(
    cx: &Context<'_>,
    list: &[u16],
    product: Product,
    which: usize,
    f: Fragment,
) -> Vec<f64> {
    let bits = f.element.bits();
    let mut out = vec![0.0; f.rows * f.columns];
    for row in 0..f.rows {
        for column in 0..f.columns {
            let (register, at, lane) = place(product, which, row, column, f);
            let unit = list[register];
            // SAFETY: the caller's promise.
            let word = unsafe {
                if bits == 64 {
                    (*cx.row::<u64>(unit))[lane]
                } else {
                    u64::from((*cx.row::<u32>(unit))[lane] >> (at * bits))
                }
            };
            out[row * f.columns + column] = f.element.value(word);
        }
    }
    out
}

struct Mma;

impl Run for Mma {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering made the list of operands for this product.
        unsafe {
            if let Err(flow) = all(cx, ins, mask) {
                return flow;
            }
            mma(cx, ins)
        }
    }
}

/// All lanes must run a matrix instruction together.
///
/// # Safety
/// As for [`gather`].
unsafe fn all(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Result<(), Flow> {
    // SAFETY: the caller's promise.
    unsafe { gather(cx, ins, mask) }?;
    if mask != FULL {
        return Err(
            cx.fail(0, Fault::Misuse("a matrix instruction needs all 32 lanes of the warp"))
        );
    }
    Ok(())
}

/// # Safety
/// The instruction's list must name rows for all fragments.
#[inline(always)]
unsafe fn mma(cx: &mut Context<'_>, ins: &Instruction) -> Flow {
    let product = Product::unpack(ins.imm);
    let list = &cx.program.operands[(ins.imm >> 32) as usize..];
    let [fd, fa, fb, fc] = product.fragments();
    let (d, list) = list.split_at(fd.registers);
    let (a, list) = list.split_at(fa.registers);
    let (b, list) = list.split_at(fb.registers);
    // SAFETY: the caller's promise.
    let (a, b, mut sum) = unsafe {
        (read(cx, a, product, 1, fa), read(cx, b, product, 2, fb), read(cx, list, product, 3, fc))
    };
    let Product { m, n, k, .. } = product;
    for i in 0..m {
        let row = &mut sum[i * n..][..n];
        for l in 0..k {
            let x = a[i * k + l];
            for (s, y) in row.iter_mut().zip(&b[l * n..][..n]) {
                *s += x * y;
            }
        }
    }
    let bits = fd.element.bits();
    for row in 0..m {
        for column in 0..n {
            let (register, at, lane) = place(product, 0, row, column, fd);
            let value = fd.element.bits_of(sum[row * n + column], product.satfinite);
            let unit = d[register];
            // SAFETY: the caller's promise.
            unsafe {
                if bits == 64 {
                    (*cx.row::<u64>(unit))[lane] = value;
                } else {
                    let word = &mut (*cx.row::<u32>(unit))[lane];
                    let ones = if bits == 32 { u32::MAX } else { 0xffff };
                    *word = *word & !(ones << (at * bits)) | (value as u32) << (at * bits);
                }
            }
        }
    }
    Flow::Next
}

/// `mma.sync`, `wmma.mma`: the immediate is a packed [`Product`].
pub(crate) fn product() -> Body {
    body::<Mma>()
}

/// What `ldmatrix` and `stmatrix` move, and how: the low bits of `imm`; the upper half is the start of the list of registers.
pub(crate) mod tiles {
    /// How many matrices: 1, 2 or 4.
    pub(crate) const COUNT: u64 = 7;
    pub(crate) const TRANSPOSED: u64 = 1 << 3;
    /// The address has 64 bits.
    pub(crate) const WIDE: u64 = 1 << 4;
}

/// The places in shared memory of the rows of `ldmatrix` and `stmatrix`.
///
/// # Safety
/// `a` must be a row of the width that `imm` says.
unsafe fn tile_rows(
    cx: &mut Context<'_>,
    ins: &Instruction,
    kind: AccessKind,
) -> Result<[u32; LANES], Flow> {
    let lanes = (ins.imm & tiles::COUNT) as usize * 8;
    // SAFETY: the caller's promise.
    let at = unsafe {
        if ins.imm & tiles::WIDE != 0 {
            cx.read::<u64>(ins.a)
        } else {
            cx.read::<u32>(ins.a).map(u64::from)
        }
    };
    let mut rows = [0; LANES];
    let mut low = [0; LANES];
    let len = u64::from(cx.shared_len);
    for lane in 0..lanes {
        let address = at[lane];
        let address = if address >= SHARED_BASE { address - SHARED_BASE } else { address };
        let (space, size) = (Space::Shared, 16);
        if address % 16 != 0 {
            return Err(cx.fail(lane as u32, Fault::Misaligned { space, address, size, align: 16 }));
        }
        if address > len || len - address < 16 {
            let near = Near::Size(len);
            return Err(cx.fail(lane as u32, Fault::OutOfBounds { space, address, size, near }));
        }
        rows[lane] = address as u32;
        low[lane] = address;
    }
    let mask = ((1_u64 << lanes) - 1) as u32;
    let passes = traffic::passes(&rows, 0, u32::MAX, mask, 16);
    cx.count(ins).passes += u64::from(passes);
    if cx.observer.is_some() {
        observe(cx, ins, Wanted { mask, size: 16, kind, stored: None }, &low, Space::Shared);
    }
    Ok(rows)
}

struct LoadTiles;

impl Run for LoadTiles {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction a list of rows, and `a` as `imm` says.
        unsafe {
            if let Err(flow) = all(cx, ins, mask) {
                return flow;
            }
            let rows = match tile_rows(cx, ins, AccessKind::Load) {
                Ok(rows) => rows,
                Err(flow) => return flow,
            };
            let list = &cx.program.operands[(ins.imm >> 32) as usize..];
            for (i, &unit) in list.iter().enumerate().take((ins.imm & tiles::COUNT) as usize) {
                let mut out = [0; LANES];
                for (lane, word) in out.iter_mut().enumerate() {
                    let (one, pair) = (lane / 4, lane % 4 * 2);
                    let get = |row: usize, column: usize| {
                        let at = rows[i * 8 + row] as usize + column * 2;
                        u32::from(cx.shared.add(at).cast::<u16>().read())
                    };
                    *word = if ins.imm & tiles::TRANSPOSED != 0 {
                        get(pair, one) | get(pair + 1, one) << 16
                    } else {
                        get(one, pair) | get(one, pair + 1) << 16
                    };
                }
                cx.write(unit, &out, FULL);
            }
        }
        Flow::Next
    }
}

/// `ldmatrix`
pub(crate) fn load_tiles() -> Body {
    body::<LoadTiles>()
}

struct StoreTiles;

impl Run for StoreTiles {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction a list of rows, and `a` as `imm` says.
        unsafe {
            if let Err(flow) = all(cx, ins, mask) {
                return flow;
            }
            let rows = match tile_rows(cx, ins, AccessKind::Store) {
                Ok(rows) => rows,
                Err(flow) => return flow,
            };
            let list = &cx.program.operands[(ins.imm >> 32) as usize..];
            for (i, &unit) in list.iter().enumerate().take((ins.imm & tiles::COUNT) as usize) {
                let words = cx.read::<u32>(unit);
                for (lane, &word) in words.iter().enumerate() {
                    let (one, pair) = (lane / 4, lane % 4 * 2);
                    for half in 0..2 {
                        let (row, column) = if ins.imm & tiles::TRANSPOSED != 0 {
                            (pair + half, one)
                        } else {
                            (one, pair + half)
                        };
                        let at = rows[i * 8 + row] as usize + column * 2;
                        cx.shared.add(at).cast::<u16>().write((word >> (16 * half)) as u16);
                    }
                }
            }
        }
        Flow::Next
    }
}

/// `stmatrix`
pub(crate) fn store_tiles() -> Body {
    body::<StoreTiles>()
}

/// A transfer of `wmma`: rows and columns (6 bits each), element (3), column-major (1), operand fragment (1), shared space (1),
/// store (1); the upper half is the start of the list of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub rows: usize,
    pub columns: usize,
    pub element: Element,
    pub column_major: bool,
    pub registers: usize,
    pub shared: bool,
    pub store: bool,
}

impl Transfer {
    pub(crate) fn pack(self, list: u32) -> u64 {
        u64::from(list) << 32
            | self.rows as u64
            | (self.columns as u64) << 6
            | number(self.element) << 12
            | u64::from(self.column_major) << 15
            | u64::from(self.shared) << 16
            | u64::from(self.store) << 17
            | (self.registers as u64) << 20
    }

    fn unpack(bits: u64) -> Self {
        Self {
            rows: (bits & 63) as usize,
            columns: (bits >> 6 & 63) as usize,
            element: element(bits >> 12 & 7),
            column_major: bits >> 15 & 1 != 0,
            shared: bits >> 16 & 1 != 0,
            store: bits >> 17 & 1 != 0,
            registers: (bits >> 20 & 63) as usize,
        }
    }
}

struct Wmma;

impl Run for Wmma {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering made the list of operands for this transfer; `a` is a row of 64 bits, `b` one of 32.
        unsafe {
            if let Err(flow) = all(cx, ins, mask) {
                return flow;
            }
            transfer(cx, ins)
        }
    }
}

/// # Safety
/// `a` must be a row of 64 bits, `b` one of 32, the list as long as the transfer has registers.
#[inline(never)]
unsafe fn transfer(cx: &mut Context<'_>, ins: &Instruction) -> Flow {
    let t = Transfer::unpack(ins.imm);
    // SAFETY: the caller's promise.
    let (base, stride) = unsafe { ((*cx.row::<u64>(ins.a))[0], (*cx.row::<u32>(ins.b))[0]) };
    let size = (t.element.bits() / 8) as u64;
    let shared = t.shared || Space::of(base) == Space::Shared;
    let base = if shared && base >= SHARED_BASE { base - SHARED_BASE } else { base };
    let (lines, length) = if t.column_major { (t.columns, t.rows) } else { (t.rows, t.columns) };
    let (space, short) = (if shared { Space::Shared } else { Space::Global }, size as u32);
    if base % size != 0 {
        return cx.fail(0, Fault::Misaligned { space, address: base, size: short, align: short });
    }
    let mut starts = [std::ptr::null_mut::<u8>(); 64];
    let mut last = u64::MAX;
    for (line, start) in starts.iter_mut().enumerate().take(lines) {
        let address = base.wrapping_add(line as u64 * u64::from(stride) * size);
        let bytes = length as u64 * size;
        *start = if shared {
            let len = u64::from(cx.shared_len);
            if address > len || len - address < bytes {
                let (near, size) = (Near::Size(len), bytes as u32);
                return cx.fail(0, Fault::OutOfBounds { space, address, size, near });
            }
            cx.count(ins).passes += bytes.div_ceil(128);
            // SAFETY: just checked.
            unsafe { cx.shared.add(address as usize) }
        } else {
            let (first, end) = (address >> 5, (address + bytes - 1) >> 5);
            cx.count(ins).sectors += end - first + 1 - u64::from(first == last);
            last = end;
            match cx.find(ins, address, bytes) {
                Some(_) if t.store && super::access::read_only(cx, ins) => {
                    return cx.fail(0, Fault::ReadOnly { address, size: bytes as u32 });
                }
                Some(bytes) => bytes,
                None => return wild(cx, 0, address, bytes as u32),
            }
        };
        if cx.observer.is_some() {
            let mut at = [0; LANES];
            let lanes = length.min(LANES);
            for (i, at) in at.iter_mut().enumerate() {
                *at = address + i as u64 * size;
            }
            let mask = ((1_u64 << lanes) - 1) as u32;
            let kind = if t.store { AccessKind::Store } else { AccessKind::Load };
            observe(cx, ins, Wanted { mask, size: size as usize, kind, stored: None }, &at, space);
        }
    }
    let list = &cx.program.operands[(ins.imm >> 32) as usize..][..t.registers];
    let elements = t.rows * t.columns;
    let per = (32 / t.element.bits()).max(1);
    for (register, &unit) in list.iter().enumerate() {
        // SAFETY: the caller's promise.
        let row = unsafe { &mut *cx.row::<u32>(unit) };
        for (lane, word) in row.iter_mut().enumerate() {
            let mut value = 0;
            for at in 0..per {
                // What the registers hold beyond the matrix repeats it.
                let index = ((register * LANES + lane) * per + at) % elements;
                let (i, j) = (index / t.columns, index % t.columns);
                let (line, place) = if t.column_major { (j, i) } else { (i, j) };
                // SAFETY: within the line, checked above; elements are aligned since the base is.
                unsafe {
                    let cell = starts[line].add(place * size as usize);
                    if t.store {
                        let bits = *word >> (at * t.element.bits());
                        if size == 2 {
                            AtomicU16::from_ptr(cell.cast()).store(bits as u16, Relaxed);
                        } else {
                            AtomicU32::from_ptr(cell.cast()).store(bits, Relaxed);
                        }
                    } else if size == 2 {
                        let bits = AtomicU16::from_ptr(cell.cast()).load(Relaxed);
                        value |= u32::from(bits) << (at * 16);
                    } else {
                        value = AtomicU32::from_ptr(cell.cast()).load(Relaxed);
                    }
                }
            }
            if !t.store {
                *word = value;
            }
        }
    }
    Flow::Next
}

/// `wmma.load`, `wmma.store`: the immediate is a packed [`Transfer`].
pub(crate) fn transfers() -> Body {
    body::<Wmma>()
}
