//! Memory of the device.

use crate::driver;
use crate::element::{Element, bytes_of, bytes_of_mut};
use crate::error::{Error, Result};
use crate::gpu::{Context, Gpu};
use crate::view::{View, ViewMut};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::RangeBounds;
use std::sync::Arc;

/// Elements in the memory of a device. Starts at a multiple of 256 bytes. Freed when dropped, which waits for what the device does.
///
/// Copies to and from the host wait for the work of the device's streams, and are done when the function returns.
#[derive(Debug)]
pub struct DeviceBuffer<T: Element> {
    address: u64,
    len: usize,
    context: Arc<Context>,
    elements: PhantomData<T>,
}

impl<T: Element> DeviceBuffer<T> {
    fn uninitialised(gpu: &Gpu, len: usize) -> Result<Self> {
        let context = gpu.context().clone();
        let bytes = (len as u64).saturating_mul(size_of::<T>() as u64);
        // The driver has no empty allocations.
        let address = if bytes == 0 { 0 } else { context.alloc(bytes)? };
        Ok(Self { address, len, context, elements: PhantomData })
    }

    /// A copy of `data`.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn from_slice(gpu: &Gpu, data: &[T]) -> Result<Self> {
        let mut buffer = Self::uninitialised(gpu, data.len())?;
        buffer.copy_from(data)?;
        Ok(buffer)
    }

    /// `len` elements of zero.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn zeroed(gpu: &Gpu, len: usize) -> Result<Self> {
        let mut buffer = Self::uninitialised(gpu, len)?;
        buffer.fill_bytes(0)?;
        Ok(buffer)
    }

    /// `len` elements with all bits set: NaN, or the greatest unsigned integer. For tests: what is not written shows.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn poisoned(gpu: &Gpu, len: usize) -> Result<Self> {
        let mut buffer = Self::uninitialised(gpu, len)?;
        buffer.fill_bytes(0xff)?;
        Ok(buffer)
    }

    /// Takes over an allocation, to free it.
    ///
    /// # Safety
    /// `len` elements must have been allocated at the address by `cuMemAlloc` in the context of `gpu` (zero elements: nothing), and nobody
    /// else may use or free them.
    pub unsafe fn from_raw(gpu: &Gpu, address: u64, len: usize) -> Self {
        Self { address, len, context: gpu.context().clone(), elements: PhantomData }
    }

    /// The address, to be freed by `cuMemFree` unless there are no elements.
    pub fn into_raw(self) -> u64 {
        let mut buffer = ManuallyDrop::new(self);
        // SAFETY: the buffer is never used nor dropped again, so the context is dropped once.
        unsafe { std::ptr::drop_in_place(&mut buffer.context) };
        buffer.address
    }

    /// The address on the device, a `CUdeviceptr`; 0 if there are no elements.
    pub fn as_raw(&self) -> u64 {
        self.address
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All elements, to be read.
    pub fn view(&self) -> View<'_, T> {
        View::of(self.address, self.len, &self.context)
    }

    /// All elements, to be written.
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        ViewMut::of(self.address, self.len, &self.context)
    }

    /// Elements of a range, to be read.
    ///
    /// # Errors
    /// When they are not all there.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<View<'_, T>> {
        self.view().slice(range)
    }

    /// Elements of a range, to be written.
    ///
    /// # Errors
    /// When they are not all there.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> Result<ViewMut<'_, T>> {
        self.view_mut().slice(range)
    }

    /// Copies from the host.
    ///
    /// # Errors
    /// When the lengths differ, or earlier work failed.
    pub fn copy_from(&mut self, data: &[T]) -> Result<()> {
        if data.len() != self.len {
            return Err(Error::CopyLength { from: data.len(), to: self.len });
        }
        self.context.enter()?;
        driver::write(self.address, bytes_of(data))
    }

    /// Copies to the host.
    ///
    /// # Errors
    /// When the lengths differ, or earlier work failed.
    pub fn copy_to(&self, out: &mut [T]) -> Result<()> {
        self.view().copy_to(&self.context, out)
    }

    /// A copy on the host.
    ///
    /// # Errors
    /// When earlier work failed.
    pub fn to_vec(&self) -> Result<Vec<T>> {
        let mut out = vec![T::default(); self.len];
        self.copy_to(&mut out)?;
        Ok(out)
    }

    /// Sets all elements to zero, in the stream of `gpu`.
    ///
    /// # Errors
    /// When `gpu` is another context's, or earlier work failed.
    pub fn set_zero(&mut self, gpu: &Gpu) -> Result<()> {
        gpu.same_context("the buffer", &self.context)?;
        self.context.enter()?;
        driver::fill_async(self.address, 0, self.bytes(), gpu.stream().raw)
    }

    /// A copy on the device.
    ///
    /// # Errors
    /// When the device has no room, or earlier work failed.
    pub fn try_clone(&self, gpu: &Gpu) -> Result<Self> {
        gpu.same_context("the buffer", &self.context)?;
        let copy = Self::uninitialised(gpu, self.len)?;
        driver::copy_async(copy.address, self.address, self.bytes(), gpu.stream().raw)?;
        Ok(copy)
    }

    fn bytes(&self) -> u64 {
        (self.len * size_of::<T>()) as u64
    }

    fn fill_bytes(&mut self, byte: u8) -> Result<()> {
        self.context.enter()?;
        driver::fill(self.address, byte, self.bytes())
    }
}

impl<T: Element> View<'_, T> {
    fn copy_to(&self, context: &Context, out: &mut [T]) -> Result<()> {
        if out.len() != self.len() {
            return Err(Error::CopyLength { from: self.len(), to: out.len() });
        }
        context.enter()?;
        driver::read(self.as_raw(), bytes_of_mut(out))
    }

    /// A copy on the host.
    ///
    /// # Errors
    /// When `gpu` is another context's, or earlier work failed.
    pub fn to_vec(&self, gpu: &Gpu) -> Result<Vec<T>> {
        gpu.context().check("the view", self.context())?;
        let mut out = vec![T::default(); self.len()];
        self.copy_to(gpu.context(), &mut out)?;
        Ok(out)
    }
}

impl<T: Element> Drop for DeviceBuffer<T> {
    fn drop(&mut self) {
        if self.len != 0 && self.context.enter().is_ok() {
            // Nobody is left to be told; an error of an earlier launch is told by the next call too.
            let _ = driver::free(self.address);
        }
    }
}

impl<'b, T: Element> From<&'b DeviceBuffer<T>> for View<'b, T> {
    fn from(buffer: &'b DeviceBuffer<T>) -> Self {
        buffer.view()
    }
}

impl<'b, T: Element> From<&'b mut DeviceBuffer<T>> for ViewMut<'b, T> {
    fn from(buffer: &'b mut DeviceBuffer<T>) -> Self {
        buffer.view_mut()
    }
}
