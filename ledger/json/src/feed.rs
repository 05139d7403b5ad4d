//! A feed, line by line: changes as they are, or as server-sent events.

use std::io::{BufRead, Read as _};

use ledger::query::Change;

use crate::{Error, Key, read};

/// The longest line that is read, in bytes: a transaction of 128 legs takes some 60 kB.
pub const MAX_LINE: u64 = 1 << 20;

/// Reads changes one after another: lines, if the first one begins with a brace, else server-sent events. After an error there is nothing more.
///
/// Memory: the longest line, at most [`MAX_LINE`].
#[derive(Debug)]
pub struct Feed<R> {
    input: R,
    /// How many lines were read.
    line: u64,
    text: Vec<u8>,
    /// Whether it is events; not known before there is something.
    events: Option<bool>,
    /// The id of the event that is being read.
    id: Option<String>,
    /// Its name.
    name: String,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    NotYet,
    /// The input has no more, or an error.
    Input,
    /// The server said that nothing is new.
    Said,
}

impl<R: BufRead> Feed<R> {
    /// That of an input, which is read as far as it is needed.
    pub fn new(input: R) -> Self {
        let name = String::new();
        Self { input, line: 0, text: Vec::new(), events: None, id: None, name, end: End::NotYet }
    }

    /// Whether the server said that nothing is new behind what was read. An input that ends without that was cut off, or is a file of lines.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.end == End::Said
    }

    /// The next line, without its end; whether it had one.
    fn line(&mut self) -> Result<Option<bool>, Error> {
        self.text.clear();
        self.line += 1;
        // One more, so that a line that is too long is told from one that is as long as can be.
        self.input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut self.text)?;
        if self.text.is_empty() {
            return Ok(None);
        }
        let ended = self.text.pop_if(|last| *last == b'\n').is_some();
        if self.text.len() as u64 > MAX_LINE {
            return Err(Error::TooLong { line: self.line });
        }
        self.text.pop_if(|last| ended && *last == b'\r');
        Ok(Some(ended))
    }

    fn change(&mut self) -> Result<Option<Change>, Error> {
        while let Some(ended) = self.line()? {
            let line = self.line;
            let text = std::str::from_utf8(&self.text).map_err(|_| Error::NoText { line })?;
            if text.trim().is_empty() {
                self.id = None;
                self.name.clear();
                continue;
            }
            let events = *self.events.get_or_insert(!text.trim_start().starts_with('{'));
            let data = match text.split_once(':').filter(|_| events) {
                None => text,
                Some((field, value)) => {
                    let value = value.strip_prefix(' ').unwrap_or(value);
                    match field {
                        "data" => value,
                        "id" => {
                            self.id = Some(value.to_owned());
                            continue;
                        }
                        "event" => {
                            value.clone_into(&mut self.name);
                            continue;
                        }
                        // A comment, or how long to wait before asking again.
                        "" | "retry" => continue,
                        _ => text,
                    }
                }
            };
            match self.name.as_str() {
                "end" => {
                    self.end = End::Said;
                    return Ok(None);
                }
                "error" => {
                    return Err(Error::Ended { line, says: data.chars().take(200).collect() });
                }
                _ => {}
            }
            let change = read(data).map_err(|source| {
                if ended { Error::Line { line, source } } else { Error::CutOff { line, source } }
            })?;
            if let Some(id) = self.id.take()
                && id.parse() != Ok(Key::of(&change))
            {
                let id = id.chars().take(48).collect();
                return Err(Error::OtherId { line, id, change: Key::of(&change) });
            }
            return Ok(Some(change));
        }
        self.end = End::Input;
        Ok(None)
    }
}

impl<R: BufRead> Iterator for Feed<R> {
    type Item = Result<Change, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end != End::NotYet {
            return None;
        }
        let found = self.change();
        if found.is_err() {
            self.end = End::Input;
        }
        found.transpose()
    }
}
