//! `ledger feed`.

use std::{io::Write, path::Path};

use ledger::Node;

use super::{new_file, say};
use crate::{Result, line::Line, open};

/// How many changes are read at a time.
pub(super) const PIECE: usize = 50_000;

pub(super) fn run(dir: &Path, out: &Path, from: u64, json: bool) -> Result<bool> {
    let node = open(dir)?;
    let mut file = new_file(out)?;
    let (lines, next) = write(&node, from, node.state().op(), &mut file)?;
    file.flush()?;
    if json {
        say(serde_json::json!({ "changes": lines, "next_op": next, "file": out }));
    } else {
        say(format_args!("{lines} changes in {}; go on with `--from {next}`", out.display()));
    }
    Ok(true)
}

/// Writes changes of operations from `from` through `to`. How many, and the operation behind the last.
pub(super) fn write(node: &Node, from: u64, to: u64, out: &mut dyn Write) -> Result<(u64, u64)> {
    let mut next = from.max(1);
    let mut lines = 0;
    while next <= to {
        let piece = node.changes(next, PIECE)?;
        for change in piece.changes.iter().filter(|change| change.op <= to) {
            serde_json::to_writer(&mut *out, &Line::from(change)).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
            lines += 1;
        }
        if piece.next_op <= next {
            break;
        }
        next = piece.next_op;
    }
    Ok((lines, next.min(to + 1)))
}
