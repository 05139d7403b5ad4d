//! Which names are valid.

use super::NameRules;
use crate::error::Problem;
use crate::schema::{Kind, Name};

const SPECIFICATION: &str =
    "it begins with a letter A-Z, a-z or `_`, and goes on with these and digits";
const UNICODE: &str = "it begins with a letter or `_`, and goes on with these and digits";
const NOT_EMPTY: &str = "it is not empty";

impl NameRules {
    /// What is broken, if something is, by a name without dots.
    fn broken(self, name: &str) -> Option<&'static str> {
        match self {
            Self::Specification => {
                let mut bytes = name.bytes();
                let first = bytes.next().is_some_and(|it| it.is_ascii_alphabetic() || it == b'_');
                let right = first && bytes.all(|it| it.is_ascii_alphanumeric() || it == b'_');
                (!right).then_some(SPECIFICATION)
            }
            Self::Unicode => {
                let mut characters = name.chars();
                let first = characters.next().is_some_and(|it| it.is_alphabetic() || it == '_');
                let right = first && characters.all(|it| it.is_alphanumeric() || it == '_');
                (!right).then_some(UNICODE)
            }
            Self::Any => name.is_empty().then_some(NOT_EMPTY),
        }
    }

    /// Checks a name without dots.
    pub(super) fn check(self, name: &str, of: &'static str) -> Result<(), Problem> {
        match self.broken(name) {
            None => Ok(()),
            Some(rule) => Err(Problem::InvalidName { name: name.to_owned(), of, rule }),
        }
    }

    /// Checks the full name of a type that is being defined.
    pub(super) fn check_full(self, name: &Name) -> Result<(), Problem> {
        self.check(name.simple(), "name of a type")?;
        if !name.namespace().is_empty() && self != Self::Any {
            let broken = name.namespace().split('.').find_map(|it| self.broken(it));
            if broken.is_some() {
                return Err(Problem::InvalidName {
                    name: name.namespace().to_owned(),
                    of: "namespace",
                    rule: "it is names with dots between them, or empty",
                });
            }
        }
        // Java has this rule for the null namespace alone.
        let anywhere = self == Self::Specification || name.namespace().is_empty();
        if anywhere && Kind::primitive(name.simple()).is_some() {
            return Err(Problem::PrimitiveName { name: name.simple().to_owned() });
        }
        Ok(())
    }
}
