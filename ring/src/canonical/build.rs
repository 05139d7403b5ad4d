//! A placement from its description, whichever algorithm it is.

use alloc::boxed::Box;

use super::Description;
use crate::{Algorithm, Error, Placement, Result};

impl Description {
    /// A placement that puts every key on the node that the described one puts it on, by name.
    ///
    /// Its ids are new: two processes agree on names. Costs what adding all nodes costs.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if a parameter or a part of the description is missing, out of bounds, or nothing that the
    /// algorithm knows; what [`Placement::add`] returns for a node that the algorithm cannot take; [`Error::Unsupported`] for an
    /// algorithm that cannot be built so.
    pub fn build(&self) -> Result<Box<dyn Placement>> {
        // An arm an algorithm: `Algorithm::Ring => boxed(Ring::from_description(self)),`
        match self.algorithm {
            algorithm => Err(unsupported(algorithm)),
        }
    }
}

fn boxed<P: Placement + 'static>(built: Result<P>) -> Result<Box<dyn Placement>> {
    Ok(Box::new(built?))
}

fn unsupported(algorithm: Algorithm) -> Error {
    Error::Unsupported {
        algorithm,
        operation: "be built from a description",
        instead: "make it by its own constructor and add the nodes",
    }
}
