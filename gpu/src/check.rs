//! Shapes compared with buffers, before anything is launched.

use crate::element::Element;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::launch::Kernel;
use crate::view::{View, ViewMut};

/// The greatest size that kernels take as `int`.
const INT: usize = (1 << 31) - 1024;

/// What is asked for, and of whom.
#[derive(Clone, Copy)]
pub(crate) struct Check<'g> {
    pub gpu: &'g Gpu,
    pub function: &'static str,
}

/// A buffer of either kind.
pub(crate) trait Elements {
    fn parts(&self) -> (usize, u64, usize);
}

impl<T: Element> Elements for View<'_, T> {
    fn parts(&self) -> (usize, u64, usize) {
        (self.len(), self.as_raw(), self.context())
    }
}

impl<T: Element> Elements for ViewMut<'_, T> {
    fn parts(&self) -> (usize, u64, usize) {
        (self.len(), self.as_raw(), self.context())
    }
}

impl<'g> Check<'g> {
    pub(crate) fn new(gpu: &'g Gpu, function: &'static str) -> Self {
        Self { gpu, function }
    }

    /// The buffer is of this context and has as many elements as it must.
    pub(crate) fn buffer(
        self,
        argument: &'static str,
        buffer: &impl Elements,
        expected: usize,
        why: impl FnOnce() -> String,
    ) -> Result<()> {
        let (found, _, context) = buffer.parts();
        self.gpu.context().check(argument, context)?;
        if found != expected {
            let function = self.function;
            return Err(Error::Length { function, argument, found, expected, why: why() });
        }
        Ok(())
    }

    /// The buffer is of this context.
    pub(crate) fn context(self, argument: &'static str, buffer: &impl Elements) -> Result<()> {
        self.gpu.context().check(argument, buffer.parts().2)
    }

    /// A size that kernels take as `int`.
    pub(crate) fn int(self, what: &'static str, size: usize) -> Result<i32> {
        if size > INT {
            return Err(self.too_large(what, size as u64, INT as u64));
        }
        Ok(size as i32)
    }

    /// A product of sizes.
    pub(crate) fn product(self, what: &'static str, sizes: &[usize]) -> Result<usize> {
        // A product of zero is zero however great the others are.
        if sizes.contains(&0) {
            return Ok(0);
        }
        let most = isize::MAX as usize / 8;
        let all = sizes.iter().fold(1_usize, |all, &n| all.saturating_mul(n));
        self.at_most(what, all, most).map(|()| all)
    }

    /// A size with a limit of its own.
    pub(crate) fn at_most(self, what: &'static str, found: usize, most: usize) -> Result<()> {
        if found > most {
            return Err(self.too_large(what, found as u64, most as u64));
        }
        Ok(())
    }

    pub(crate) fn invalid(
        self,
        what: &'static str,
        found: impl ToString,
        needs: &'static str,
    ) -> Error {
        Error::Invalid { function: self.function, what, found: found.to_string(), needs }
    }

    fn too_large(self, what: &'static str, found: u64, most: u64) -> Error {
        Error::TooLarge { function: self.function, what, found, most }
    }
}

/// The buffer begins where wide accesses may, or is empty.
pub(crate) fn aligned(
    kernel: Kernel,
    argument: &'static str,
    buffer: &impl Elements,
    needs: u64,
) -> Result<()> {
    let (len, address, _) = buffer.parts();
    if len != 0 && !address.is_multiple_of(needs) {
        return Err(Error::Misaligned { kernel: kernel.name, argument, address, needs });
    }
    Ok(())
}
