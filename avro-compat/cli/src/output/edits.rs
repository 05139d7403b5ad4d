//! Edits, as a unified diff.

use similar::TextDiff;

/// What changes in a file, as `patch` and `git apply` take it; empty if nothing does.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut unified = diff.unified_diff();
    unified.context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}
