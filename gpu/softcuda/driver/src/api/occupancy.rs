//! Occupancy: by threads, blocks and shared memory. Registers are not counted: PTX does not tell how many a kernel needs.

use crate::export::{export, not_null, put};
use crate::result::{Answer, invalid};
use crate::soft::{Soft, current};
use crate::types::{CUfunction, CUoccupancyB2DSize};
use softcuda::{Device, Kernel};
use std::ffi::{c_int, c_uint};

export! {
    /// Blocks of a kernel that a multiprocessor holds at once.
    fn cuOccupancyMaxActiveBlocksPerMultiprocessor(
        numBlocks: *mut c_int,
        func: CUfunction,
        blockSize: c_int,
        dynamicSMemSize: usize,
    ) {
        put(numBlocks, resident(func, blockSize, dynamicSMemSize)?, "numBlocks")
    }

    /// As [`cuOccupancyMaxActiveBlocksPerMultiprocessor`]; the flag about caching has no effect.
    fn cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        numBlocks: *mut c_int,
        func: CUfunction,
        blockSize: c_int,
        dynamicSMemSize: usize,
        flags: c_uint,
    ) {
        if flags > 1 {
            return Err(invalid(format!("unknown flags 0x{flags:x}")));
        }
        put(numBlocks, resident(func, blockSize, dynamicSMemSize)?, "numBlocks")
    }

    /// The size of block with which most threads are resident, and how many blocks fill the device. `blockSizeToDynamicSMemSize`, where
    /// it is not null, tells the dynamic shared memory of a size.
    fn cuOccupancyMaxPotentialBlockSize(
        minGridSize: *mut c_int,
        blockSize: *mut c_int,
        func: CUfunction,
        blockSizeToDynamicSMemSize: CUoccupancyB2DSize,
        dynamicSMemSize: usize,
        blockSizeLimit: c_int,
    ) {
        let (soft, context) = current()?;
        let kernel = kernel(soft, func)?;
        let device = context.device(soft)?;
        not_null(minGridSize, "minGridSize")?;
        not_null(blockSize, "blockSize")?;
        let (blocks, size) = best(&kernel, device, blockSizeLimit, |size| {
            // SAFETY: the caller's promise about the function.
            blockSizeToDynamicSMemSize.map_or(dynamicSMemSize, |shared| unsafe { shared(size) })
        });
        put(minGridSize, blocks, "minGridSize")?;
        put(blockSize, size, "blockSize")
    }

    /// As [`cuOccupancyMaxPotentialBlockSize`]; the flag about caching has no effect.
    fn cuOccupancyMaxPotentialBlockSizeWithFlags(
        minGridSize: *mut c_int,
        blockSize: *mut c_int,
        func: CUfunction,
        blockSizeToDynamicSMemSize: CUoccupancyB2DSize,
        dynamicSMemSize: usize,
        blockSizeLimit: c_int,
        flags: c_uint,
    ) {
        if flags > 1 {
            return Err(invalid(format!("unknown flags 0x{flags:x}")));
        }
        cuOccupancyMaxPotentialBlockSize(
            minGridSize,
            blockSize,
            func,
            blockSizeToDynamicSMemSize,
            dynamicSMemSize,
            blockSizeLimit,
        )
        .ok()
        .map_err(Into::into)
    }

    /// Dynamic shared memory that each block may have when so many are to be resident.
    fn cuOccupancyAvailableDynamicSMemPerBlock(
        dynamicSmemSize: *mut usize,
        func: CUfunction,
        numBlocks: c_int,
        blockSize: c_int,
    ) {
        let (soft, context) = current()?;
        let kernel = kernel(soft, func)?;
        let limits = context.device(soft)?.limits();
        if numBlocks < 1 || resident(func, blockSize, 0)? < numBlocks {
            return Err(invalid(format!("{numBlocks} blocks of {blockSize} threads")));
        }
        let each = (limits.shared_per_multiprocessor / numBlocks as u32).min(limits.shared);
        put(dynamicSmemSize, each.saturating_sub(kernel.shared_bytes()) as usize, "dynamicSmemSize")
    }
}

fn kernel(soft: &Soft, function: CUfunction) -> Answer<Kernel> {
    Ok(soft.functions.get(function.addr() as u64)?.kernel.clone())
}

fn resident(function: CUfunction, block: c_int, shared: usize) -> Answer<c_int> {
    let (soft, context) = current()?;
    let kernel = kernel(soft, function)?;
    let device = context.device(soft)?;
    if block < 1 || block as u32 > device.limits().threads {
        return Err(invalid(format!("a block of {block} threads")));
    }
    Ok(each(&kernel, device, block as u32, shared))
}

/// Blocks of this shape that a multiprocessor holds.
fn each(kernel: &Kernel, device: &Device, threads: u32, shared: usize) -> c_int {
    let limits = device.limits();
    let fits = |most: u32| threads <= most;
    let total = u64::from(kernel.shared_bytes()).saturating_add(shared as u64);
    if total > limits.shared.into() || !kernel.max_threads().is_none_or(fits) {
        return 0;
    }
    let all = kernel.max_resident_blocks(device, threads, shared as u32);
    (all / u64::from(limits.multiprocessors.max(1))) as c_int
}

/// Blocks that fill the device, and the largest size of block with which most threads are resident.
fn best(
    kernel: &Kernel,
    device: &Device,
    limit: c_int,
    shared: impl Fn(c_int) -> usize,
) -> (c_int, c_int) {
    let limits = device.limits();
    let most = kernel.max_threads().unwrap_or(limits.threads).min(limits.threads);
    let most = if limit > 0 { most.min(limit as u32) } else { most };
    // As large as it may be, then in whole warps.
    let sizes = std::iter::once(most).chain((1..most.div_ceil(32)).rev().map(|warps| warps * 32));
    let mut found = (0, 0, 0);
    for size in sizes {
        let blocks = each(kernel, device, size, shared(size as c_int));
        let threads = blocks as u32 * size;
        if threads > found.0 {
            found = (threads, blocks, size);
        }
    }
    (found.1 * limits.multiprocessors as c_int, found.2 as c_int)
}
