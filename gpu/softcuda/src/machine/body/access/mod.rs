//! Loads and stores (PTX ISA, `ld`, `st`), of all spaces, widths and vectors.
//!
//! Fields of the instruction: `a` the row of addresses, `imm` a packed [`Reach`] and what to add; `d`, `b`, `c`, `e` the rows of the values.

//!
//! `reach`: where addresses count; `addresses`: those of all lanes; `locate`: the host's memory, by space: `global`, `block`; `refuse`:
//! what cannot be; `observe`: what observers are told; `cell`: loads and stores of the host.

mod addresses;
mod block;
mod cell;
mod global;
mod locate;
mod observe;
mod reach;
mod refuse;

pub(crate) use cell::Cell;
pub(crate) use global::read_only;
pub(crate) use locate::locate;
pub(crate) use observe::observe;
pub(crate) use reach::Reach;
pub(crate) use refuse::wild;

use super::super::context::Context;
use super::super::instruction::{Body, FULL, Flow, Instruction, LANES};
use super::super::lane::Word;
use super::super::level::{Run, body};
use super::super::observe::AccessKind;
use std::marker::PhantomData;

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
