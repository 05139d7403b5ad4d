//! From frames to requests, and from answers to frames.

use std::sync::Arc;
use std::time::Instant;

use ledger::MAX_BATCH_BYTES;
use ledger::codec;
use ledger::model::MAX_EVENTS;

use crate::Problem;
use crate::keys::Scope;
use crate::reads;
use crate::service::{Answer, Completion, Port, Reading, ReplyTo, Request};
use crate::wire::{self, Header, Kind, MAX_REPLY_BYTES};

/// The scope that a kind of request takes.
fn needs(kind: Kind) -> Scope {
    match kind {
        Kind::Ledgers => Scope::Admin,
        Kind::Accounts | Kind::Transfers | Kind::Transactions => Scope::Write,
        _ => Scope::Read,
    }
}

/// The request of a frame. Its answer goes into the port, under `tag`.
pub(super) fn request(
    header: &Header,
    body: &[u8],
    scope: Scope,
    deadline: Instant,
    port: &Arc<Port>,
    tag: u64,
) -> Result<Request, Problem> {
    let kind = Kind::from_number(header.kind).ok_or_else(|| {
        Problem::BadRequest(format!("there is no kind {} of request", header.kind))
    })?;
    if needs(kind) > scope {
        return Err(Problem::Forbidden(needs(kind)));
    }
    if header.problem != 0 {
        return Err(Problem::BadRequest("a request has no problem".to_owned()));
    }
    let count = header.count;
    let reading: Answering = match kind {
        Kind::Hello => return Err(Problem::BadRequest("a second hello".to_owned())),
        Kind::Ledgers | Kind::Accounts | Kind::Transfers | Kind::Transactions => {
            return commit(header, body, deadline, port, tag);
        }
        Kind::FindAccounts => {
            let ids = wire::decode_ids(count, body)?;
            Box::new(move |node| {
                let found = reads::accounts(node, &ids);
                bytes(found.len(), |out| wire::encode_accounts(&found, out))
            })
        }
        Kind::FindEntries => {
            let ids = wire::decode_ids(count, body)?;
            Box::new(move |node| {
                let found = reads::entries(node, &ids)?;
                bytes(found.len(), |out| found.iter().for_each(|it| wire::encode_entry(it, out)))
            })
        }
        Kind::Query => {
            let query = wire::decode_query(count, body)?;
            Box::new(move |node| {
                let page = node.query(&query)?;
                bytes(page.entries.len(), |out| wire::encode_page(&page, out))
            })
        }
        Kind::BalancesAt => {
            let moments = wire::decode_moments(count, body)?;
            Box::new(move |node| {
                let found = reads::balances_at(node, &moments)?;
                bytes(found.len(), |out| wire::encode_balances(&found, out))
            })
        }
        Kind::TrialBalance => {
            empty(count, body)?;
            Box::new(|node| {
                let found = reads::trial_balance(node);
                bytes(found.len(), |out| wire::encode_trials(&found, out))
            })
        }
        Kind::Status => {
            empty(count, body)?;
            Box::new(|node| bytes(0, |out| reads::status(node).encode(out)))
        }
    };
    let port = Arc::clone(port);
    let reading: Reading = Box::new(move |node| {
        port.put([Completion::Read(tag, node.and_then(reading))]);
    });
    Ok(Request::read(reading, Some(deadline)))
}

/// A read that says how many records it found, and their bytes.
type Answering = Box<dyn FnOnce(&ledger::Node) -> Result<(u32, Vec<u8>), Problem> + Send>;

fn bytes(count: usize, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(u32, Vec<u8>), Problem> {
    let mut out = Vec::new();
    encode(&mut out);
    if out.len() > MAX_REPLY_BYTES {
        let found = out.len();
        return Err(Problem::TooLarge(format!(
            "its answer has {found} bytes, at most {MAX_REPLY_BYTES} are sent"
        )));
    }
    // At most MAX_EVENTS records, of whatever kind.
    Ok((count as u32, out))
}

fn empty(count: u32, body: &[u8]) -> Result<(), Problem> {
    if count == 0 && body.is_empty() {
        return Ok(());
    }
    Err(Problem::BadRequest("this kind of request has no body".to_owned()))
}

fn commit(
    header: &Header,
    body: &[u8],
    deadline: Instant,
    port: &Arc<Port>,
    tag: u64,
) -> Result<Request, Problem> {
    if header.count == 0 {
        return Err(Problem::BadRequest("a batch of no events".to_owned()));
    }
    if header.count as usize > MAX_EVENTS || body.len() > MAX_BATCH_BYTES {
        return Err(Problem::TooLarge(format!(
            "{} events in {} bytes, at most {MAX_EVENTS} in {MAX_BATCH_BYTES} are possible in one batch",
            header.count,
            body.len()
        )));
    }
    let batch = codec::decode(header.kind, header.count, body)?;
    let reply = ReplyTo::Port(Arc::clone(port), tag);
    Ok(Request::commit(batch, body.len(), Some(deadline), reply))
}

/// Appends the frame that answers a batch.
pub(super) fn committed(request: u64, kind: u16, answer: &Answer, out: &mut Vec<u8>) {
    let at = wire::begin(out, request, kind, 0, 0);
    codec::encode_reply(&answer.reply, out);
    wire::finish(out, at, count(answer));
}

fn count(answer: &Answer) -> u32 {
    use ledger::model::Reply;
    // At most MAX_EVENTS.
    (match &answer.reply {
        Reply::Ledgers(all) | Reply::Accounts(all) => all.len(),
        Reply::Transfers(all) => all.len(),
        Reply::Transactions(all) => all.len(),
        Reply::Tick => 0,
    }) as u32
}

/// Appends the frame that answers a read.
pub(super) fn found(request: u64, kind: u16, count: u32, body: &[u8], out: &mut Vec<u8>) {
    let at = wire::begin(out, request, kind, 0, 0);
    out.extend_from_slice(body);
    wire::finish(out, at, count);
}

/// Appends the frame that says why there is no answer.
pub(super) fn refused(request: u64, kind: u16, problem: &Problem, out: &mut Vec<u8>) {
    let at = wire::begin(out, request, kind, problem.number(), 0);
    let text = match problem {
        Problem::Other { says, .. } => says.clone(),
        problem => problem.to_string(),
    };
    out.extend_from_slice(text.as_bytes());
    wire::finish(out, at, 0);
}
