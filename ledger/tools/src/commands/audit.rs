//! `ledger audit` and `ledger prove`.

use std::{io::Write, path::Path};

use ledger::log;

use super::say;
use crate::{Error, Result, open, reconcile::hex, target};

pub(super) fn export(
    dir: &Path,
    out: &Path,
    from: u64,
    to: Option<u64>,
    json: bool,
) -> Result<bool> {
    let node = open(dir)?;
    let to = to.unwrap_or(node.tail().op);
    if from == 0 || from > to || to > node.tail().op {
        return Err(Error::Asked(format!(
            "no operations {from} to {to}: the log has 1 to {}",
            node.tail().op
        )));
    }
    let mut file = target::create(out)?;
    let last = log::export(node.log(), from..=to, &mut file)?;
    file.flush()?;
    let hash = hex(&last.hash);
    if json {
        say(serde_json::json!({ "from": from, "to": to, "chain_hash": hash, "file": out }));
    } else {
        say(format_args!("operations {from} to {to} in {}", out.display()));
        say(format_args!("write this down where nobody who can write the log can write: {hash}"));
        say(format_args!("next: `ledger prove {} --hash {hash}`", out.display()));
    }
    Ok(true)
}

pub(super) fn prove(file: &Path, hash: &str, json: bool) -> Result<bool> {
    let expected = digest(hash)
        .ok_or_else(|| Error::Asked("--hash takes 64 hexadecimal digits".to_owned()))?;
    let mut input = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(file)?);
    match log::verify_export(&mut input, &expected, &mut |_| {}) {
        Ok(summary) => {
            if json {
                say(
                    serde_json::json!({ "proved": true, "from": summary.before.op + 1, "to": summary.last.op, "events": summary.events }),
                );
            } else {
                say(format_args!(
                    "operations {} to {}, {} events, are those that led to this hash",
                    summary.before.op + 1,
                    summary.last.op,
                    summary.events
                ));
            }
            Ok(true)
        }
        Err(error @ (ledger::Error::Corruption { .. } | ledger::Error::Mismatch(_))) => {
            if json {
                say(serde_json::json!({ "proved": false, "why": error.to_string() }));
            } else {
                say(format_args!("NOT PROVED: {error}"));
            }
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    if text.len() != 64 || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, digits) in digest.iter_mut().zip(text.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(digest)
}
