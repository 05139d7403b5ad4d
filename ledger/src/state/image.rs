//! The state without its generations: what a snapshot holds, and what digests are of.
//!
//! Little endian: the operation (`u64`), the timestamp (`u64`), the number of ledgers, accounts, accounts created closed and pending transfers
//! (`u32` each); the ledgers in the order of their creation (record, timestamp, and the four totals, each as 16 bytes below 10^38 and 8 bytes
//! above); the accounts in the order of their creation (records); the places of those created closed, ascending (`u32`); the open pending
//! transfers in the order of time (records, as they were recorded).

use super::{ledgers::Defined, totals::Totals};
use crate::{
    Error, Result,
    codec::{
        account_bytes, account_from_bytes, ledger_bytes, ledger_from_bytes, transfer_bytes,
        transfer_from_bytes,
    },
    model::{Account, Transfer},
    money::{Amount, Sum},
};
use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
};

/// A copy of all of a state but what happened: ledgers, accounts, totals and open pending transfers after an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub(super) op: u64,
    pub(super) timestamp: u64,
    pub(super) ledgers: Vec<Defined>,
    pub(super) accounts: Vec<Account>,
    pub(super) born_closed: BTreeSet<u32>,
    pub(super) pendings: Vec<Transfer>,
}

/// The parts of an image, wherever they are.
pub(super) struct Parts<'a> {
    pub(super) op: u64,
    pub(super) timestamp: u64,
    pub(super) ledgers: &'a [Defined],
    pub(super) accounts: &'a [Account],
    pub(super) born_closed: &'a BTreeSet<u32>,
    pub(super) pendings: &'a [Transfer],
}

impl Image {
    /// The last operation that is in it; 0 if there was none.
    #[must_use]
    pub fn op(&self) -> u64 {
        self.op
    }

    /// The largest timestamp that was given until then.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// The BLAKE3 hash of its encoding.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.parts().digest()
    }

    fn parts(&self) -> Parts<'_> {
        let Self { op, timestamp, ledgers, accounts, born_closed, pendings } = self;
        Parts { op: *op, timestamp: *timestamp, ledgers, accounts, born_closed, pendings }
    }

    /// Writes it, in many small pieces: give it something that buffers.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn encode(&self, out: &mut dyn Write) -> io::Result<()> {
        self.parts().encode(out)
    }

    /// Reads what [`encode`](Self::encode) wrote, and not a byte more. Allocates in step with what was read.
    ///
    /// That its parts agree with each other is found out by [`State::from_image`](super::State::from_image).
    ///
    /// # Errors
    ///
    /// [`Error::Corruption`] at the first value that cannot be, [`Error::Io`] if reading fails or ends too early. Both name a file `image`:
    /// who knows its name says it.
    pub fn decode(bytes: &mut dyn Read) -> Result<Self> {
        let mut from = Source { bytes, offset: 0 };
        let (op, timestamp) = (from.u64()?, from.u64()?);
        let counts = [from.u32()?, from.u32()?, from.u32()?, from.u32()?];
        let image = Self {
            op,
            timestamp,
            ledgers: from.list(counts[0], Source::ledger)?,
            accounts: from.list(counts[1], |from| from.record(account_from_bytes))?,
            born_closed: from.places(counts[2], counts[1])?,
            pendings: from.list(counts[3], |from| from.record(transfer_from_bytes))?,
        };
        // A state has them in one order, and so one digest.
        if image.pendings.is_sorted_by(|one, other| one.timestamp < other.timestamp) {
            Ok(image)
        } else {
            Err(from.corruption("the open pending transfers are not in the order of time"))
        }
    }
}

impl Parts<'_> {
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        // A hasher takes everything.
        let _ = self.encode(&mut hasher);
        *hasher.finalize().as_bytes()
    }

    fn encode(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.op.to_le_bytes())?;
        out.write_all(&self.timestamp.to_le_bytes())?;
        for count in
            [self.ledgers.len(), self.accounts.len(), self.born_closed.len(), self.pendings.len()]
        {
            let count = u32::try_from(count).map_err(|_| {
                io::Error::other(format!("{count} records are too many for an image"))
            })?;
            out.write_all(&count.to_le_bytes())?;
        }
        for Defined { ledger, timestamp, totals } in self.ledgers {
            out.write_all(&ledger_bytes(ledger))?;
            out.write_all(&timestamp.to_le_bytes())?;
            for sum in [
                totals.debits_pending,
                totals.debits_posted,
                totals.credits_pending,
                totals.credits_posted,
            ] {
                let (high, low) = sum.parts();
                out.write_all(&low.get().to_le_bytes())?;
                out.write_all(&high.to_le_bytes())?;
            }
        }
        for account in self.accounts {
            out.write_all(&account_bytes(account))?;
        }
        for place in self.born_closed {
            out.write_all(&place.to_le_bytes())?;
        }
        for transfer in self.pendings {
            out.write_all(&transfer_bytes(transfer))?;
        }
        Ok(())
    }
}

/// What is read, and how far.
struct Source<'a> {
    bytes: &'a mut dyn Read,
    offset: u64,
}

impl Source<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        self.bytes.read_exact(&mut array).map_err(|error| Error::io("read", "image", error))?;
        self.offset += N as u64;
        Ok(array)
    }

    fn corruption(&self, found: impl Into<String>) -> Error {
        Error::corruption("image", self.offset, found)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn list<T>(&mut self, count: u32, item: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        // A count may be damaged, too: beyond this the list grows as it is read.
        let mut list = Vec::with_capacity(count.min(4096) as usize);
        for _ in 0..count {
            list.push(item(self)?);
        }
        Ok(list)
    }

    fn record<T, const N: usize>(
        &mut self,
        decode: impl Fn(&[u8; N]) -> Result<T, String>,
    ) -> Result<T> {
        let bytes = self.array::<N>()?;
        decode(&bytes).map_err(|reason| self.corruption(format!("the record before: {reason}")))
    }

    fn sum(&mut self) -> Result<Sum> {
        let low = u128::from_le_bytes(self.array()?);
        let low = Amount::new(low).ok_or_else(|| {
            self.corruption(format!("the lower part of a total is {low}, 10^38 or more"))
        })?;
        Ok(Sum::from_parts(self.u64()?, low))
    }

    fn ledger(&mut self) -> Result<Defined> {
        let ledger = self.record(ledger_from_bytes)?;
        let timestamp = self.u64()?;
        let totals = Totals {
            ledger: ledger.id,
            debits_pending: self.sum()?,
            debits_posted: self.sum()?,
            credits_pending: self.sum()?,
            credits_posted: self.sum()?,
        };
        Ok(Defined { ledger, timestamp, totals })
    }

    fn places(&mut self, count: u32, below: u32) -> Result<BTreeSet<u32>> {
        let mut places = BTreeSet::new();
        for _ in 0..count {
            let place = self.u32()?;
            if place >= below || places.last().is_some_and(|last| *last >= place) {
                return Err(self.corruption(format!(
                    "{place} is no place of the next account that was created closed"
                )));
            }
            places.insert(place);
        }
        Ok(places)
    }
}
