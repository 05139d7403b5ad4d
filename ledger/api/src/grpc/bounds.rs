//! What a message may make the server allocate, found out before it is read.
//!
//! An empty message within a message is two bytes on the wire and hundreds in memory: four megabytes of them would be half a gigabyte. So the fields that become values on the
//! heap are counted first, in the bytes as they came.

use ledger::model::MAX_EVENTS;

use super::v1;
use crate::Problem;

/// Which fields of a message hold messages that hold more.
pub(crate) struct Shape(&'static [(u32, &'static Shape)]);

/// Whatever is in it is no message, or has none in it.
const FLAT: Shape = Shape(&[]);
const EVENTS: Shape = Shape(&[(1, &FLAT)]);
const TRANSACTIONS: Shape =
    Shape(&[(1, &Shape(&[(4, &Shape(&[(1, &FLAT)])), (5, &FLAT), (6, &FLAT)]))]);
const QUERY: Shape = Shape(&[(2, &FLAT)]);

/// Events of a batch, ids or moments, and what else a request has.
const MAX_TOP: usize = MAX_EVENTS + 16;
/// All fields of a request together: a transfer has at most 13, and a flag is a field for some clients.
const MAX_FIELDS: usize = MAX_EVENTS * 24;

/// A message that is read only if it is within bounds.
pub(crate) trait Bounded {
    /// What is counted; nothing of what a server sends.
    const SHAPE: Option<&'static Shape>;
}

macro_rules! bounded {
    ($($shape:expr => $($name:ident)+;)+) => {
        $($(impl Bounded for v1::$name {
            const SHAPE: Option<&'static Shape> = $shape;
        })+)+
    };
}

bounded! {
    Some(&EVENTS) => CreateLedgersRequest CreateAccountsRequest CreateTransfersRequest BalancesAtRequest;
    Some(&TRANSACTIONS) => CreateTransactionsRequest;
    Some(&QUERY) => QueryRequest;
    Some(&FLAT) => LookupAccountsRequest LookupEntriesRequest StatementRequest TrialBalanceRequest StatusRequest FeedRequest CheckpointRequest;
    None => CreateLedgersResponse CreateAccountsResponse CreateTransfersResponse CreateTransactionsResponse LookupAccountsResponse LookupEntriesResponse
        QueryResponse BalancesAtResponse StatementResponse TrialBalanceResponse StatusResponse FeedResponse CheckpointResponse;
}

/// Counts the fields of a message.
///
/// # Errors
///
/// [`Problem::TooLarge`]; [`Problem::BadRequest`] of bytes that are no message.
pub(crate) fn check(message: &[u8], shape: &Shape) -> Result<(), Problem> {
    let mut counted = Counted { top: 0, all: 0 };
    counted.walk(message, shape, true)
}

struct Counted {
    top: usize,
    all: usize,
}

impl Counted {
    fn walk(&mut self, message: &[u8], shape: &Shape, top: bool) -> Result<(), Problem> {
        let mut input = Input(message);
        while !input.0.is_empty() {
            self.all += 1;
            self.top += usize::from(top);
            if self.top > MAX_TOP {
                let says = format!("more than {MAX_EVENTS} events, ids or moments");
                return Err(Problem::TooLarge(says));
            }
            if self.all > MAX_FIELDS {
                return Err(Problem::TooLarge(format!(
                    "a message of more than {MAX_FIELDS} fields"
                )));
            }
            let (tag, inner) = input.field().ok_or_else(no_message)?;
            let found = shape.0.iter().find(|it| u64::from(it.0) == tag);
            if let (Some((_, shape)), Some(inner)) = (found, inner) {
                // Shapes are four deep at the most.
                self.walk(inner, shape, false)?;
            }
        }
        Ok(())
    }
}

/// What is said of bytes that are no message, wherever it is found out.
pub(crate) fn no_message() -> Problem {
    Problem::BadRequest("its bytes are no message of this call".to_owned())
}

/// The rest of a message.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// The next field's number, and its bytes if it has a length.
    fn field(&mut self) -> Option<(u64, Option<&'a [u8]>)> {
        let key = self.varint()?;
        let inner = match key & 7 {
            0 => self.varint().map(|_| None)?,
            1 => self.take(8).map(|_| None)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Some(self.take(length)?)
            }
            5 => self.take(4).map(|_| None)?,
            // Groups, which this version of the language does not have.
            _ => return None,
        };
        Some((key >> 3, inner))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for at in 0..10 {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(first & 0x7f).checked_shl(at * 7)?;
            if first & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    fn empty(count: usize) -> Vec<u8> {
        [10, 0].repeat(count)
    }

    #[test]
    fn as_many_as_are_possible_and_no_more() {
        let all = v1::Transfer {
            id: "1".to_owned(),
            debit_account_id: "2".to_owned(),
            credit_account_id: "3".to_owned(),
            amount: "4".to_owned(),
            ledger: 1,
            code: 1,
            flags: (1..=8).collect(),
            pending_id: "5".to_owned(),
            timeout: 1,
            user_data_128: "6".to_owned(),
            user_data_64: 1,
            user_data_32: 1,
            timestamp: 1,
        };
        let batch = v1::CreateTransfersRequest { transfers: vec![all; MAX_EVENTS] };
        assert_eq!(check(&batch.encode_to_vec(), &EVENTS), Ok(()));
        assert_eq!(check(&empty(MAX_TOP), &EVENTS), Ok(()));
        for (shape, message) in [
            (&EVENTS, empty(MAX_TOP + 1)),
            (&FLAT, empty(MAX_TOP + 1)),
            (&EVENTS, nested(1, &empty(MAX_FIELDS))),
            (&QUERY, nested(2, &empty(MAX_FIELDS))),
            (&TRANSACTIONS, nested(1, &nested(4, &empty(MAX_FIELDS)))),
        ] {
            assert!(matches!(check(&message, shape), Err(Problem::TooLarge(_))));
        }
    }

    fn nested(tag: u8, inner: &[u8]) -> Vec<u8> {
        let mut out = vec![tag << 3 | 2];
        prost::encoding::encode_varint(inner.len() as u64, &mut out);
        out.extend_from_slice(inner);
        out
    }

    #[test]
    fn bytes_that_are_no_message() {
        for bad in [
            &[10][..],
            &[10, 5, 1],
            &[11],
            &[255; 11],
            &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
            &[13, 1],
            &[9, 1, 2],
            &[10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        ] {
            assert!(matches!(check(bad, &EVENTS), Err(Problem::BadRequest(_))), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_looked_at(bytes: Vec<u8>) {
            let _ = check(&bytes, &TRANSACTIONS);
        }
    }
}
