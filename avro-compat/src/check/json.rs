//! Reports for programs.

use super::{Finding, Report, Severity};
use crate::error::Location;
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
        let mut out = Writer::new(layout);
        self.write_json(&mut out);
        out.finish()
    }

    /// Writes the report into JSON that has begun, as a value.
    pub fn write_json(&self, out: &mut Writer) {
        out.begin_object();
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

    fn finding(&self, out: &mut Writer, finding: Finding<'_>) {
        out.member("kind", finding.kind().as_str());
        out.member("severity", finding.severity().as_str());
        out.member("path", &finding.path_text());
        out.member("message", &finding.message());
        if let Some(java) = finding.java() {
            out.member("location", &java.location);
        }
        for (name, location) in
            [("reader", finding.reader_location()), ("writer", finding.writer_location())]
        {
            out.name(name);
            place(out, &location);
        }
    }
}

fn place(out: &mut Writer, location: &Location) {
    out.begin_object();
    if let Some(source) = &location.source {
        out.member("source", source);
    }
    out.member("pointer", &location.pointer);
    out.name("line");
    out.integer(location.position.line.into());
    out.name("column");
    out.integer(location.position.column.into());
    out.end_object();
}
