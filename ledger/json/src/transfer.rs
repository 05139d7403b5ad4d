//! A transfer that happened.

use std::fmt;

use ledger::{
    model::{Asked, PostedTransfer, Transfer, TransferFlags},
    money::Amount,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

use crate::{entry::Sums, numbers::Text};

#[derive(Serialize, Deserialize)]
pub(crate) struct TransferForm {
    id: Text<u128>,
    debit_account_id: Text<u128>,
    credit_account_id: Text<u128>,
    amount: Text<Amount>,
    ledger: u32,
    code: u16,
    flags: Flags,
    pending_id: Text<u128>,
    timeout: u32,
    user_data_128: Text<u128>,
    user_data_64: Text<u64>,
    user_data_32: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<AskedForm>,
    debit: Sums,
    credit: Sums,
    timestamp: Text<u64>,
}

#[derive(Serialize, Deserialize)]
struct AskedForm {
    amount: Text<Amount>,
    zeros: Zeros,
}

impl From<&PostedTransfer> for TransferForm {
    fn from(posted: &PostedTransfer) -> Self {
        let PostedTransfer { transfer, asked, debit, credit } = posted;
        let same = asked.amount == transfer.amount && asked.zeros == 0;
        Self {
            id: Text(transfer.id),
            debit_account_id: Text(transfer.debit_account_id),
            credit_account_id: Text(transfer.credit_account_id),
            amount: Text(transfer.amount),
            ledger: transfer.ledger,
            code: transfer.code,
            flags: Flags(transfer.flags),
            pending_id: Text(transfer.pending_id),
            timeout: transfer.timeout,
            user_data_128: Text(transfer.user_data_128),
            user_data_64: Text(transfer.user_data_64),
            user_data_32: transfer.user_data_32,
            asked: (!same)
                .then_some(AskedForm { amount: Text(asked.amount), zeros: Zeros(asked.zeros) }),
            debit: debit.into(),
            credit: credit.into(),
            timestamp: Text(transfer.timestamp),
        }
    }
}

impl From<TransferForm> for PostedTransfer {
    fn from(form: TransferForm) -> Self {
        Self {
            asked: form.asked.map_or(Asked { amount: form.amount.0, zeros: 0 }, |asked| Asked {
                amount: asked.amount.0,
                zeros: asked.zeros.0,
            }),
            transfer: Transfer {
                id: form.id.0,
                debit_account_id: form.debit_account_id.0,
                credit_account_id: form.credit_account_id.0,
                amount: form.amount.0,
                pending_id: form.pending_id.0,
                user_data_128: form.user_data_128.0,
                user_data_64: form.user_data_64.0,
                user_data_32: form.user_data_32,
                timeout: form.timeout,
                ledger: form.ledger,
                code: form.code,
                flags: form.flags.0,
                timestamp: form.timestamp.0,
            },
            debit: form.debit.into(),
            credit: form.credit.into(),
        }
    }
}

/// A set of bits as a list of their names.
trait Names: Sized {
    /// What one is called, for whoever gets it wrong.
    const WHAT: &'static str;
    const NONE: Self;
    fn names(&self) -> impl Iterator<Item = String>;
    fn with(self, name: &str) -> Option<Self>;
}

/// Flags by their names in lower case.
struct Flags(TransferFlags);

impl Names for Flags {
    const WHAT: &'static str = "flag of a transfer";
    const NONE: Self = Self(TransferFlags::NONE);

    fn names(&self) -> impl Iterator<Item = String> {
        let known = TransferFlags::NAMES.iter().filter(|(_, it)| self.0.contains(*it));
        known.map(|(name, _)| name.to_ascii_lowercase())
    }

    fn with(self, name: &str) -> Option<Self> {
        TransferFlags::NAMES
            .iter()
            .find(|(known, _)| known.to_ascii_lowercase() == name)
            .map(|(_, it)| Self(self.0 | *it))
    }
}

/// The fields that a request left to the ledger, by their names.
struct Zeros(u8);

/// In the order of their bits.
const ZEROS: [&str; 7] = [
    "debit_account_id",
    "credit_account_id",
    "user_data_128",
    "user_data_64",
    "user_data_32",
    "ledger",
    "code",
];

impl Names for Zeros {
    const WHAT: &'static str = "field that a request may leave to the ledger";
    const NONE: Self = Self(0);

    fn names(&self) -> impl Iterator<Item = String> {
        let set = ZEROS.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        set.map(|(_, name)| (*name).to_owned())
    }

    fn with(self, name: &str) -> Option<Self> {
        let bit = ZEROS.iter().position(|known| *known == name)?;
        Some(Self(self.0 | 1 << bit))
    }
}

struct List<T>(std::marker::PhantomData<T>);

impl<'de, T: Names> Visitor<'de> for List<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of names, each of a {}", T::WHAT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<T, A::Error> {
        let mut all = T::NONE;
        while let Some(name) = names.next_element::<String>()? {
            all = all.with(&name).ok_or_else(|| {
                let shown: String = name.chars().take(48).collect();
                A::Error::custom(format!("{shown:?} is no {}", T::WHAT))
            })?;
        }
        Ok(all)
    }
}

macro_rules! list {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.names())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_seq(List(std::marker::PhantomData))
            }
        }
    };
}

list!(Flags);
list!(Zeros);
