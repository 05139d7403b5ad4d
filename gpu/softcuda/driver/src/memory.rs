//! Device memory: given out, freed, copied, set.

use crate::context::Context;
use crate::result::{Answer, CUDA_ERROR_OUT_OF_MEMORY, fail, invalid};
use crate::soft::Soft;
use softcuda::memory::{Memory, Owner};

/// Bytes copied at once from a device to the host: what stays in the first cache.
const CHUNK: usize = 1 << 14;

/// Memory of the host that work reads or writes after the call that named it.
#[derive(Clone, Copy)]
pub(crate) struct HostPtr(pub *mut u8);

// SAFETY: it is only followed under the promise of whoever issued the work.
unsafe impl Send for HostPtr {}

impl Soft {
    /// Allocates memory on the context's device.
    pub(crate) fn alloc(&'static self, context: &Context, len: usize) -> Answer<u64> {
        if len == 0 {
            return Err(invalid("0 bytes"));
        }
        let memory = context.device(self)?.memory();
        let address = memory
            .alloc(len as u64)
            .map_err(|error| fail(CUDA_ERROR_OUT_OF_MEMORY, error.to_string()))?;
        self.allocations().insert(address, context.handle);
        Ok(address)
    }

    /// Takes an allocation out of the books; its context's handle.
    pub(crate) fn forget(&self, address: u64) -> Answer<u64> {
        self.allocations().remove(&address).ok_or_else(|| {
            let near = self.space.regions().nearest(address);
            invalid(format!("0x{address:x} is not the address of an allocation: {near}"))
        })
    }

    /// Frees memory when the work issued until now is done.
    pub(crate) fn free(&self, address: u64) -> Answer {
        if self.host.find(address as usize).is_some_and(|(base, ..)| base as u64 == address) {
            return self.host.free_managed(self, address as usize);
        }
        let owner = self.forget(address)?;
        // Whoever else uses it has to wait by itself, as on a real device.
        for context in [owner, crate::context::current_handle()] {
            if let Some(context) = self.contexts.find(context) {
                context.queue.drain();
            }
        }
        self.any_memory()?.free(address).map_err(|error| invalid(error.to_string()))
    }

    /// A handle to the address space; any device's will do.
    pub(crate) fn any_memory(&self) -> Answer<&Memory> {
        Ok(self.device(0)?.device.memory())
    }

    /// Refuses a range that is not all of one allocation.
    pub(crate) fn check_range(&self, address: u64, len: usize) -> Answer {
        let regions = self.space.regions();
        if len == 0 || regions.find_range(address, len as u64).is_some() {
            return Ok(());
        }
        let near = regions.nearest(address);
        Err(invalid(format!("{len} bytes at 0x{address:x}: {near}")))
    }

    /// Whether an address is one of a device and not of the host.
    pub(crate) fn is_device(&self, address: u64) -> bool {
        self.space.regions().find(address).is_some_and(|region| region.owner() != Owner::Mapped)
    }

    /// Copies from the host.
    ///
    /// # Safety
    /// `from` is good for reads of `len` bytes.
    pub(crate) unsafe fn write(&self, to: u64, from: *const u8, len: usize) -> Answer {
        if len == 0 {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts(from, len) };
        self.any_memory()?.write(to, bytes).map_err(|error| invalid(error.to_string()))
    }

    /// Copies to the host.
    ///
    /// # Safety
    /// `to` is good for writes of `len` bytes.
    pub(crate) unsafe fn read(&self, to: *mut u8, from: u64, len: usize) -> Answer {
        self.check_range(from, len)?;
        let memory = self.any_memory()?;
        for at in (0..len).step_by(CHUNK) {
            let n = CHUNK.min(len - at);
            // SAFETY: within the bytes that the caller promised; written first, as nobody promised that they hold anything.
            let chunk = unsafe {
                let chunk = to.add(at);
                chunk.write_bytes(0, n);
                std::slice::from_raw_parts_mut(chunk, n)
            };
            memory.read(from + at as u64, chunk).map_err(|error| invalid(error.to_string()))?;
        }
        Ok(())
    }

    /// Copies within the address space.
    pub(crate) fn copy(&self, to: u64, from: u64, len: usize) -> Answer {
        let copied = self.any_memory()?.copy(to, from, len as u64);
        copied.map_err(|error| invalid(error.to_string()))
    }

    /// Writes a pattern `count` times.
    pub(crate) fn fill(&self, to: u64, pattern: &[u8], count: usize) -> Answer {
        let filled = self.any_memory()?.fill(to, pattern, count as u64);
        filled.map_err(|error| invalid(error.to_string()))
    }
}
