//! The words of a step, where they stand, and what to say when one is wrong.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use super::duration;
use crate::Error;

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Byte offset of the word that is wrong; the text's length if one is missing.
    at: usize,
    /// What was found, and what would be right.
    what: String,
}

impl Wrong {
    /// Names one more thing that would have been right.
    pub(super) fn or(mut self, right: &str) -> Self {
        self.what.push_str(" (or ");
        self.what.push_str(right);
        self.what.push(')');
        self
    }

    /// As an error that shows the whole text.
    pub(super) fn of(self, text: &str) -> Error {
        let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let place = match text.get(self.at..).map(str::trim) {
            None | Some("") => format!("\"{shown}\", at its end"),
            Some(_) => {
                let word = text[..self.at].split_whitespace().count() + 1;
                format!("\"{shown}\", word {word}")
            }
        };
        Error::Plan { place, what: self.what }
    }
}

/// The words of a text, from left to right.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: text.len() - text.trim_start().len() }
    }

    /// The word that comes next, without taking it.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.text[self.at..].split_whitespace().next()
    }

    /// Takes a word.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.skip(word);
        Some(word)
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let there = self.peek() == Some(word);
        if there {
            self.skip(word);
        }
        there
    }

    /// Takes all that is left.
    pub(super) fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_end();
        self.at = self.text.len();
        rest
    }

    fn skip(&mut self, word: &str) {
        let after = &self.text[self.at + word.len()..];
        self.at = self.text.len() - after.trim_start().len();
    }

    /// That something is wrong with what comes next.
    pub(super) fn wrong(&self, what: String) -> Wrong {
        Wrong { at: self.at, what }
    }

    /// That the word that comes next is not one of these.
    pub(super) fn none_of(&self, kind: &str, right: &[&str]) -> Wrong {
        match self.peek() {
            None => self.wrong(format!("{kind} is missing: {}", list(right))),
            Some(word) => {
                self.wrong(format!("\"{word}\" is not {kind}: {}", guess_or_list(word, right)))
            }
        }
    }

    /// Takes a word and reads it.
    pub(super) fn number<T: FromStr>(&mut self, kind: &str) -> Result<T, Wrong> {
        let Some(word) = self.peek() else {
            return Err(self.wrong(format!("{kind} is missing: write a number")));
        };
        let read = word
            .parse()
            .map_err(|_| self.wrong(format!("\"{word}\" is not {kind}: write a number")))?;
        self.skip(word);
        Ok(read)
    }

    /// Takes a word and reads it as a time.
    pub(super) fn duration(&mut self, kind: &str) -> Result<Duration, Wrong> {
        let Some(word) = self.peek() else {
            return Err(self.wrong(format!("{kind} is missing: write it as 200ms, 3s or 1m")));
        };
        let read = duration::parse(word).map_err(|e| self.wrong(e))?;
        self.skip(word);
        Ok(read)
    }

    /// That nothing is left.
    pub(super) fn end(&self) -> Result<(), Wrong> {
        match self.peek() {
            None => Ok(()),
            Some(word) => {
                Err(self.wrong(format!("\"{word}\" is one word too many: the step ends before it")))
            }
        }
    }
}

/// The right word that somebody may have meant.
pub(super) fn guess<'a>(word: &str, right: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    right
        .iter()
        .map(|right| (strsim::damerau_levenshtein(&word, right), *right))
        .filter(|(distance, right)| *distance <= 1 + right.len() / 4)
        .min()
        .map(|(_, right)| right)
}

fn guess_or_list(word: &str, right: &[&str]) -> String {
    match guess(word, right) {
        Some(right) => format!("did you mean \"{right}\"?"),
        None => list(right),
    }
}

fn list(right: &[&str]) -> String {
    format!("write one of {}", right.join(", "))
}

/// Writes a text so that it is a word of its own, or as it stands where it is one.
pub(super) fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && text.trim() == text
        && !text.chars().any(|c| c == '"' || c == ';' || c.is_control());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Reads what [`quoted`] writes.
pub(super) fn unquoted(words: &mut Words<'_>) -> Result<String, Wrong> {
    let at = words.clone();
    let text = words.rest();
    if text.starts_with('"') {
        serde_json::from_str(text)
            .map_err(|e| at.wrong(format!("the text in quotes is not a JSON string ({e})")))
    } else if text.contains('"') {
        Err(at
            .wrong("a text with a quote in it stands in quotes as a whole: \"5\\\" disk\"".into()))
    } else {
        Ok(text.to_owned())
    }
}

/// The pieces of a text between semicolons that stand outside of quotes, without empty ones.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut begin, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                pieces.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[begin..]);
    pieces.into_iter().map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

/// Writes the words of a list with blanks between them, without those that are empty.
pub(super) fn joined(words: &[&dyn Display]) -> String {
    let words: Vec<String> =
        words.iter().map(ToString::to_string).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
