//! Reading fields from the front of a body.

use ledger::model::Balances;
use ledger::money::Amount;

use crate::Problem;

/// Bytes that are not read yet.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let Some((head, rest)) = self.0.split_first_chunk() else {
            return Err(bad(format!("a body that ends {} bytes too early", N - self.0.len())));
        };
        self.0 = rest;
        Ok(*head)
    }

    pub fn slice(&mut self, bytes: usize) -> Result<&'a [u8], Problem> {
        let Some((head, rest)) = self.0.split_at_checked(bytes) else {
            return Err(bad(format!("a body that ends {} bytes too early", bytes - self.0.len())));
        };
        self.0 = rest;
        Ok(head)
    }

    pub fn u8(&mut self) -> Result<u8, Problem> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub fn u16(&mut self) -> Result<u16, Problem> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Problem> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Problem> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn u128(&mut self) -> Result<u128, Problem> {
        self.array().map(u128::from_le_bytes)
    }

    pub fn amount(&mut self) -> Result<Amount, Problem> {
        let units = self.u128()?;
        Amount::new(units).ok_or_else(|| bad(format!("an amount of {units}: above 10^38 - 1")))
    }

    pub fn balances(&mut self) -> Result<Balances, Problem> {
        Ok(Balances {
            debits_pending: self.amount()?,
            debits_posted: self.amount()?,
            credits_pending: self.amount()?,
            credits_posted: self.amount()?,
        })
    }

    pub fn reserved<const N: usize>(&mut self) -> Result<(), Problem> {
        match self.array::<N>()? {
            bytes if bytes == [0; N] => Ok(()),
            _ => Err(bad("reserved bytes that are not 0".to_owned())),
        }
    }

    pub fn end(&self) -> Result<(), Problem> {
        match self.0.len() {
            0 => Ok(()),
            left => Err(bad(format!("{left} bytes behind the end of a body"))),
        }
    }
}

pub(super) fn put_balances(balances: &Balances, out: &mut Vec<u8>) {
    for amount in [
        balances.debits_pending,
        balances.debits_posted,
        balances.credits_pending,
        balances.credits_posted,
    ] {
        out.extend_from_slice(&amount.get().to_le_bytes());
    }
}

pub(super) fn bad(found: String) -> Problem {
    Problem::BadRequest(found)
}

/// Records of one size, `count` of them and nothing else.
pub(super) fn records<const N: usize>(count: u32, body: &[u8]) -> Result<&[[u8; N]], Problem> {
    let (records, rest) = body.as_chunks::<N>();
    if records.len() as u64 == u64::from(count) && rest.is_empty() {
        return Ok(records);
    }
    Err(bad(format!("{count} records of {N} bytes are not {} bytes", body.len())))
}
