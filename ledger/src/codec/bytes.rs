//! Reading bytes from the front, with a reason where they end too early.

use super::Reason;
use crate::{model::Balances, money::Amount};

/// Bytes that are not read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Reason> {
        let Some((head, rest)) = self.0.split_first_chunk::<N>() else {
            return Err(self.ends(what, N));
        };
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn slice(&mut self, what: &str, bytes: usize) -> Result<&'a [u8], Reason> {
        let Some((head, rest)) = self.0.split_at_checked(bytes) else {
            return Err(self.ends(what, bytes));
        };
        self.0 = rest;
        Ok(head)
    }

    #[cold]
    fn ends(&self, what: &str, wanted: usize) -> Reason {
        format!("the bytes end within {what}: it has {wanted} bytes, {} are left", self.0.len())
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8, Reason> {
        self.array::<1>(what).map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self, what: &str) -> Result<u16, Reason> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, Reason> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64, Reason> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(super) fn u128(&mut self, what: &str) -> Result<u128, Reason> {
        self.array(what).map(u128::from_le_bytes)
    }

    pub(super) fn amount(&mut self, what: &str) -> Result<Amount, Reason> {
        let units = self.u128(what)?;
        Amount::new(units)
            .ok_or_else(|| format!("{what} of {units} is above the limit of 10^38 - 1"))
    }

    pub(super) fn balances(&mut self) -> Result<Balances, Reason> {
        Ok(Balances {
            debits_pending: self.amount("debits_pending")?,
            debits_posted: self.amount("debits_posted")?,
            credits_pending: self.amount("credits_pending")?,
            credits_posted: self.amount("credits_posted")?,
        })
    }

    /// Bytes that no version has given a meaning yet.
    pub(super) fn reserved<const N: usize>(&mut self) -> Result<(), Reason> {
        match self.array::<N>("reserved bytes")? {
            bytes if bytes == [0; N] => Ok(()),
            bytes => Err(format!(
                "reserved bytes are {bytes:?}, not 0; a newer program may have written them"
            )),
        }
    }
}

/// Fills an array of fixed size from the front: a place in it that moves on. Handing the array itself on would copy it at every step.
#[derive(Debug)]
pub(super) struct Fill<'a>(&'a mut [u8]);

impl<'a> Fill<'a> {
    /// The array that `fill` fills.
    #[inline(always)]
    pub(super) fn array<const N: usize>(fill: impl FnOnce(Fill<'_>) -> Fill<'_>) -> [u8; N] {
        let mut bytes = [0; N];
        let rest = fill(Fill(&mut bytes));
        debug_assert!(rest.0.is_empty(), "a record that is not full");
        bytes
    }

    /// Puts the next bytes. Panics past the end: the layouts of this module are constants, each met by a test.
    #[inline(always)]
    pub(super) fn put<const M: usize>(self, bytes: [u8; M]) -> Self {
        let (head, rest) = self.0.split_at_mut(M);
        head.copy_from_slice(&bytes);
        Self(rest)
    }

    #[inline(always)]
    pub(super) fn put_balances(self, balances: &Balances) -> Self {
        self.put(balances.debits_pending.get().to_le_bytes())
            .put(balances.debits_posted.get().to_le_bytes())
            .put(balances.credits_pending.get().to_le_bytes())
            .put(balances.credits_posted.get().to_le_bytes())
    }
}
