//! Reports for programs.

use super::{Finding, Report, Severity};
use crate::json::{Layout, Writer};

/// More findings than this are counted, and not told.
const MOST: usize = 1_000;

impl Report {
    /// The report as JSON:
    ///
    /// ```json
    /// {
    ///   "compatible": false, "errors": 1, "hazards": 0, "warnings": 0,
    ///   "findings": [{
    ///     "kind": "type", "severity": "error", "path": ".size",
    ///     "message": "long cannot be read as int",
    ///     "reader": {"source": "new.avsc", "pointer": "/fields/0/type", "line": 1, "column": 70},
    ///     "writer": {"source": "old.avsc", "pointer": "/fields/0/type", "line": 1, "column": 70}
    ///   }]
    /// }
    /// ```
    ///
    /// `source` is there if the text has a name. A finding of kind `branch` has its `causes` in itself. Under
    /// [`Profile::Java`](super::Profile::Java) findings have Java's `location`. Of more than 1,000 findings the rest is counted as `omitted`.
    pub fn to_json(&self, layout: Layout) -> String {
        Writer::written(layout, |out| self.write_json(out))
    }

    /// Writes the report into JSON that has begun, as a value.
    pub fn write_json(&self, out: &mut Writer) {
        out.begin_object();
        self.write_verdict(out);
        out.name("findings");
        out.begin_array();
        // How many findings have begun and not ended; those have `causes`.
        let mut open = 0;
        for finding in self.findings().take(MOST) {
            while open > finding.depth() {
                out.end_array();
                out.end_object();
                open -= 1;
            }
            out.begin_object();
            self.finding(out, finding);
            if finding.kind() == super::FindingKind::Branch {
                out.name("causes");
                out.begin_array();
                open += 1;
            } else {
                out.end_object();
            }
        }
        for _ in 0..open {
            out.end_array();
            out.end_object();
        }
        out.end_array();
        if let omitted @ 1.. = self.findings().len().saturating_sub(MOST) {
            out.name("omitted");
            out.integer(omitted as i64);
        }
        out.end_object();
    }

    /// Writes the members `compatible`, `errors`, `hazards` and `warnings` into an object that has begun.
    pub fn write_verdict(&self, out: &mut Writer) {
        out.name("compatible");
        out.boolean(self.is_compatible());
        for (name, severity) in [
            ("errors", Severity::Error),
            ("hazards", Severity::Hazard),
            ("warnings", Severity::Warning),
        ] {
            out.name(name);
            out.integer(self.count(severity) as i64);
        }
    }

    fn finding(&self, out: &mut Writer, finding: Finding<'_>) {
        finding.write_members(out);
        if let Some(java) = finding.java() {
            out.member("location", &java.location);
        }
        for (name, location) in
            [("reader", finding.reader_location()), ("writer", finding.writer_location())]
        {
            out.name(name);
            location.write_json(out, None);
        }
    }
}

impl Finding<'_> {
    /// Writes the members `kind`, `severity`, `path` and `message` into an object that has begun.
    pub fn write_members(self, out: &mut Writer) {
        out.member("kind", self.kind().as_str());
        out.member("severity", self.severity().as_str());
        out.member("path", &self.path_text());
        out.member("message", &self.message());
    }
}
