//! Who owns which ranges, whatever it is that says so.

use crate::{Algorithm, Arcs, Error, Placement, Result, Roster};

/// Something by which every hash has one owner, range by range: what [`plan`](crate::plan()) and [`Balance`](crate::Balance) need to be exact.
///
/// Every [`Placement`] is one, but only those that have [`arcs`](Placement::arcs) do not refuse;
/// [`Partitions`](crate::Partitions) makes one of the others.
pub trait Ownership {
    /// The nodes and what they own.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a placement without arcs.
    fn owners(&self) -> Result<Owners<'_>>;
}

/// Nodes, and the ranges that each of them owns.
pub struct Owners<'a> {
    /// The nodes.
    pub roster: &'a Roster,
    /// Arcs in ascending order that cover every hash once; none if there are no nodes.
    pub arcs: Arcs<'a>,
}

impl<P: Placement + ?Sized> Ownership for P {
    fn owners(&self) -> Result<Owners<'_>> {
        let arcs = self.arcs().ok_or_else(|| scattered(self.algorithm()))?;
        Ok(Owners { roster: self.roster(), arcs })
    }
}

fn scattered(algorithm: Algorithm) -> Error {
    Error::Unsupported {
        algorithm,
        operation: "list the ranges of hashes that each node owns: it scatters them",
        instead: "divide the hashes into ranges with Partitions::of",
    }
}
