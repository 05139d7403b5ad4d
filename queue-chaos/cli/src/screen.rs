//! What people see, and what is recorded of it.

use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use queue_chaos::report::{Header, Recording};

use crate::exit::Result;

/// Columns of the recording, and what a status line may have.
pub const WIDTH: usize = 110;
const HEIGHT: u32 = 32;
/// Back to the beginning of the line, and nothing in it.
const CLEAR: &str = "\r\x1b[K";

/// Lines that stay and one that changes, on standard error and in a recording.
///
/// Where standard error is no terminal, the line that changes is in the recording only.
pub struct Screen {
    terminal: bool,
    silent: bool,
    recording: Option<Recording<File>>,
    /// Whether the last line is one that changes.
    open: bool,
}

impl Screen {
    /// Shows to people; and records, if asked.
    pub fn new(recording: Option<(&Path, &str)>, silent: bool) -> Result<Self> {
        let recording = match recording {
            Some((path, title)) => {
                Some(Recording::create(path, &Header::new(WIDTH as u32, HEIGHT).title(title))?)
            }
            None => None,
        };
        Ok(Self { terminal: std::io::stderr().is_terminal(), silent, recording, open: false })
    }

    /// A line that stays.
    pub fn line(&mut self, text: &str) -> Result<()> {
        let clear = if self.open { CLEAR } else { "" };
        self.open = false;
        if let Some(recording) = &mut self.recording {
            recording.output(&format!("{clear}{text}\n"))?;
        }
        if !self.silent {
            let clear = if self.terminal { clear } else { "" };
            let _ = writeln!(std::io::stderr(), "{clear}{text}");
        }
        Ok(())
    }

    /// The line that changes.
    pub fn status(&mut self, text: &str) -> Result<()> {
        let text: String = text.chars().take(WIDTH - 1).collect();
        let line = format!("{CLEAR}{text}");
        if let Some(recording) = &mut self.recording {
            recording.output(&line)?;
        }
        if self.terminal && !self.silent {
            let mut out = std::io::stderr();
            let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        }
        self.open = true;
        Ok(())
    }

    /// The end of the recording.
    pub fn finish(mut self) -> Result<()> {
        if self.open {
            self.line("")?;
        }
        if let Some(recording) = self.recording {
            recording.finish()?;
        }
        Ok(())
    }
}
