//! Memory of the host that devices reach: page-locked, registered, managed.

use crate::result::{
    Answer, CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
    CUDA_ERROR_OUT_OF_MEMORY, fail, invalid,
};
use crate::soft::Soft;
use softcuda::memory::Memory;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Alignment of what is allocated: a page.
const PAGE: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// By `cuMemAllocHost`.
    Pinned(Layout),
    /// By `cuMemAllocManaged`.
    Managed(Layout),
    /// By `cuMemHostRegister`.
    Registered,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    len: usize,
    context: u64,
    flags: u32,
    kind: Kind,
}

/// All such blocks, by address.
#[derive(Debug, Default)]
pub(crate) struct HostBlocks(Mutex<BTreeMap<usize, Block>>);

impl HostBlocks {
    fn blocks(&self) -> MutexGuard<'_, BTreeMap<usize, Block>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all bytes are in one block.
    pub(crate) fn holds(&self, address: usize, len: usize) -> bool {
        self.find(address).is_some_and(|(base, size, _)| size - (address - base) >= len)
    }

    /// Address, length and flags of the block that an address lies in.
    pub(crate) fn find(&self, address: usize) -> Option<(usize, usize, u32)> {
        let blocks = self.blocks();
        let (&base, block) = blocks.range(..=address).next_back()?;
        (address - base < block.len).then_some((base, block.len, block.flags))
    }

    /// Whether `cuMemAllocManaged` gave a block.
    pub(crate) fn is_managed(&self, base: usize) -> bool {
        self.blocks().get(&base).is_some_and(|block| matches!(block.kind, Kind::Managed(_)))
    }

    /// Allocates zeroed bytes that all devices reach at the host's address.
    pub(crate) fn alloc(
        &self,
        memory: &Memory,
        len: usize,
        context: u64,
        flags: u32,
        managed: bool,
    ) -> Answer<usize> {
        let none = || {
            let detail = format!("{len} bytes of the host's memory");
            fail(CUDA_ERROR_OUT_OF_MEMORY, detail)
        };
        if len == 0 {
            return Err(invalid("0 bytes"));
        }
        let size = len.checked_next_multiple_of(PAGE).ok_or_else(none)?;
        let layout = Layout::from_size_align(size, PAGE).map_err(|_| none())?;
        // SAFETY: the size is not 0.
        let bytes = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(none)?;
        // SAFETY: the bytes are freed only by `take`, which unmaps them and waits for all launches first. That the host keeps away
        // from them while a kernel uses them is the promise of `cuMemAllocHost`.
        if let Err(error) = unsafe { memory.map(bytes, len as u64) } {
            // SAFETY: allocated with this layout above.
            unsafe { dealloc(bytes.as_ptr(), layout) };
            return Err(fail(CUDA_ERROR_OUT_OF_MEMORY, error.to_string()));
        }
        let address = bytes.as_ptr().expose_provenance();
        let kind = if managed { Kind::Managed(layout) } else { Kind::Pinned(layout) };
        self.blocks().insert(address, Block { len, context, flags, kind });
        Ok(address)
    }

    /// Lets devices reach memory of the program.
    ///
    /// # Safety
    /// The bytes are valid until they are unregistered.
    pub(crate) unsafe fn register(
        &self,
        memory: &Memory,
        bytes: *mut u8,
        len: usize,
        context: u64,
        flags: u32,
    ) -> Answer {
        let bytes = NonNull::new(bytes).ok_or_else(|| invalid("the address is null"))?;
        if len == 0 || bytes.addr().get().checked_add(len).is_none() {
            return Err(invalid(format!("{len} bytes at {bytes:p}")));
        }
        // SAFETY: the caller's promise; and `take` waits for all launches.
        unsafe { memory.map(bytes, len as u64) }
            .map_err(|error| fail(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, error.to_string()))?;
        let block = Block { len, context, flags, kind: Kind::Registered };
        self.blocks().insert(bytes.as_ptr().expose_provenance(), block);
        Ok(())
    }

    /// Frees what `cuMemAllocHost` gave.
    pub(crate) fn free_pinned(&self, soft: &Soft, address: usize) -> Answer {
        let wrong = || invalid(format!("0x{address:x} is not from cuMemAllocHost"));
        self.take(soft, address, |kind| matches!(kind, Kind::Pinned(_))).ok_or_else(wrong)
    }

    /// Frees what `cuMemAllocManaged` gave.
    pub(crate) fn free_managed(&self, soft: &Soft, address: usize) -> Answer {
        let wrong = || invalid(format!("0x{address:x} is not from cuMemAllocManaged"));
        self.take(soft, address, |kind| matches!(kind, Kind::Managed(_))).ok_or_else(wrong)
    }

    /// Undoes `register`.
    pub(crate) fn unregister(&self, soft: &Soft, address: usize) -> Answer {
        let wrong = || {
            let detail = format!("0x{address:x} was not registered");
            fail(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, detail)
        };
        self.take(soft, address, |kind| kind == Kind::Registered).ok_or_else(wrong)
    }

    /// Frees all of a context.
    pub(crate) fn free_of(&self, soft: &Soft, context: u64) {
        let of = |(_, block): &(&usize, &Block)| block.context == context;
        let mine: Vec<usize> = self.blocks().iter().filter(of).map(|(&at, _)| at).collect();
        for address in mine {
            self.take(soft, address, |_| true);
        }
    }

    fn take(&self, soft: &Soft, address: usize, which: impl Fn(Kind) -> bool) -> Option<()> {
        if !self.blocks().get(&address).is_some_and(|block| which(block.kind)) {
            return None;
        }
        // Work that was issued must still find it; and what runs until it is unmapped must have ended before it goes.
        soft.drain();
        let block = self.blocks().remove(&address)?;
        // Mapped when it was inserted.
        let _ = soft.devices.first().map(|it| it.device.memory().free(address as u64));
        soft.drain();
        if let Kind::Pinned(layout) | Kind::Managed(layout) = block.kind {
            // SAFETY: allocated with this layout, taken out of the table once, and no kernel can reach it any more.
            unsafe { dealloc(std::ptr::with_exposed_provenance_mut(address), layout) };
        }
        Some(())
    }
}
