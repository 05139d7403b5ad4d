//! Reports for people: each finding with its place in the text of both schemas.

use std::fmt::Write as _;

use super::{Finding, FindingKind, Report, Severity};
use crate::error::Location;
use crate::json::Json;

/// How a report is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RenderOptions {
    /// What to call the text that is read with, if it has no name of its own. `reader` by default.
    pub reader: String,
    /// What to call the text that was written with, if it has no name of its own. `writer` by default.
    pub writer: String,
    /// How many characters of a line are shown. 100 by default.
    pub width: usize,
    /// How many findings are told; more are counted. 100 by default.
    pub max_findings: usize,
}

impl Default for RenderOptions {
    fn default() -> Self {
        let (reader, writer) = ("reader".to_owned(), "writer".to_owned());
        Self { reader, writer, width: 100, max_findings: 100 }
    }
}

impl RenderOptions {
    /// With names of the texts: those of their files, for instance.
    pub fn named(reader: impl Into<String>, writer: impl Into<String>) -> Self {
        Self { reader: reader.into(), writer: writer.into(), ..Self::default() }
    }
}

/// A part of a rendered report, which may have a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The severity, with the kind of the finding.
    Head(Severity),
    /// What is the matter.
    Message,
    /// Arrows, bars and numbers of lines.
    Frame,
    /// What points to a place.
    Caret(Severity),
    /// A remark.
    Note,
}

impl Report {
    /// The report as plain text, with excerpts from the schemas' texts. Empty if nothing was found.
    ///
    /// ```
    /// use avro_compat::Schema;
    /// use avro_compat::check::{CheckOptions, RenderOptions, check};
    ///
    /// let reader = Schema::parse(r#"{"type": "array", "items": "int"}"#)?;
    /// let writer = Schema::parse(r#"{"type": "array", "items": "long"}"#)?;
    /// let report = check(&reader, &writer, &CheckOptions::default());
    /// assert_eq!(report.render(&RenderOptions::named("new.avsc", "old.avsc")), r#"
    /// error[type]: long cannot be read as int
    ///   --> new.avsc:1:28 (/items)
    ///    |
    ///  1 | {"type": "array", "items": "int"}
    ///    |                            ^^^^^ read as this
    ///   --> old.avsc:1:28 (/items)
    ///    |
    ///  1 | {"type": "array", "items": "long"}
    ///    |                            ------ written as this
    ///    = at: []
    /// "#.trim_start());
    /// # Ok::<(), avro_compat::Error>(())
    /// ```
    pub fn render(&self, options: &RenderOptions) -> String {
        self.render_with(options, &mut |_, text| text.to_owned())
    }

    /// The report as text, each part of it as `paint` gives it back: with colours, for instance.
    pub fn render_with(
        &self,
        options: &RenderOptions,
        paint: &mut dyn FnMut(Part, &str) -> String,
    ) -> String {
        let mut out = Out { text: String::new(), options, paint };
        let count = self.leaves().count();
        for finding in self.leaves().take(options.max_findings) {
            if !out.text.is_empty() {
                out.text.push('\n');
            }
            out.finding(finding);
        }
        if let more @ 1.. = count.saturating_sub(options.max_findings) {
            let more = format!("... and {more} more");
            out.part(Part::Note, &more);
            out.text.push('\n');
        }
        out.text
    }
}

struct Out<'o> {
    text: String,
    options: &'o RenderOptions,
    paint: &'o mut dyn FnMut(Part, &str) -> String,
}

/// More branches around a finding are not told.
const AROUND: usize = 3;

impl Out<'_> {
    fn part(&mut self, part: Part, text: &str) {
        let painted = (self.paint)(part, text);
        self.text.push_str(&painted);
    }

    fn finding(&mut self, finding: Finding<'_>) {
        let severity = finding.severity();
        self.part(Part::Head(severity), &format!("{severity}[{}]", finding.kind()));
        self.text.push_str(": ");
        self.part(Part::Message, &finding.message());
        self.text.push('\n');
        let reader = (finding.reader_location(), finding.reader_json());
        let writer = (finding.writer_location(), finding.writer_json());
        let lines = reader.0.position.line.max(writer.0.position.line);
        let margin = lines.to_string().len();
        let whole = finding.kind() == FindingKind::NoValues;
        let verdict = finding.kind() == FindingKind::JavaThrows;
        if !whole {
            self.excerpt(
                &reader,
                &self.options.reader.clone(),
                margin,
                severity,
                '^',
                "read as this",
            );
        }
        if !verdict {
            let mark = if whole { '^' } else { '-' };
            let label = if finding.writer_field().is_none() && finding.reader_field().is_some() {
                "not in what was written as this"
            } else {
                "written as this"
            };
            self.excerpt(&writer, &self.options.writer.clone(), margin, severity, mark, label);
        }
        let path = finding.path_text();
        if !path.is_empty() {
            self.note(margin, &format!("at: {path}"));
        }
        let mut around = finding.around();
        for branch in around.by_ref().take(AROUND) {
            let message = branch.message();
            self.note(margin, &format!("where {message}"));
        }
        if around.next().is_some() {
            self.note(margin, "and so on, outwards");
        }
    }

    fn note(&mut self, margin: usize, note: &str) {
        self.part(Part::Frame, &format!("{:1$}= ", "", margin + 2));
        self.part(Part::Note, note);
        self.text.push('\n');
    }

    fn excerpt(
        &mut self,
        (location, json): &(Location, Json<'_>),
        name: &str,
        margin: usize,
        severity: Severity,
        mark: char,
        label: &str,
    ) {
        let name = location.source.as_deref().unwrap_or(name);
        self.part(Part::Frame, &format!("{:1$}--> ", "", margin + 1));
        let (line, column) = (location.position.line, location.position.column);
        let _ = write!(self.text, "{name}:{line}:{column}");
        if !location.pointer.is_empty() {
            let _ = write!(self.text, " ({})", location.pointer);
        }
        self.text.push('\n');
        self.part(Part::Frame, &format!(" {:margin$} |", ""));
        self.text.push('\n');
        let (shown, before, marked) = window(*json, self.options.width);
        self.part(Part::Frame, &format!(" {line:margin$} | "));
        self.text.push_str(&shown);
        self.text.push('\n');
        self.part(Part::Frame, &format!(" {:margin$} | ", ""));
        self.text.extend(std::iter::repeat_n(' ', before));
        let marks: String = std::iter::repeat_n(mark, marked).collect();
        self.part(Part::Caret(severity), &format!("{marks} {label}"));
        self.text.push('\n');
    }
}

/// The part of a value's first line that is shown; how many characters come before the value, and how many of it there are.
fn window(json: Json<'_>, width: usize) -> (String, usize, usize) {
    let text = json.document().text();
    let span = json.span();
    let start = text[..span.start].rfind('\n').map_or(0, |it| it + 1);
    let end = text[span.start..].find('\n').map_or(text.len(), |it| span.start + it);
    let printable = |it: char| if it.is_control() { ' ' } else { it };
    let before: Vec<char> = text[start..span.start].chars().map(printable).collect();
    // No more of a line than can be shown is looked at.
    let rest: Vec<char> =
        text[span.start..end].trim_end().chars().take(width + 1).map(printable).collect();
    let value = text[span.start..span.end.min(end)].trim_end().chars().take(width + 1).count();
    let width = width.max(20);
    // What is to the left is cut, if the value would not be seen.
    let room = width.saturating_sub(value.min(width / 2));
    let cut = if before.len() > room { before.len() - room / 2 } else { 0 };
    let mut shown = String::new();
    let mut at = 0;
    if cut > 0 {
        shown.push_str("...");
        at += 3;
    }
    shown.extend(&before[cut..]);
    at += before.len() - cut;
    let left = width.saturating_sub(at).max(1);
    shown.extend(rest.iter().take(left));
    if rest.len() > left {
        shown.push_str("...");
    }
    (shown, at, value.clamp(1, left))
}
