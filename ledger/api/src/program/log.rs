//! Lines for operators: `level=info event="..." key="value"`, on standard error. No key and no amount is ever among the values.

use std::fmt::Display;
use std::time::{SystemTime, UNIX_EPOCH};

/// A value of a line.
pub type Field<'a> = (&'a str, &'a dyn Display);

/// Something that is as it should be.
pub fn info(event: &str, fields: &[Field<'_>]) {
    line("info", event, fields);
}

/// Something that somebody should look at.
pub fn error(event: &str, fields: &[Field<'_>]) {
    line("error", event, fields);
}

fn line(level: &str, event: &str, fields: &[Field<'_>]) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut line = format!(
        "time={}.{:03} level={level} event={event:?}",
        since.as_secs(),
        since.subsec_millis()
    );
    for (key, value) in fields {
        line.push_str(&format!(" {key}={:?}", value.to_string()));
    }
    line.push('\n');
    // In one piece; and a log that cannot be written is no reason to end.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

/// What the program was asked for.
pub fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    // Whoever read it may be gone, which is no reason to end.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
