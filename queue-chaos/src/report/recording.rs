//! Recordings of a terminal in asciinema's format, version 2.
//!
//! A text of JSON lines: a header, then `[seconds, "o", output]` an event (<https://docs.asciinema.org/manual/asciicast/v2/>). `asciinema play` shows it, and
//! [`to_svg`](super::to_svg) makes a moving picture of it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::{Error, Result};

/// What stands in the first line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Header {
    version: u8,
    width: u32,
    height: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_time_limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    env: std::collections::BTreeMap<String, String>,
}

impl Header {
    /// Of a terminal with so many columns and rows.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self {
            version: 2,
            width,
            height,
            timestamp: None,
            idle_time_limit: None,
            title: None,
            command: None,
            env: std::collections::BTreeMap::new(),
        }
    }

    /// Seconds since 1970 when it was recorded.
    #[must_use]
    pub const fn timestamp(mut self, seconds: u64) -> Self {
        self.timestamp = Some(seconds);
        self
    }

    /// Players make longer pauses that short. The times of the recording stay what they are.
    #[must_use]
    pub const fn idle_time_limit(mut self, limit: Duration) -> Self {
        self.idle_time_limit = Some(limit.as_secs_f64());
        self
    }

    /// What people call it.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What was run.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// A variable of the environment that viewers may want to know, as `TERM` and `SHELL`.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }
}

/// Writes a recording. Each line is handed over to the writer as a whole and flushed: what a killed run leaves behind is a recording that ends early.
///
/// ```
/// use queue_chaos::report::{Header, Recording};
///
/// let mut recording = Recording::new(Vec::new(), &Header::new(80, 24).title("hello"))?;
/// recording.output("one\ntwo\n")?;
/// let text = String::from_utf8(recording.finish()?).unwrap();
/// assert!(text.starts_with("{\"version\":2,\"width\":80,\"height\":24,\"title\":\"hello\"}\n["));
/// assert!(text.ends_with(",\"o\",\"one\\r\\ntwo\\r\\n\"]\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Recording<W: Write> {
    to: W,
    began: Instant,
    /// The time of the last event: none is earlier.
    last: Duration,
    /// Whether the last character of the output was a carriage return.
    returned: bool,
}

impl Recording<File> {
    /// Writes into a file, which is made or emptied.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        let wrong = |source| Error::File { path: path.to_owned(), source };
        let file = File::create(path).map_err(wrong)?;
        Self::new(file, header).map_err(wrong)
    }
}

impl<W: Write> Recording<W> {
    /// Writes the header. Time begins now.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(to: W, header: &Header) -> io::Result<Self> {
        let mut recording =
            Self { to, began: Instant::now(), last: Duration::ZERO, returned: false };
        recording.line(header)?;
        Ok(recording)
    }

    /// Writes what a terminal shows now. Line feeds get a carriage return before them, as terminals need it, where there is none.
    ///
    /// # Errors
    /// The writer's.
    pub fn output(&mut self, text: &str) -> io::Result<()> {
        self.output_at(self.began.elapsed(), text)
    }

    /// The same with a time of one's own, since the beginning. A time before that of the last event is taken for the same as that one's.
    ///
    /// # Errors
    /// The writer's.
    pub fn output_at(&mut self, at: Duration, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut data = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            if c == '\n' && !self.returned {
                data.push('\r');
            }
            data.push(c);
            self.returned = c == '\r';
        }
        self.event(at, "o", &data)
    }

    /// Marks a place to which players can jump.
    ///
    /// # Errors
    /// The writer's.
    pub fn marker(&mut self, label: &str) -> io::Result<()> {
        self.event(self.began.elapsed(), "m", label)
    }

    /// Gives the writer back.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.flush()?;
        Ok(self.to)
    }

    fn event(&mut self, at: Duration, kind: &str, data: &str) -> io::Result<()> {
        self.last = self.last.max(at);
        // Whole microseconds: a float has no more to say within the lifetime of a run.
        let seconds = self.last.as_micros() as f64 / 1e6;
        self.line(&(seconds, kind, data))
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.to.write_all(&line)?;
        self.to.flush()
    }
}
