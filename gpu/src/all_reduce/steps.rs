//! The steps of each variant. A device only ever writes its own memory, in its own stream: what it reads of others it waits for.

use super::communicator::{Communicator, Rank};
use crate::driver;
use crate::error::Result;
use crate::files;
use crate::launch::{Arg, Kernel, Shape, blocks};
use crate::view::{View, ViewMut};
use std::ops::Range;

/// Elements of a chunk, of so many.
fn chunk(index: usize, chunks: usize, n: usize) -> Range<usize> {
    let each = n.div_ceil(chunks);
    (index * each).min(n)..((index + 1) * each).min(n)
}

/// What a kernel of all-reduce takes besides its length.
fn launch(rank: &Rank, name: &'static str, buffers: &[Arg], n: usize) -> Result<()> {
    if n == 0 {
        return Ok(());
    }
    let kernel = Kernel { file: files::ALL_REDUCE, name };
    let grid = blocks(n, 4 * 256).min(rank.gpu.busy_blocks());
    let mut args = buffers.to_vec();
    args.push(Arg::from(n as i64));
    kernel.launch(&rank.gpu, Shape::line(grid, 256), &args)
}

/// Copies elements of another device in the stream of this one.
fn pull(rank: &Rank, to: u64, from_rank: &Rank, from: &View<'_, f32>) -> Result<()> {
    let context = rank.gpu.context();
    context.enter()?;
    driver::copy_peer_async(
        (to, context.raw()),
        (from.as_raw(), from_rank.gpu.context().raw()),
        4 * from.len() as u64,
        rank.gpu.stream().raw,
    )
}

impl Communicator {
    pub(super) fn ring(&mut self, buffers: &mut [ViewMut<'_, f32>], n: usize) -> Result<()> {
        let count = self.ranks.len();
        // Sums go round until each device has a chunk of the whole sum, then these go round.
        for step in 0..2 * (count - 1) {
            let adding = step < count - 1;
            let before: Vec<_> =
                self.ranks.iter_mut().map(Rank::take_done).collect::<Result<_>>()?;
            for to in 0..count {
                let from = (to + count - 1) % count;
                let range = chunk((from + 2 * count - step) % count, count, n);
                let len = range.len();
                let source = buffers[from].as_view().slice(range.clone())?;
                let target = buffers[to].as_view().slice(range)?;
                let rank = &self.ranks[to];
                rank.wait(&before[from])?;
                if adding {
                    let staging = rank.staging.as_raw();
                    pull(rank, staging, &self.ranks[from], &source)?;
                    launch(rank, "all_reduce_add", &[Arg::from(&target), Arg::from(staging)], len)?;
                } else {
                    pull(rank, target.as_raw(), &self.ranks[from], &source)?;
                }
                self.ranks[to].finish()?;
            }
        }
        Ok(())
    }

    pub(super) fn tree(&mut self, buffers: &mut [ViewMut<'_, f32>], n: usize) -> Result<()> {
        let count = self.ranks.len();
        let distances: Vec<usize> =
            std::iter::successors(Some(1), |d| Some(2 * d)).take_while(|&d| d < count).collect();
        for &distance in &distances {
            for to in (0..count - distance).step_by(2 * distance) {
                let from = to + distance;
                let rank = &self.ranks[to];
                rank.wait(&self.ranks[from].done)?;
                let staging = rank.staging.as_raw();
                pull(rank, staging, &self.ranks[from], &buffers[from].as_view())?;
                let args = [Arg::from(&buffers[to]), Arg::from(staging)];
                launch(rank, "all_reduce_add", &args, n)?;
                self.ranks[to].finish()?;
            }
        }
        for &distance in distances.iter().rev() {
            for from in (0..count - distance).step_by(2 * distance) {
                let to = from + distance;
                let rank = &self.ranks[to];
                rank.wait(&self.ranks[from].done)?;
                pull(rank, buffers[to].as_raw(), &self.ranks[from], &buffers[from].as_view())?;
                self.ranks[to].finish()?;
            }
        }
        Ok(())
    }

    pub(super) fn direct(&mut self, buffers: &mut [ViewMut<'_, f32>], n: usize) -> Result<()> {
        let count = self.ranks.len();
        for me in 0..count {
            let range = chunk(me, count, n);
            let len = range.len();
            let slice =
                |of: usize| buffers[of].as_view().slice(range.clone()).map(|v| Arg::from(&v));
            let rank = &self.ranks[me];
            let staging = Arg::from(rank.staging.as_raw());
            launch(rank, "all_reduce_add_to", &[staging, slice(0)?, slice(1)?], len)?;
            for other in 2..count {
                launch(rank, "all_reduce_add", &[staging, slice(other)?], len)?;
            }
            self.ranks[me].finish()?;
        }
        for (rank, buffer) in self.ranks.iter().zip(buffers.iter()) {
            for (other, source) in self.ranks.iter().enumerate() {
                let range = chunk(other, count, n);
                let len = range.len();
                let target = buffer.as_view().slice(range)?;
                rank.wait(&source.done)?;
                let sum = Arg::from(source.staging.as_raw());
                launch(rank, "all_reduce_copy", &[Arg::from(&target), sum], len)?;
            }
        }
        Ok(())
    }
}
