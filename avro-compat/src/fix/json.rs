//! Fixes for programs.

use super::Fix;
use crate::json::{Layout, Writer};

impl Fix {
    /// The fix as JSON; its `edits` are a JSON Patch (RFC 6902), of the text `source` if that has a name:
    ///
    /// ```json
    /// {
    ///   "title": "give field \"size\" the default 0",
    ///   "edits": [{"op": "add", "path": "/fields/0/default", "value": 0}],
    ///   "adds": [{"severity": "warning", "message": "..."}]
    /// }
    /// ```
    pub fn to_json(&self, layout: Layout) -> String {
        Writer::written(layout, |out| self.write_json(out))
    }

    /// Writes the fix into JSON that has begun, as a value.
    pub fn write_json(&self, out: &mut Writer) {
        out.begin_object();
        out.member("title", &self.title);
        if let Some(source) = &self.source {
            out.member("source", source);
        }
        out.name("edits");
        out.begin_array();
        for edit in &self.edits {
            out.begin_object();
            out.member("op", edit.operation.as_str());
            out.member("path", &edit.pointer);
            out.name("value");
            out.raw(&edit.value);
            out.end_object();
        }
        out.end_array();
        out.name("adds");
        out.begin_array();
        for (severity, message) in &self.adds {
            out.begin_object();
            out.member("severity", severity.as_str());
            out.member("message", message);
            out.end_object();
        }
        out.end_array();
        out.end_object();
    }
}
