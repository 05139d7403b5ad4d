//! Accesses told to an observer.

use super::super::super::context::Context;
use super::super::super::instruction::{Instruction, LANES};
use super::super::super::observe::{Access, Values};
use super::{Stored, Wanted};
use crate::memory::Space;

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
