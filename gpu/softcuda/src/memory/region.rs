//! The bytes of one allocation.

use super::written::Written;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// What an allocation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Asked for by the host.
    Host,
    /// A `.global` variable of a module.
    Variable,
    /// A `.const` variable of a module: kernels may only read it.
    Constant,
    /// Host memory mapped into the address space.
    Mapped,
}

/// One allocation: a range of device addresses and its bytes.
#[derive(Debug)]
pub struct Region {
    base: u64,
    len: u64,
    id: u64,
    device: u32,
    owner: Owner,
    bytes: NonNull<u8>,
    owned: Option<Layout>,
    /// Of allocations made while writes are tracked.
    written: Option<Written>,
}

// SAFETY: the bytes are only touched through relaxed atomics (and, where mapped, under the contract of `Memory::map`); the
// pointer itself never changes and lives as long as the region.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// A zeroed region; `None` where the host has no memory for it.
    pub(crate) fn new(base: u64, len: u64, id: u64, device: u32, owner: Owner) -> Option<Self> {
        // Sixteen is the largest alignment that the allocator serves with pages that are zero already.
        let size = usize::try_from(len).ok()?.checked_next_multiple_of(16)?.max(16);
        let layout = Layout::from_size_align(size, 16).ok()?;
        // SAFETY: the layout's size is not zero.
        let bytes = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        Some(Self { base, len, id, device, owner, bytes, owned: Some(layout), written: None })
    }

    /// A region over memory of the host.
    pub(crate) fn mapped(base: u64, len: u64, id: u64, device: u32, bytes: NonNull<u8>) -> Self {
        Self { base, len, id, device, owner: Owner::Mapped, bytes, owned: None, written: None }
    }

    /// First device address.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Length in bytes.
    #[expect(clippy::len_without_is_empty, reason = "an allocation of nothing has no use")]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// A number that no other allocation of the address space has had.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Ordinal of the device that it belongs to.
    pub fn device(&self) -> u32 {
        self.device
    }

    /// What it is for.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// Whether `len` bytes from `address` lie inside.
    #[inline]
    pub fn contains(&self, address: u64, len: u64) -> bool {
        let offset = address.wrapping_sub(self.base);
        offset <= self.len && self.len - offset >= len
    }

    /// The host's address of the first byte.
    #[inline]
    pub(crate) fn bytes(&self) -> *mut u8 {
        self.bytes.as_ptr()
    }

    /// Copies bytes out, from `offset`. Panics outside the region.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) {
        assert!(self.contains(self.base + offset, out.len() as u64));
        // SAFETY: just checked.
        unsafe { read_bytes(self.bytes().add(offset as usize), out) }
    }

    /// Which of its bytes were written, if that is tracked.
    pub(crate) fn written(&self) -> Option<&Written> {
        self.written.as_ref()
    }

    /// Somebody may have written to it whom nobody watched.
    pub(crate) fn write_unseen(&self) {
        if let Some(written) = &self.written {
            written.write_unseen();
        }
    }

    /// From now on, what is written is tracked; so far nothing was. Whether the host had the memory for it.
    pub(crate) fn track(&mut self) -> bool {
        self.written = Written::new(self.len);
        self.written.is_some()
    }

    /// Copies bytes in, at `offset`. Panics outside the region.
    pub(crate) fn write(&self, offset: u64, from: &[u8]) {
        self.put(offset, from);
        if let Some(written) = &self.written {
            written.set(offset, from.len() as u64);
        }
    }

    /// Copies bytes in that lie at `at` of another region.
    pub(crate) fn write_from(&self, offset: u64, from: &[u8], source: &Self, at: u64) {
        self.put(offset, from);
        let len = from.len() as u64;
        match (&self.written, &source.written) {
            (Some(to), Some(from)) => to.copy(offset, from, at, len),
            (Some(to), None) => to.set(offset, len),
            (None, _) => {}
        }
    }

    fn put(&self, offset: u64, from: &[u8]) {
        assert!(self.contains(self.base + offset, from.len() as u64));
        // SAFETY: just checked.
        unsafe { write_bytes(self.bytes().add(offset as usize), from) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if let Some(layout) = self.owned {
            // SAFETY: allocated with this layout in `new`, and freed once.
            unsafe { dealloc(self.bytes(), layout) }
        }
    }
}

/// Copies by relaxed atomics, eight bytes at a time where aligned.
///
/// # Safety
/// `from` must be valid for reads of `out.len()` bytes.
unsafe fn read_bytes(from: *mut u8, out: &mut [u8]) {
    let head = from.align_offset(8).min(out.len());
    let (first, rest) = out.split_at_mut(head);
    for (i, byte) in first.iter_mut().enumerate() {
        // SAFETY: in bounds by the caller's promise.
        *byte = unsafe { load8(from.add(i)) };
    }
    let mut at = head;
    let mut words = rest.chunks_exact_mut(8);
    for word in &mut words {
        // SAFETY: in bounds by the caller's promise, aligned after `head`.
        word.copy_from_slice(&unsafe { load64(from.add(at)) }.to_le_bytes());
        at += 8;
    }
    for (i, byte) in words.into_remainder().iter_mut().enumerate() {
        // SAFETY: in bounds by the caller's promise.
        *byte = unsafe { load8(from.add(at + i)) };
    }
}

/// Copies by relaxed atomics, eight bytes at a time where aligned.
///
/// # Safety
/// `to` must be valid for writes of `from.len()` bytes.
unsafe fn write_bytes(to: *mut u8, from: &[u8]) {
    let head = to.align_offset(8).min(from.len());
    let (first, rest) = from.split_at(head);
    for (i, &byte) in first.iter().enumerate() {
        // SAFETY: in bounds by the caller's promise.
        unsafe { store8(to.add(i), byte) }
    }
    let mut at = head;
    let (words, last) = rest.as_chunks::<8>();
    for word in words {
        // SAFETY: in bounds by the caller's promise, aligned after `head`.
        unsafe { store64(to.add(at), u64::from_le_bytes(*word)) }
        at += 8;
    }
    for (i, &byte) in last.iter().enumerate() {
        // SAFETY: in bounds by the caller's promise.
        unsafe { store8(to.add(at + i), byte) }
    }
}

macro_rules! relaxed {
    ($load:ident, $store:ident, $atomic:ident, $word:ident) => {
        /// A relaxed load.
        ///
        /// # Safety
        /// The pointer must be valid and aligned for the access, and touched by atomics alone.
        #[inline(always)]
        unsafe fn $load(from: *mut u8) -> $word {
            // SAFETY: the caller's promise.
            unsafe { $atomic::from_ptr(from.cast()) }.load(Relaxed)
        }

        /// A relaxed store.
        ///
        /// # Safety
        /// The pointer must be valid and aligned for the access, and touched by atomics alone.
        #[inline(always)]
        unsafe fn $store(to: *mut u8, value: $word) {
            // SAFETY: the caller's promise.
            unsafe { $atomic::from_ptr(to.cast()) }.store(value, Relaxed)
        }
    };
}

relaxed!(load8, store8, AtomicU8, u8);
relaxed!(load64, store64, AtomicU64, u64);
