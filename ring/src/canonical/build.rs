//! A placement from its description, whichever algorithm it is.

use alloc::boxed::Box;

use super::Description;
use crate::{Algorithm, Error, Placement, Result};

impl Description {
    /// A placement that puts every key on the node that the described one puts it on, by name, and whose own description is this
    /// one.
    ///
    /// Its ids are new: two processes agree on names. Costs what adding all nodes costs, and a description to compare.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if a parameter or a part of the description is missing, out of bounds, or nothing that the
    /// algorithm knows; what [`Placement::add`] returns for a node that the algorithm cannot take; [`Error::Unsupported`] for an
    /// algorithm that cannot be built so.
    pub fn build(&self) -> Result<Box<dyn Placement>> {
        // An arm an algorithm: `Algorithm::Ring => self.checked(Ring::from_description(self)),`
        #[expect(clippy::match_single_binding, reason = "no algorithm is wired yet")]
        match self.algorithm {
            algorithm => Err(unsupported(algorithm)),
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

fn unsupported(algorithm: Algorithm) -> Error {
    Error::Unsupported {
        algorithm,
        operation: "be built from a description",
        instead: "make it by its own constructor and add the nodes",
    }
}
