//! What is wrong with a default.

/// Why a default is no value of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", where_(pointer, *inside))]
pub struct DefaultMismatch {
    pub(crate) pointer: String,
    pub(crate) inside: bool,
    pub(crate) reason: String,
}

impl DefaultMismatch {
    /// The JSON pointer of the place that does not fit: from the default's root if it is in the default, else, if it was filled in from the
    /// default of another field, from the text's.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Whether the place is in the default itself.
    pub fn is_inside(&self) -> bool {
        self.inside
    }

    /// What is wrong there.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

fn where_(pointer: &str, inside: bool) -> String {
    match (pointer, inside) {
        ("", true) => String::new(),
        (_, true) => format!("at {pointer} in it: "),
        (_, false) => format!("filled in from {pointer}: "),
    }
}
