//! A placement from its description, whichever algorithm it is.

use alloc::boxed::Box;

use super::Description;
use crate::{
    Algorithm, Anchor, Dx, Error, Jump, JumpBack, Maglev, Memento, MultiProbe, Placement,
    Rendezvous, Result, Ring, Skeleton, Slots, Straw2,
};

impl Description {
    /// What [`build`](Self::build) may use beyond what is in proportion to a description: 256 MiB, enough for 5 million points on a
    /// ring, or 20 million slots of a table.
    pub const MEMORY: usize = 256 << 20;

    /// A placement that puts every key on the node that the described one puts it on, by name, and whose own description is this
    /// one.
    ///
    /// Whatever is done to both of them afterwards, they go on placing alike. Ids are new: two processes agree on names.
    ///
    /// Costs what building it of all nodes at once costs, and a description to compare. It takes memory in proportion to the
    /// description (some 100 times its bytes at most, 250 times where each node is alone in its domains), and up to
    /// [`MEMORY`](Self::MEMORY) for what a description only says the number of: it may come from anywhere. Where that is not enough,
    /// or too much, there is [`build_within`](Self::build_within).
    ///
    /// ```
    /// use hash_ring::{Anchor, Description, KeyHash, Placement, Weight};
    ///
    /// let mut ours = Anchor::new(100, KeyHash::default())?;
    /// for name in ["a", "b", "c"] {
    ///     ours.add(name, Weight::ONE)?;
    /// }
    /// let bytes = ours.describe().encode();
    /// // ... sent to another process ...
    /// let mut theirs = Description::decode(&bytes)?.build()?;
    /// ours.add("d", Weight::ONE)?;
    /// theirs.add("d", Weight::ONE)?;
    /// assert_eq!(theirs.name_of(b"key"), ours.name_of(b"key"));
    /// assert_eq!(theirs.describe().fingerprint(), ours.describe().fingerprint());
    /// # Ok::<(), hash_ring::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if a parameter or a part of the description is missing, out of bounds, or nothing that the
    /// algorithm knows, or if it would take too much memory; what [`Placement::add`] returns for a node that the algorithm cannot
    /// take.
    pub fn build(&self) -> Result<Box<dyn Placement>> {
        self.build_within(Self::MEMORY)
    }

    /// As [`build`](Self::build), with up to `memory` bytes for what a description only says the number of: tokens that derive from
    /// names, slots of a table that do, buckets without nodes. Counted for the time while it is being built, so that the placement takes
    /// less.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_within(&self, memory: usize) -> Result<Box<dyn Placement>> {
        match self.algorithm {
            Algorithm::Ring => self.checked(Ring::from_description(self, memory)),
            Algorithm::Jump => self.checked(Jump::from_description(self)),
            Algorithm::JumpBack => self.checked(JumpBack::from_description(self)),
            Algorithm::Rendezvous => self.checked(Rendezvous::from_description(self)),
            Algorithm::Skeleton => self.checked(Skeleton::from_description(self, memory)),
            Algorithm::Maglev => self.checked(Maglev::from_description(self, memory)),
            Algorithm::Anchor => self.checked(Anchor::from_description(self, memory)),
            Algorithm::Memento => self.checked(Memento::from_description(self)),
            Algorithm::Dx => self.checked(Dx::from_description(self, memory)),
            Algorithm::MultiProbe => self.checked(MultiProbe::from_description(self, memory)),
            Algorithm::Slots => self.checked(Slots::from_description(self, memory)),
            Algorithm::Straw2 => self.checked(Straw2::from_description(self)),
        }
    }

    /// What an algorithm made of the description, if it describes itself in the same way: if it overlooked something, or
    /// put something right that it would not write so, the placement is another one.
    pub(crate) fn checked<P: Placement + 'static>(
        &self,
        built: Result<P>,
    ) -> Result<Box<dyn Placement>> {
        let placement = built?;
        if placement.describe() == *self {
            return Ok(Box::new(placement));
        }
        Err(Error::InvalidParameter {
            parameter: "description",
            found: "of no placement".into(),
            allowed: "what the placement that is built of it describes itself as",
        })
    }
}
