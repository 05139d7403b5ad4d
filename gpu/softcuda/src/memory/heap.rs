//! Allocations: given out, found by address, freed, copied from and to.

use super::address::{HEAP_BASE, HEAP_STRIDE};
use super::region::{Owner, Region};
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};

/// Allocations start at multiples of this, as `cudaMalloc` promises.
const ALIGNMENT: u64 = 256;
/// Unused addresses after each allocation, so that a small overrun never lands in the next one.
const GAP: u64 = 4096;
/// Bytes moved at once by copies from device to device.
const CHUNK: usize = 1 << 16;

/// Why memory could not be given, freed or copied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// More than the device has left, or than the host can give.
    #[error("out of memory: {asked} bytes asked for, {free} of {total} free on device {device}")]
    OutOfMemory {
        /// Bytes asked for.
        asked: u64,
        /// Bytes free.
        free: u64,
        /// Bytes of the device.
        total: u64,
        /// Ordinal of the device.
        device: u32,
    },
    /// Not the first address of a live allocation.
    #[error("0x{address:x} cannot be freed: {near}")]
    NotAllocated {
        /// What was to be freed.
        address: u64,
        /// What lies there or near.
        near: Nearest,
    },
    /// Some of the bytes lie outside every allocation.
    #[error("{len} bytes at 0x{address:x} cannot be copied or set: {near}")]
    OutOfBounds {
        /// First byte.
        address: u64,
        /// Number of bytes.
        len: u64,
        /// What lies there or near.
        near: Nearest,
    },
}

/// What lies at or near an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearest {
    /// Nothing was ever allocated.
    Nothing,
    /// A live allocation.
    Live {
        /// The allocation's number.
        id: u64,
        /// Its first address.
        base: u64,
        /// Its length in bytes.
        len: u64,
        /// The address, counted from its first byte.
        offset: i64,
    },
    /// An allocation that was freed.
    Freed {
        /// The allocation's number.
        id: u64,
        /// Its first address.
        base: u64,
        /// Its length in bytes.
        len: u64,
        /// The address, counted from its first byte.
        offset: i64,
    },
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, id, base, len, offset) = match *self {
            Self::Nothing => return f.write_str("nothing is allocated"),
            Self::Live { id, base, len, offset } => ("allocation", id, base, len, offset),
            Self::Freed { id, base, len, offset } => ("freed allocation", id, base, len, offset),
        };
        let (by, side) = if offset < 0 {
            (offset.unsigned_abs(), "before")
        } else if offset as u64 >= len {
            (offset as u64 - len, "past the end of")
        } else {
            (offset as u64, "into")
        };
        write!(f, "{by} bytes {side} {what} {id} (0x{base:x}, {len} bytes)")
    }
}

/// The allocations at one moment, in order of their addresses.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    live: Vec<Arc<Region>>,
    /// Base, length, id of what was freed, in order of base.
    freed: Vec<(u64, u64, u64)>,
}

impl Regions {
    /// The allocation that the address lies in; `O(log n)`.
    pub fn find(&self, address: u64) -> Option<&Arc<Region>> {
        let after = self.live.partition_point(|r| r.base() <= address);
        self.live[..after].last().filter(|r| r.contains(address, 1))
    }

    /// The allocation that all `len` bytes lie in.
    pub fn find_range(&self, address: u64, len: u64) -> Option<&Arc<Region>> {
        let after = self.live.partition_point(|r| r.base() <= address);
        self.live[..after].last().filter(|r| r.contains(address, len))
    }

    /// All live allocations in order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.live.iter().map(|r| &**r)
    }

    /// What lies at the address, or nearest to it: for messages.
    pub fn nearest(&self, address: u64) -> Nearest {
        let distance = |base: u64, len: u64| {
            if address < base {
                base - address
            } else {
                (address - base).saturating_sub(len.saturating_sub(1))
            }
        };
        let live = self.live.iter().map(|r| (r.base(), r.len(), r.id(), true));
        let freed = self.freed.iter().map(|&(base, len, id)| (base, len, id, false));
        match live.chain(freed).min_by_key(|&(base, len, _, _)| distance(base, len)) {
            None => Nearest::Nothing,
            Some((base, len, id, live)) => {
                let offset = address.wrapping_sub(base) as i64;
                if live {
                    Nearest::Live { id, base, len, offset }
                } else {
                    Nearest::Freed { id, base, len, offset }
                }
            }
        }
    }
}

#[derive(Debug, Default)]
struct State {
    regions: Arc<Regions>,
    next_id: u64,
    devices: Vec<DeviceState>,
    track: bool,
}

#[derive(Debug)]
struct DeviceState {
    next: u64,
    used: u64,
    total: u64,
}

/// One address space for any number of devices: each can reach the memory of the others, as with peer access enabled.
#[derive(Clone, Debug, Default)]
pub struct AddressSpace(Arc<RwLock<State>>);

impl AddressSpace {
    /// An empty space.
    pub fn new() -> Self {
        Self::default()
    }

    /// The memory of one more device, of `total` bytes.
    pub fn add_device(&self, total: u64) -> Memory {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let device = state.devices.len() as u32;
        let next = HEAP_BASE + u64::from(device) * HEAP_STRIDE;
        state.devices.push(DeviceState { next, used: 0, total });
        Memory { space: self.clone(), device }
    }

    /// Whether what the host and kernels write to allocations of the host is remembered, for those made from now on: so that a
    /// launch can find reads of bytes that nobody has written. One bit a byte. What was allocated before counts as written.
    ///
    /// What kernels write is remembered by launches that check for uninitialised reads; after any other launch all bytes count as
    /// written. See [`sanitize`](crate::sanitize).
    pub fn track_writes(&self, on: bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).track = on;
    }

    /// The allocations of this moment.
    pub fn regions(&self) -> Arc<Regions> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).regions.clone()
    }
}

/// Memory of one device. Clones are handles to the same memory.
#[derive(Clone, Debug)]
pub struct Memory {
    space: AddressSpace,
    device: u32,
}

impl Memory {
    /// The address space that it is part of.
    pub fn space(&self) -> &AddressSpace {
        &self.space
    }

    /// Whether both are handles to the memory of one device.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.space.0, &other.space.0) && self.device == other.device
    }

    /// Ordinal of the device within its address space.
    pub fn device(&self) -> u32 {
        self.device
    }

    /// Bytes free and bytes in all.
    pub fn free_and_total(&self) -> (u64, u64) {
        let state = self.space.0.read().unwrap_or_else(PoisonError::into_inner);
        let device = &state.devices[self.device as usize];
        (device.total - device.used, device.total)
    }

    /// Allocates `len` zeroed bytes at an address that is a multiple of 256 and was never used before.
    ///
    /// # Errors
    /// When the device or the host has no room.
    pub fn alloc(&self, len: u64) -> Result<u64, MemoryError> {
        self.alloc_for(len, Owner::Host)
    }

    pub(crate) fn alloc_for(&self, len: u64, owner: Owner) -> Result<u64, MemoryError> {
        let mut state = self.space.0.write().unwrap_or_else(PoisonError::into_inner);
        let id = state.next_id;
        let DeviceState { next: base, used, total } = state.devices[self.device as usize];
        let refuse = || MemoryError::OutOfMemory {
            asked: len,
            free: total - used,
            total,
            device: self.device,
        };
        let end = HEAP_BASE + u64::from(self.device + 1) * HEAP_STRIDE;
        if len > total - used || len + GAP + ALIGNMENT > end - base {
            return Err(refuse());
        }
        let mut region = Region::new(base, len, id, self.device, owner).ok_or_else(refuse)?;
        // Variables of modules are zero where nothing else is said.
        if state.track && owner == Owner::Host && !region.track() {
            return Err(refuse());
        }
        let device = &mut state.devices[self.device as usize];
        device.next = (base + len + GAP).next_multiple_of(ALIGNMENT);
        device.used += len;
        state.next_id += 1;
        let regions = Arc::make_mut(&mut state.regions);
        let at = regions.live.partition_point(|r| r.base() < base);
        regions.live.insert(at, Arc::new(region));
        Ok(base)
    }

    /// Makes memory of the host part of the address space, at its own address.
    ///
    /// # Errors
    /// When some of it is mapped already.
    ///
    /// # Safety
    /// The bytes must stay valid until [`free`](Self::free) and the end of all launches that began before it, and while a launch
    /// runs the host must touch them by atomics alone.
    pub unsafe fn map(&self, bytes: NonNull<u8>, len: u64) -> Result<u64, MemoryError> {
        let mut state = self.space.0.write().unwrap_or_else(PoisonError::into_inner);
        let base = bytes.as_ptr().expose_provenance() as u64;
        let id = state.next_id;
        state.next_id += 1;
        let regions = Arc::make_mut(&mut state.regions);
        let at = regions.live.partition_point(|r| r.base() < base);
        let clear = regions.live.get(at).is_none_or(|r| r.base() >= base.saturating_add(len))
            && regions.live[..at].last().is_none_or(|r| r.base() + r.len() <= base);
        if !clear {
            return Err(MemoryError::OutOfBounds {
                address: base,
                len,
                near: regions.nearest(base),
            });
        }
        // The host may well map again what it unmapped.
        regions.freed.retain(|&(b, l, _)| b >= base.saturating_add(len) || b + l <= base);
        regions.live.insert(at, Arc::new(Region::mapped(base, len, id, self.device, bytes)));
        Ok(base)
    }

    /// Frees an allocation. Its bytes go when the last launch that runs has ended; its addresses are never used again.
    ///
    /// # Errors
    /// When the address is not the first of a live allocation.
    pub fn free(&self, address: u64) -> Result<(), MemoryError> {
        let mut state = self.space.0.write().unwrap_or_else(PoisonError::into_inner);
        let found = state.regions.live.binary_search_by_key(&address, |r| r.base());
        let Ok(at) = found else {
            return Err(MemoryError::NotAllocated {
                address,
                near: state.regions.nearest(address),
            });
        };
        let regions = Arc::make_mut(&mut state.regions);
        let region = regions.live.remove(at);
        let place = regions.freed.partition_point(|&(base, _, _)| base < address);
        regions.freed.insert(place, (region.base(), region.len(), region.id()));
        if region.owner() != Owner::Mapped {
            state.devices[region.device() as usize].used -= region.len();
        }
        Ok(())
    }

    fn range(&self, address: u64, len: u64) -> Result<(Arc<Region>, u64), MemoryError> {
        let regions = self.space.regions();
        match regions.find_range(address, len) {
            Some(region) => Ok((region.clone(), address - region.base())),
            None => Err(MemoryError::OutOfBounds { address, len, near: regions.nearest(address) }),
        }
    }

    /// Copies bytes to the host.
    ///
    /// # Errors
    /// When they do not all lie in one live allocation.
    pub fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        if out.is_empty() {
            return Ok(());
        }
        let (region, offset) = self.range(address, out.len() as u64)?;
        region.read(offset, out);
        Ok(())
    }

    /// Copies bytes from the host.
    ///
    /// # Errors
    /// When they do not all lie in one live allocation.
    pub fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryError> {
        if from.is_empty() {
            return Ok(());
        }
        let (region, offset) = self.range(address, from.len() as u64)?;
        region.write(offset, from);
        Ok(())
    }

    /// Copies bytes within the address space, also between devices. Overlapping ranges are copied as if through a buffer of
    /// 64 KiB.
    ///
    /// # Errors
    /// When either range does not lie in one live allocation.
    pub fn copy(&self, to: u64, from: u64, len: u64) -> Result<(), MemoryError> {
        if len == 0 {
            return Ok(());
        }
        let (source, at) = self.range(from, len)?;
        let (target, put) = self.range(to, len)?;
        let mut buffer = vec![0; CHUNK.min(len as usize)];
        let mut done = 0;
        while done < len {
            let n = buffer.len().min((len - done) as usize);
            source.read(at + done, &mut buffer[..n]);
            target.write_from(put + done, &buffer[..n], &source, at + done);
            done += n as u64;
        }
        Ok(())
    }

    /// The first byte of a range that neither the host nor a launch has written, in allocations whose writes are
    /// [tracked](AddressSpace::track_writes).
    ///
    /// # Errors
    /// When the range does not lie in one live allocation.
    pub fn first_unwritten(&self, address: u64, len: u64) -> Result<Option<u64>, MemoryError> {
        if len == 0 {
            return Ok(None);
        }
        let (region, offset) = self.range(address, len)?;
        let first = region.written().and_then(|written| written.first_unset(offset, len));
        Ok(first.map(|at| at + region.base()))
    }

    /// Writes `pattern` `count` times.
    ///
    /// # Errors
    /// When the range does not lie in one live allocation.
    pub fn fill(&self, address: u64, pattern: &[u8], count: u64) -> Result<(), MemoryError> {
        let len = (pattern.len() as u64).saturating_mul(count);
        if len == 0 {
            return Ok(());
        }
        let (region, offset) = self.range(address, len)?;
        let times = (CHUNK / pattern.len()).max(1).min(count as usize);
        let chunk = pattern.repeat(times);
        let mut done = 0;
        while done < len {
            let n = chunk.len().min((len - done) as usize);
            region.write(offset + done, &chunk[..n]);
            done += n as u64;
        }
        Ok(())
    }
}
