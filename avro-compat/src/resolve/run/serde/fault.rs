//! Faults in serde's traits.

use serde_core::de;

use crate::binary::Fault;
use crate::error::DecodeProblem;

/// A fault, as serde's traits want it.
#[derive(Debug)]
pub(crate) struct SerdeFault(pub Box<Fault>);

impl From<Box<Fault>> for SerdeFault {
    fn from(fault: Box<Fault>) -> Self {
        Self(fault)
    }
}

/// Says no offset yet: that is put in where the value was asked for.
const UNKNOWN: usize = usize::MAX;

impl de::Error for SerdeFault {
    #[cold]
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        let problem = DecodeProblem::Target { message: message.to_string() };
        Self(Box::new(Fault { problem, offset: UNKNOWN, place: None }))
    }
}

impl std::fmt::Display for SerdeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.problem.fmt(f)
    }
}

impl std::error::Error for SerdeFault {}

/// A fault of the target type's is where the value is that it was asked to take.
#[cold]
pub(super) fn offset(mut fault: SerdeFault, before: usize) -> SerdeFault {
    if fault.0.offset == UNKNOWN {
        fault.0.offset = before;
    }
    fault
}
