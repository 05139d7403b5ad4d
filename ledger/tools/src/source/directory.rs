//! The changes of a directory that no server has open.

use std::{time::Duration, vec};

use ledger::{Node, query::Change};

use super::{Heard, Source};
use crate::Result;

/// How many changes are read at a time.
const PIECE: usize = 50_000;

/// Changes of some operations, in order. Memory: those of 50,000 changes and one operation.
#[derive(Debug)]
pub struct Directory<'a> {
    node: &'a Node,
    next_op: u64,
    through: u64,
    piece: vec::IntoIter<Change>,
}

impl<'a> Directory<'a> {
    /// Those of the operations from `from` through `through`.
    #[must_use]
    pub fn new(node: &'a Node, from: u64, through: u64) -> Self {
        Self { node, next_op: from.max(1), through, piece: Vec::new().into_iter() }
    }

    fn read(&mut self) -> Result<Option<Change>> {
        loop {
            if let Some(change) = self.piece.next() {
                return Ok((change.op <= self.through).then_some(change));
            }
            if self.next_op > self.through {
                return Ok(None);
            }
            let piece = self.node.changes(self.next_op, PIECE)?;
            if piece.next_op <= self.next_op {
                return Ok(None);
            }
            self.next_op = piece.next_op;
            self.piece = piece.changes.into_iter();
        }
    }
}

impl Iterator for Directory<'_> {
    type Item = Result<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if !matches!(read, Ok(Some(_))) {
            (self.through, self.piece) = (0, Vec::new().into_iter());
        }
        read.transpose()
    }
}

impl Source for Directory<'_> {
    fn hear(&mut self, _: Duration) -> Result<Heard> {
        Ok(match self.next().transpose()? {
            Some(change) => Heard::Change(Box::new(change)),
            None => Heard::End,
        })
    }
}
