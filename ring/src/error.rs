//! The one error type of the crate.
//!
//! Written out by hand: the crate has no dependency but hash functions.

use alloc::string::String;
use core::fmt;

use crate::{Algorithm, NodeId};

/// What went wrong, with what was found and what to do about it.
///
/// No operation that returns an error has changed anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// No node of this id is in the placement: it left, or belongs to another one.
    UnknownNode {
        /// The id asked for.
        node: NodeId,
    },
    /// No node of this name is in the placement.
    UnknownName {
        /// The name asked for.
        name: String,
    },
    /// A node of this name is there already.
    DuplicateName {
        /// The name given twice.
        name: String,
    },
    /// A name is empty or longer than [`Roster::MAX_NAME_LEN`](crate::Roster::MAX_NAME_LEN) bytes.
    NameLength {
        /// Its length in bytes.
        found: usize,
    },
    /// The placement is full.
    TooManyNodes {
        /// How many nodes it can hold.
        max: usize,
    },
    /// Copies that must be in distinct failure domains have fewer to be in.
    TooFewDomains {
        /// The level of the domains.
        level: String,
        /// How many there are.
        found: usize,
        /// How many copies there shall be.
        wanted: usize,
    },
    /// There are fewer nodes than copies.
    TooFewNodes {
        /// How many there are.
        found: usize,
        /// How many copies there shall be.
        wanted: usize,
    },
    /// A weight that is not a positive number of at most 65,535.
    InvalidWeight {
        /// What was given, as text.
        found: String,
    },
    /// A parameter outside of what the algorithm can do.
    InvalidParameter {
        /// Its name.
        parameter: &'static str,
        /// What was given, as text.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The algorithm cannot do this.
    Unsupported {
        /// Which.
        algorithm: Algorithm,
        /// What was asked of it.
        operation: &'static str,
        /// What can be done in its place.
        instead: &'static str,
    },
    /// Serialised bytes that are not a placement.
    Decode {
        /// Where in the input, in bytes.
        offset: usize,
        /// What was found there, and what was expected.
        found: String,
    },
}

/// What the crate's fallible operations return.
pub type Result<T, E = Error> = core::result::Result<T, E>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownNode { node } => {
                write!(f, "{node} is not in this placement: it left, or belongs to another one")
            }
            Self::UnknownName { name } => write!(f, "no node is named {name:?}"),
            Self::DuplicateName { name } => {
                write!(
                    f,
                    "a node named {name:?} is there already: remove it first, or re-weight it"
                )
            }
            Self::NameLength { found } => write!(
                f,
                "a node's name has 1 to {} bytes, this one has {found}",
                crate::Roster::MAX_NAME_LEN
            ),
            Self::TooManyNodes { max } => write!(f, "this placement holds at most {max} nodes"),
            Self::TooFewDomains { level, found, wanted } => write!(
                f,
                "{wanted} copies must be in as many domains of level {level:?}, of which there are {found}: add domains, ask for fewer \
                 copies, or allow repeats (Shortage::Relax)"
            ),
            Self::TooFewNodes { found, wanted } => {
                write!(f, "{wanted} copies, and only {found} nodes to hold them")
            }
            Self::InvalidWeight { found } => {
                write!(f, "weight {found}: a weight is a number above 0 and at most 65535")
            }
            Self::InvalidParameter { parameter, found, allowed } => {
                write!(f, "{parameter} is {found}, must be {allowed}")
            }
            Self::Unsupported { algorithm, operation, instead } => {
                write!(f, "{algorithm} cannot {operation}; {instead}")
            }
            Self::Decode { offset, found } => write!(f, "not a placement: byte {offset}: {found}"),
        }
    }
}

impl core::error::Error for Error {}
