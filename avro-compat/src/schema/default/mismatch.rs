//! Why a default does not fit. Found many times over while branches of unions are tried, so that words are made of it at the end only.

use std::fmt;

use crate::error::DefaultMismatch;
use crate::json::Json;
use crate::schema::{Enum, Kind, Name};

/// A value that does not fit its type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mismatch<'t> {
    pub value: Json<'t>,
    pub reason: Reason<'t>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason<'t> {
    Kind { wanted: &'static str, found: &'static str },
    NotAnInteger { kind: Kind },
    OutOfRange { kind: Kind },
    CodePoint { found: char },
    Length { wanted: u32, found: usize },
    Symbol { of: &'t Enum },
    MissingField { field: &'t str, record: &'t Name },
    NoBranch { found: &'static str },
    Endless { field: &'t str },
    TooDeep { limit: usize },
    TooLarge { limit: u64 },
    TooMuchWork,
}

impl Reason<'_> {
    pub(super) fn kind(wanted: &'static str, found: Json<'_>) -> Self {
        Self::Kind { wanted, found: found.kind().described() }
    }

    /// True if the default is refused whatever other branches of unions there are: which of them it is a value of must not depend on a
    /// limit, and not on what is filled in for itself.
    pub(super) fn is_final(self) -> bool {
        matches!(
            self,
            Self::Endless { .. } | Self::TooDeep { .. } | Self::TooLarge { .. } | Self::TooMuchWork
        )
    }
}

impl Mismatch<'_> {
    /// In words, for a default of which this is a part, or into which it was filled.
    pub(crate) fn describe(self, whole: Json<'_>) -> DefaultMismatch {
        let inside = std::ptr::eq(whole.document(), self.value.document())
            && whole.span().start <= self.value.span().start
            && self.value.span().end <= whole.span().end;
        let pointer = self.value.pointer();
        let pointer = if inside { pointer[whole.pointer().len()..].to_owned() } else { pointer };
        DefaultMismatch { pointer, inside, reason: self.reason.to_string() }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { wanted, found } => write!(f, "expected {wanted}, found {found}"),
            Self::NotAnInteger { kind } => {
                write!(f, "expected {kind}, found a number with fraction or exponent: write it without")
            }
            Self::OutOfRange { kind } => write!(f, "the number is out of the range of {kind}"),
            Self::CodePoint { found } => write!(
                f,
                "{found:?} is no byte: bytes are written as the characters U+0000 to U+00FF"
            ),
            Self::Length { wanted, found } => {
                write!(f, "expected {wanted} bytes, found {found}; each character is one")
            }
            Self::Symbol { of } => write!(f, "this is no symbol of enum {:?}", of.name().full()),
            Self::MissingField { field, record } => write!(
                f,
                "field {field:?} of record {:?} is missing, and has no default itself",
                record.full()
            ),
            Self::NoBranch { found } => {
                write!(f, "{found} fits none of the union's branches: change it, or add a branch")
            }
            Self::Endless { field } => write!(
                f,
                "it never ends: what field {field:?} is filled in with has the field missing again"
            ),
            Self::TooDeep { limit } => write!(f, "it is nested more than {limit} deep"),
            Self::TooLarge { limit } => write!(f, "it consists of more than {limit} values"),
            Self::TooMuchWork => {
                f.write_str("finding out whether the schema's defaults fit takes too long: make them smaller, or its unions")
            }
        }
    }
}
