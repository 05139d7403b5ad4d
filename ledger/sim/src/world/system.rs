//! What is tested: a node, or something that is to be caught.

use std::sync::Arc;

use ledger::{Committed, Node, NodeOptions, Recovery, Result, model::Batch};

use super::{SimArchive, SimDisk};

/// A ledger that runs.
pub trait System {
    /// [`Node::commit`].
    ///
    /// # Errors
    ///
    /// As there.
    fn commit(&mut self, clock: u64, batches: &[Batch]) -> Result<Vec<Committed>>;

    /// [`Node::tick`].
    ///
    /// # Errors
    ///
    /// As there.
    fn tick(&mut self, clock: u64) -> Result<()>;

    /// [`Node::checkpoint`].
    ///
    /// # Errors
    ///
    /// As there.
    fn checkpoint(&mut self) -> Result<()>;

    /// [`Node::close`].
    ///
    /// # Errors
    ///
    /// As there.
    fn close(self: Box<Self>) -> Result<()>;

    /// What is looked into.
    fn node(&self) -> &Node;
}

/// Makes a system of what is on a disk.
pub trait Opener {
    /// [`Node::open`].
    ///
    /// # Errors
    ///
    /// As there.
    fn open(
        &self,
        disk: &SimDisk,
        archive: &SimArchive,
        options: NodeOptions,
    ) -> Result<(Box<dyn System>, Recovery)>;
}

/// The ledger itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Real;

impl Opener for Real {
    fn open(
        &self,
        disk: &SimDisk,
        archive: &SimArchive,
        options: NodeOptions,
    ) -> Result<(Box<dyn System>, Recovery)> {
        let (node, recovery) =
            Node::open(Arc::new(disk.clone()), Arc::new(archive.clone()), options)?;
        Ok((Box::new(node), recovery))
    }
}

impl System for Node {
    fn commit(&mut self, clock: u64, batches: &[Batch]) -> Result<Vec<Committed>> {
        Self::commit(self, clock, batches)
    }

    fn tick(&mut self, clock: u64) -> Result<()> {
        Self::tick(self, clock)
    }

    fn checkpoint(&mut self) -> Result<()> {
        Self::checkpoint(self)
    }

    fn close(self: Box<Self>) -> Result<()> {
        Self::close(*self)
    }

    fn node(&self) -> &Node {
        self
    }
}
