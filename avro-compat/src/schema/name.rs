//! Names of types.

use std::sync::Arc;

/// The full name of a named type, or of an alias of one: a namespace, which may be the null namespace, and a name.
///
/// Cheap to clone. Two are equal if their full names are.
#[derive(Clone, Debug)]
pub struct Name {
    full: Arc<str>,
    /// Where the simple name begins.
    simple: u32,
}

impl Name {
    /// A name as an attribute of a schema spells it. With a dot in it, it is a full name, else it is in `namespace`; a dot in front
    /// of it and nowhere else puts it into the null namespace.
    pub(crate) fn resolve(name: &str, namespace: &str) -> Self {
        match name.rfind('.') {
            Some(0) => Self { full: name[1..].into(), simple: 0 },
            // Names are no longer than texts, whose lengths fit.
            Some(dot) => Self { full: name.into(), simple: dot as u32 + 1 },
            None if namespace.is_empty() => Self { full: name.into(), simple: 0 },
            None => {
                let mut full = String::with_capacity(namespace.len() + 1 + name.len());
                full.push_str(namespace);
                full.push('.');
                full.push_str(name);
                Self { full: full.into(), simple: namespace.len() as u32 + 1 }
            }
        }
    }

    /// Namespace, dot and name; the name alone, in the null namespace.
    pub fn full(&self) -> &str {
        &self.full
    }

    /// The name without its namespace.
    pub fn simple(&self) -> &str {
        &self.full[self.simple as usize..]
    }

    /// The namespace; empty for the null namespace.
    pub fn namespace(&self) -> &str {
        &self.full[..(self.simple as usize).saturating_sub(1)]
    }

    /// How it is spelt where names without a namespace are in some namespace.
    pub(crate) fn relative_to(&self, namespace: &str) -> String {
        if self.namespace() == namespace { self.simple().to_owned() } else { self.absolute() }
    }

    /// How it is spelt wherever that is.
    pub(crate) fn absolute(&self) -> String {
        if self.namespace().is_empty() {
            format!(".{}", self.simple())
        } else {
            self.full().to_owned()
        }
    }

    pub(crate) fn shared(&self) -> &Arc<str> {
        &self.full
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.full == other.full
    }
}

impl Eq for Name {}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.full.hash(state);
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.full())
    }
}
