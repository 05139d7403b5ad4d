//! How many sectors of global memory and passes over the banks of shared memory a warp's access takes.

use super::super::instruction::LANES;

/// Bytes of a sector of global memory, log 2.
const SECTOR: u32 = 5;

/// Different sectors of 32 bytes that the lanes' accesses lie in. `near` are the addresses, counted from a multiple of 32. No access
/// crosses a sector: all are aligned, of at most 32 bytes.
#[inline(always)]
pub(crate) fn sectors(near: &[u32; LANES]) -> u32 {
    let (mut changes, mut falls) = (0, 0);
    for i in 1..LANES {
        let (before, here) = (near[i - 1] >> SECTOR, near[i] >> SECTOR);
        changes += u32::from(before != here);
        falls += u32::from(here < before);
    }
    if falls == 0 { changes + 1 } else { unordered(near.map(u64::from)) }
}

/// The same where addresses fall, or lie far apart.
#[inline(never)]
pub(crate) fn unordered(mut at: [u64; LANES]) -> u32 {
    for address in &mut at {
        *address >>= SECTOR;
    }
    at.sort_unstable();
    1 + at.windows(2).map(|pair| u32::from(pair[0] != pair[1])).sum::<u32>()
}

/// Passes over the 32 banks of 4 bytes: lanes conflict that want different words of one bank. Wide accesses go a half or a quarter of
/// the warp at a time. Lanes that take no part have the address of one that does.
#[inline(always)]
pub(crate) fn passes(addresses: &[u32; LANES], low: u32, high: u32, mask: u32, size: u32) -> u32 {
    if size <= 4 {
        // Within 32 words in a row, every bank has one.
        return if (high >> 2) - (low >> 2) < 32 { 1 } else { words(addresses, mask, 0, LANES) };
    }
    let lanes = if size == 8 { LANES / 2 } else { LANES / 4 };
    let mut sum = 0;
    for first in (0..LANES).step_by(lanes) {
        sum += wide(addresses, mask, first, lanes, size / 4);
    }
    sum
}

#[inline(always)]
fn words(addresses: &[u32; LANES], mask: u32, first: usize, lanes: usize) -> u32 {
    // Words that differ from their bank's first; most accesses have none.
    let mut bank = [u32::MAX; 32];
    let mut clash = false;
    for (lane, &address) in addresses.iter().enumerate().skip(first).take(lanes) {
        if mask & (1 << lane) != 0 {
            let word = address >> 2;
            let held = &mut bank[word as usize & 31];
            clash |= *held != u32::MAX && *held != word;
            *held = word;
        }
    }
    if clash { conflicts(addresses, mask, first, lanes, 1) } else { u32::from(mask != 0) }
}

#[inline(always)]
fn wide(addresses: &[u32; LANES], mask: u32, first: usize, lanes: usize, words: u32) -> u32 {
    let part = mask >> first & (((1_u64 << lanes) - 1) as u32);
    if part == 0 {
        return 0;
    }
    if part.count_ones() as usize == lanes {
        let (mut low, mut high) = (u32::MAX, 0);
        for &address in &addresses[first..first + lanes] {
            low = low.min(address >> 2);
            high = high.max(address >> 2);
        }
        if high - low + words <= 32 {
            return 1;
        }
    }
    let mut bank = [u32::MAX; 32];
    let mut clash = false;
    for (lane, &address) in addresses.iter().enumerate().skip(first).take(lanes) {
        if mask & (1 << lane) != 0 {
            for i in 0..words {
                let word = (address >> 2) + i;
                let held = &mut bank[word as usize & 31];
                clash |= *held != u32::MAX && *held != word;
                *held = word;
            }
        }
    }
    if clash { conflicts(addresses, mask, first, lanes, words) } else { 1 }
}

/// The most different words that lanes want of one bank.
#[inline(never)]
fn conflicts(addresses: &[u32; LANES], mask: u32, first: usize, lanes: usize, words: u32) -> u32 {
    let mut wanted = [0_u32; LANES * 4];
    let mut n = 0;
    for (lane, &address) in addresses.iter().enumerate().skip(first).take(lanes) {
        if mask & (1 << lane) != 0 {
            for i in 0..words {
                wanted[n] = (address >> 2) + i;
                n += 1;
            }
        }
    }
    let wanted = &mut wanted[..n];
    wanted.sort_unstable();
    let mut load = [0_u32; 32];
    let mut last = u32::MAX;
    for &word in wanted.iter() {
        if word != last {
            load[word as usize & 31] += 1;
            last = word;
        }
    }
    load.into_iter().max().unwrap_or(0)
}

/// The most lanes at one address: rounds that an atomic operation takes.
#[inline(always)]
pub(crate) fn rounds(addresses: &[u64; LANES], mask: u32) -> u32 {
    if mask == 0 {
        return 0;
    }
    let first = addresses[mask.trailing_zeros() as usize];
    let mut same = 0;
    for (lane, &address) in addresses.iter().enumerate() {
        same |= u32::from(address == first) << lane;
    }
    if same & mask == mask {
        return mask.count_ones();
    }
    let mut sorted = [0; LANES];
    let mut n = 0;
    for (lane, &address) in addresses.iter().enumerate() {
        if mask & (1 << lane) != 0 {
            sorted[n] = address;
            n += 1;
        }
    }
    sorted[..n].sort_unstable();
    let (mut most, mut run) = (1, 1);
    for pair in sorted[..n].windows(2) {
        run = if pair[0] == pair[1] { run + 1 } else { 1 };
        most = most.max(run);
    }
    most
}
