//! Where lanes keep the elements of a matrix.

use super::super::super::context::Context;
use super::super::super::instruction::LANES;
use super::element::Element;
use super::product::{Fragment, Product};

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
pub(super) fn place(
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
pub(super) unsafe fn read(
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
