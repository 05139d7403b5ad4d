//! The binary protocol: frames, and what is in them. `PROTOCOL.md` has the tables.
//!
//! Everything is little endian. Reading bytes that anybody may have sent never panics, and never allocates more than those bytes justify.

mod ask;
mod entry;
mod fields;
mod found;
mod frame;
mod input;

pub use ask::{
    FILTER_BYTES, QUERY_BYTES, decode_ids, decode_moments, decode_query, encode_ids,
    encode_moments, encode_query,
};
pub use entry::{decode_entries, encode_entry};
pub use found::{
    BALANCES_BYTES, Hello, Status, Trial, decode_accounts, decode_balances, decode_page,
    decode_trials, encode_accounts, encode_balances, encode_page, encode_trials,
};
pub use frame::{HEADER_BYTES, Header, Kind, MAX_BODY_BYTES, MAX_REPLY_BYTES, begin, finish};
pub(crate) use input::Input;
