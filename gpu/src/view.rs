//! Parts of buffers: what the functions of this crate take.

use crate::driver::Handle;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::gpu::{Context, Gpu};
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

/// Elements on the device that are read. `&DeviceBuffer` turns into one.
#[derive(Clone, Copy, Debug)]
pub struct View<'b, T: Element> {
    address: u64,
    len: usize,
    context: Handle,
    buffer: PhantomData<&'b T>,
}

/// Elements on the device that are written. `&mut DeviceBuffer` turns into one.
#[derive(Debug)]
pub struct ViewMut<'b, T: Element> {
    address: u64,
    len: usize,
    context: Handle,
    buffer: PhantomData<&'b mut T>,
}

fn resolve(range: impl RangeBounds<usize>, len: usize) -> Result<(usize, usize)> {
    let start = match range.start_bound() {
        Bound::Included(&n) => n,
        Bound::Excluded(&n) => n.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&n) => n.saturating_add(1),
        Bound::Excluded(&n) => n,
        Bound::Unbounded => len,
    };
    if start > end || end > len {
        return Err(Error::OutOfBounds { start, end, len });
    }
    Ok((start, end))
}

macro_rules! both {
    ($view:ident) => {
        impl<'b, T: Element> $view<'b, T> {
            pub(crate) fn of(address: u64, len: usize, context: &Context) -> Self {
                Self { address, len, context: context.raw(), buffer: PhantomData }
            }

            /// Elements at an address of the device: for instance those of another crate's buffer.
            ///
            /// # Safety
            /// For as long as it lives, `len` elements must be allocated there in the context of `gpu`, the address must be a multiple of
            /// the element's size, and nobody may write them (of a `ViewMut`: nor read them) but through it.
            pub unsafe fn from_raw(gpu: &Gpu, address: u64, len: usize) -> Self {
                Self::of(address, len, gpu.context())
            }

            /// The address on the device, a `CUdeviceptr`; anything if there are no elements.
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

            /// Those of a range.
            ///
            /// # Errors
            /// When they are not all there.
            pub fn slice(self, range: impl RangeBounds<usize>) -> Result<Self> {
                let (start, end) = resolve(range, self.len)?;
                Ok(Self {
                    address: self.address + (start * size_of::<T>()) as u64,
                    len: end - start,
                    ..self
                })
            }

            /// The first `middle` elements, and the others.
            ///
            /// # Errors
            /// When there are fewer.
            pub fn split_at(self, middle: usize) -> Result<(Self, Self)> {
                resolve(..middle, self.len)?;
                let (address, len, context) = (self.address, self.len, self.context);
                let part = |start: usize, end: usize| Self {
                    address: address + (start * size_of::<T>()) as u64,
                    len: end - start,
                    context,
                    buffer: PhantomData,
                };
                Ok((part(0, middle), part(middle, len)))
            }

            pub(crate) fn context(&self) -> Handle {
                self.context
            }
        }
    };
}

both!(View);
both!(ViewMut);

impl<T: Element> ViewMut<'_, T> {
    /// The same elements, to be read.
    pub fn as_view(&self) -> View<'_, T> {
        View { address: self.address, len: self.len, context: self.context, buffer: PhantomData }
    }

    /// The same elements, for a while.
    pub fn reborrow(&mut self) -> ViewMut<'_, T> {
        ViewMut { address: self.address, len: self.len, context: self.context, buffer: PhantomData }
    }
}

impl<'b, T: Element> From<&'b mut ViewMut<'_, T>> for ViewMut<'b, T> {
    fn from(view: &'b mut ViewMut<'_, T>) -> Self {
        view.reborrow()
    }
}

impl<'b, T: Element> From<&'b ViewMut<'_, T>> for View<'b, T> {
    fn from(view: &'b ViewMut<'_, T>) -> Self {
        view.as_view()
    }
}

impl<'b, T: Element> From<&View<'b, T>> for View<'b, T> {
    fn from(view: &View<'b, T>) -> Self {
        *view
    }
}
