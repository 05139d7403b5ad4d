//! Memory that launches need beside their arguments.

use crate::driver;
use crate::error::Result;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Scratch starts at multiples of this within a piece.
const ALIGNMENT: u64 = 256;

/// A stream's scratch: one allocation that grows. Launches of a stream follow each other, so each may use all of it.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    address: u64,
    bytes: u64,
}

/// The scratch of a stream while launches that need it are put into the stream: other threads wait, so that theirs come after.
pub(crate) struct Pieces<'s> {
    _held: MutexGuard<'s, Held>,
}

impl Scratch {
    /// Room for pieces of these sizes in bytes, and where each begins. What it holds is undefined.
    ///
    /// The context must be current. Growing waits for the device, as freeing does.
    pub(crate) fn take<const N: usize>(&self, bytes: [u64; N]) -> Result<(Pieces<'_>, [u64; N])> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = bytes.map(|b| b.max(1).next_multiple_of(ALIGNMENT));
        let whole: u64 = sizes.iter().sum();
        if held.bytes < whole {
            held.release();
            held.address = driver::alloc(whole)?;
            held.bytes = whole;
        }
        let mut next = held.address;
        let places = sizes.map(|b| {
            let here = next;
            next += b;
            here
        });
        Ok((Pieces { _held: held }, places))
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Gives the memory back. The context must be current.
    pub(crate) fn free(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).release();
    }
}

impl Held {
    fn release(&mut self) {
        if self.bytes != 0 {
            // An error of an earlier launch would be told here; the next call tells it too.
            let _ = driver::free(self.address);
            *self = Self::default();
        }
    }
}
