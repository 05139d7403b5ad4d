//! JSON Patch (RFC 6902), as far as edits are one.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use avro_compat::fix::{Edit, Operation};

/// The value of a text with edits.
pub fn patched(text: &str, edits: &[Edit]) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    for edit in edits {
        let new: serde_json::Value = serde_json::from_str(&edit.value).unwrap();
        let (parent, last) = edit.pointer.rsplit_once('/').unwrap_or(("", ""));
        match (edit.operation, last) {
            (Operation::Replace, _) => *value.pointer_mut(&edit.pointer).unwrap() = new,
            (Operation::Add, "-") => {
                value.pointer_mut(parent).unwrap().as_array_mut().unwrap().push(new)
            }
            (Operation::Add, name) => {
                let object = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                assert!(object.insert(name.to_owned(), new).is_none());
            }
        }
    }
    value
}
