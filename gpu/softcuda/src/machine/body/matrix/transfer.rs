//! Matrices between memory and registers: `wmma.load`, `wmma.store`.

use super::super::super::context::Context;
use super::super::super::error::{Fault, Near};
use super::super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::super::level::{Run, body};
use super::super::super::observe::AccessKind;
use super::super::access::{Wanted, observe, read_only, wild};
use super::all;
use super::element::{Element, element, number};
use crate::memory::{SHARED_BASE, Space};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering::Relaxed};

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
                Some(_) if t.store && read_only(cx, ins) => {
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
