//! Schemas from files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use avro_compat::{ParseOptions, Schema, Schemas};
use clap::Args;

use crate::error::{Error, Invalid, Result};

/// How schemas are read.
#[derive(Clone, Debug, Default, Args)]
pub struct Parsing {
    /// A file whose types the others refer to; may be given several times
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Takes what other programs take: comments, unchecked defaults, uses before definitions, names outside of ASCII
    #[arg(long)]
    pub lenient: bool,
}

/// A text, and what to call it.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// The path, as it was given, or whatever says best where it is from.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What standard input is called.
pub const STANDARD_INPUT: &str = "-";

impl Text {
    /// The text of a file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let limit = ParseOptions::default().json.max_bytes as u64;
        let mut bytes = Vec::new();
        let read = if name == STANDARD_INPUT {
            std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
        } else {
            File::open(path).and_then(|it| it.take(limit + 1).read_to_end(&mut bytes))
        };
        read.map_err(|it| Error::io(path, it))?;
        if bytes.len() as u64 > limit {
            return Err(Error::TooLong { name, limit });
        }
        Self::of(name, bytes)
    }

    /// The text of bytes.
    pub fn of(name: String, bytes: Vec<u8>) -> Result<Self> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => {
                // What is no UTF-8 is no schema, and the parser says where that begins.
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                match Schema::parse_bytes(error.as_bytes(), &ParseOptions::default()) {
                    Err(error) => Err(Error::library(name, error)),
                    Ok(_) => Ok(Self { name, text }),
                }
            }
        }
    }
}

/// How schemas are parsed, and the types that they may refer to.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    with: Vec<Text>,
    options: ParseOptions,
}

impl Parsing {
    /// Reads the files that all others may refer to.
    pub fn parser(&self) -> Result<Parser> {
        let with = self.with.iter().map(|it| Text::read(it)).collect::<Result<_>>()?;
        Ok(Parser { with, options: self.options() })
    }

    /// The same for old versions, which may refer to other files than the new one.
    pub fn old_parser(&self, old_with: &[PathBuf]) -> Result<Parser> {
        let with = if old_with.is_empty() { self.with.clone() } else { old_with.to_vec() };
        Self { with, lenient: self.lenient }.parser()
    }

    /// Limits and tolerances.
    pub fn options(&self) -> ParseOptions {
        if self.lenient { ParseOptions::lenient() } else { ParseOptions::default() }
    }
}

impl Parser {
    /// The same for schemas that exist already, and cannot be mended.
    pub fn tolerant(&self) -> Self {
        Self { with: self.with.clone(), options: ParseOptions::lenient() }
    }

    /// The same with more types that may be referred to.
    pub fn with(&self, more: impl IntoIterator<Item = Text>) -> Self {
        let mut with = self.with.clone();
        with.extend(more);
        Self { with, options: self.options.clone() }
    }

    /// The schema of a text.
    pub fn parse(&self, text: &Text) -> Result<Schema> {
        // A file that is one of those that all may refer to is not there twice.
        let others = self.with.iter().filter(|it| it.name != text.name);
        let texts: Vec<_> = std::iter::once(text).chain(others).collect();
        let pairs = texts.iter().map(|it| (&*it.name, &*it.text));
        let schemas =
            Schemas::parse_with(pairs, &self.options).map_err(|it| invalid(&texts, it))?;
        #[expect(
            clippy::expect_used,
            reason = "the text itself is the first of those that were parsed"
        )]
        let (_, schema) = schemas.iter().next().expect("there is at least one text");
        Ok(schema.clone())
    }

    /// The schema of a file.
    pub fn read(&self, path: &Path) -> Result<Schema> {
        self.parse(&Text::read(path)?)
    }
}

/// The error with the text that it is about.
fn invalid(texts: &[&Text], error: avro_compat::Error) -> Error {
    match error {
        avro_compat::Error::Parse(error) => {
            let source = error.location().source.as_deref();
            let found = texts.iter().find(|it| Some(&*it.name) == source);
            let Text { name, text } = found.map_or_else(Text::default, |it| (*it).clone());
            Error::Invalid(Box::new(Invalid { name, error, text }))
        }
        error => {
            let name = texts.first().map_or_else(String::new, |it| it.name.clone());
            Error::library(name, error)
        }
    }
}

/// That standard input is named once at most.
pub fn one_standard_input<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Result<()> {
    let count = paths.into_iter().filter(|it| it.as_os_str() == STANDARD_INPUT).count();
    if count > 1 { Err(Error::StandardInputTwice) } else { Ok(()) }
}
