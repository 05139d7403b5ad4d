//! Products: `mma.sync`, `wmma.mma`.

use super::super::super::context::Context;
use super::super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::super::level::{Run, body};
use super::all;
use super::element::{Element, element, number};
use super::fragment::{place, read};

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
