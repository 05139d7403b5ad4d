//! Reads a history.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::format::LONGEST_LINE;
use super::parse::{Line, line};
use super::series::Series;
use super::{Event, VERSION, What};
use crate::{Error, Result};

/// What is said of a history that begins with anything else.
const FIRST: &str = "the first line of a history tells the run";

/// The events of a history, one after the other. After an error there are no more.
///
/// Memory: one line, of 1 MiB at most, and some times that for what it lists. It takes histories up to version [`VERSION`](super::VERSION), and no lines after [`What::End`]; the number
/// of events that the end tells must be right.
#[derive(Debug)]
pub struct Reader<R = BufReader<File>> {
    from: R,
    path: PathBuf,
    text: Vec<u8>,
    line: u64,
    /// Events before the one that is read next.
    events: u64,
    /// What the line that was read last says, and how much of it has been told.
    series: Option<(Series, usize)>,
    ended: bool,
    over: bool,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn open(path: &Path) -> Result<Self> {
        match File::open(path) {
            Ok(file) => Ok(Self::from_read(BufReader::with_capacity(256 << 10, file), path)),
            Err(source) => Err(Error::File { path: path.to_path_buf(), source }),
        }
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads from anything; `path` is what errors call it.
    pub fn from_read(from: R, path: &Path) -> Self {
        Self {
            from,
            path: path.to_path_buf(),
            text: Vec::new(),
            line: 0,
            events: 0,
            series: None,
            ended: false,
            over: false,
        }
    }

    /// The number of the line that was read last, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether all was read and the history has no end: its process was killed, or it is still being written. A line of which only a part was written then is
    /// no error, and no event.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.over && !self.ended
    }

    /// That the line that was read last makes no sense.
    pub fn error(&self, what: impl Into<String>) -> Error {
        Error::History { path: self.path.clone(), line: self.line, what: what.into() }
    }

    fn read(&mut self) -> Result<Option<Event>> {
        if let Some((series, told)) = &mut self.series {
            if let Some(event) = series.event(*told) {
                *told += 1;
                self.events += 1;
                return Ok(Some(event));
            }
            self.series = None;
        }
        self.text.clear();
        let mut limited = self.from.by_ref().take(LONGEST_LINE as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.text);
        read.map_err(|source| Error::File { path: self.path.clone(), source })?;
        if self.text.is_empty() {
            if self.line == 0 {
                return Err(self.error("an empty file is no history: its first line tells the run"));
            }
            return Ok(None);
        }
        self.line += 1;
        let whole = self.text.last() == Some(&b'\n');
        if whole {
            self.text.pop();
        } else if self.text.len() > LONGEST_LINE {
            return Err(self.error("a line longer than 1 MiB: this is no history"));
        }
        if self.ended {
            return Err(self.error("there is more after the last event, the end"));
        }
        let event = match line(&self.text) {
            Ok(Line::One(event)) => event,
            Ok(Line::Several(_)) if self.line == 1 => return Err(self.error(FIRST)),
            Ok(Line::Several(series)) if series.is_sound() => {
                self.series = Some((series, 0));
                return self.read();
            }
            Ok(Line::Several(_)) => {
                return Err(self.error(
                    "a list of events without one, or with numbers that no event can have",
                ));
            }
            Err(error) if !whole && error.is_eof() && self.line > 1 => return Ok(None),
            Err(error) => return Err(self.error(format!("no event: {error}"))),
        };
        match &event.what {
            What::Run(run) if self.line == 1 && (1..=VERSION).contains(&run.version) => {}
            What::Run(run) if self.line == 1 => {
                let found = run.version;
                return Err(self.error(format!(
                    "a history of version {found}; those up to {VERSION} are known"
                )));
            }
            What::Run(_) => return Err(self.error("a second run; a history tells of one")),
            _ if self.line == 1 => {
                return Err(self.error(FIRST));
            }
            What::End { events } if *events != self.events => {
                let found = self.events;
                return Err(self.error(format!(
                    "the end tells of {events} events before it, and there are {found}: lines were lost or added"
                )));
            }
            What::End { .. } => self.ended = true,
            _ => {}
        }
        self.events += 1;
        Ok(Some(event))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        match self.read() {
            Ok(Some(event)) => Some(Ok(event)),
            Ok(None) => {
                self.over = true;
                None
            }
            Err(error) => {
                self.over = true;
                // What cannot be read is not merely short.
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}

impl<R: BufRead> std::iter::FusedIterator for Reader<R> {}
