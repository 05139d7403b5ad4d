//! What went wrong, told to people and to programs.

use std::fmt::Write as _;

use avro_compat::check::{Part, Severity};
use avro_compat::json::{Layout, Writer};
use avro_compat::{Location, ParseError};

use super::{ColourChoice, Format, Paint, github, sarif};
use crate::error::{Error, Invalid};

/// How many characters of a line are shown, at most, on each side of the place.
const WIDTH: usize = 60;

/// Tells an error to people on standard error, and, if programs listen, to these on standard output.
#[expect(clippy::print_stderr, reason = "what went wrong is for people")]
pub fn failure(error: &Error, format: Format, colour: ColourChoice) {
    eprint!("{}", text(error, &colour.paint_errors()));
    let text = match format {
        Format::Human => return,
        Format::Json => json(error),
        Format::Sarif => sarif::failure(error),
        Format::Github => github::failure(error),
    };
    // If that cannot be written either, the exit code still says so.
    let _ = crate::exit::print(&text);
}

/// For people: with an excerpt, if it is about a place in a text.
pub(super) fn text(error: &Error, paint: &Paint) -> String {
    let severity = Severity::Error;
    let Error::Invalid(invalid) = error else {
        let head = paint.part(Part::Head(severity), "error");
        // What others say may have anything in it, orders to the terminal included.
        let told = |it: char| if it.is_control() && it != '\n' { ' ' } else { it };
        let message: String = error.to_string().chars().map(told).collect();
        return format!("{head}: {}\n", paint.part(Part::Message, &message));
    };
    let Invalid { name, error, text } = &**invalid;
    let head = paint.part(Part::Head(severity), "error[schema]");
    let message = paint.part(Part::Message, &error.problem().to_string());
    let mut out = format!("{head}: {message}\n");
    excerpt(&mut out, error, name, text, paint);
    out
}

fn excerpt(out: &mut String, error: &ParseError, name: &str, text: &str, paint: &Paint) {
    let Location { source, offset, position, pointer } = error.location();
    let offset = (*offset).min(text.len());
    let (before, after) = text.split_at_checked(offset).unwrap_or(("", text));
    let before = &before[before.rfind('\n').map_or(0, |it| it + 1)..];
    let after = after.split('\n').next().unwrap_or_default();
    let printable = |it: char| if it.is_control() { ' ' } else { it };
    let mut left: Vec<char> = before.chars().rev().take(WIDTH).map(printable).collect();
    left.reverse();
    let cut = if before.chars().nth(WIDTH).is_some() { "..." } else { "" };
    let right: String = after.trim_end().chars().take(WIDTH).map(printable).collect();
    let more = if after.trim_end().chars().nth(WIDTH).is_some() { "..." } else { "" };

    let margin = position.line.to_string().len();
    let frame = |it: &str| paint.part(Part::Frame, it);
    let place = match &**pointer {
        "" => String::new(),
        pointer => format!(" ({pointer})"),
    };
    let name = source.as_deref().unwrap_or(name);
    let arrow = frame(&format!("{:1$}-->", "", margin + 1));
    let _ = writeln!(out, "{arrow} {name}:{}:{}{place}", position.line, position.column);
    let bar = frame(&format!(" {:margin$} |", ""));
    let numbered = frame(&format!(" {} |", position.line));
    let left: String = left.into_iter().collect();
    let _ = writeln!(out, "{bar}\n{numbered} {cut}{left}{right}{more}");
    let blank = cut.len() + left.chars().count();
    let caret = paint.part(Part::Caret(Severity::Error), "^ here");
    let _ = writeln!(out, "{bar} {:blank$}{caret}", "");
}

fn json(error: &Error) -> String {
    let mut out = Writer::new(Layout::Indented);
    out.begin_object();
    out.name("error");
    write_json(&mut out, error);
    out.end_object();
    out.finish() + "\n"
}

/// The error as a value of JSON that has begun.
pub(super) fn write_json(out: &mut Writer, error: &Error) {
    out.begin_object();
    match error {
        Error::Invalid(it) => {
            out.member("message", &it.error.problem().to_string());
            out.name("location");
            it.error.location().write_json(out, Some(&it.name));
        }
        other => out.member("message", &other.to_string()),
    }
    out.end_object();
}
