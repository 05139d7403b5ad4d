//! Tiles between shared memory and registers: `ldmatrix`, `stmatrix`.

use super::super::super::context::Context;
use super::super::super::error::{Fault, Near};
use super::super::super::instruction::{Body, FULL, Flow, Instruction, LANES};
use super::super::super::level::{Run, body};
use super::super::super::observe::AccessKind;
use super::super::access::{Wanted, observe};
use super::super::traffic;
use super::all;
use crate::memory::{SHARED_BASE, Space};

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
