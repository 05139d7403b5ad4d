//! The data of a container file.

use std::fs::File;
use std::io::{BufWriter, Read, StdoutLock, Write as _};
use std::path::PathBuf;

use avro_compat::container::{Block, Reader, ReaderOptions};
use avro_compat::{
    ContainerError, DecodeError, DecodeProblem, Decoder, ResolveOptions, Resolver, Tape,
};
use clap::Args;
use indicatif::ProgressBar;

use crate::error::{Error, Result};
use crate::exit::{Verdict, printed, remark};
use crate::input::{Parsing, STANDARD_INPUT};
use crate::progress;

const EXAMPLES: &str = "\
Examples:
  avro-compat cat tweets.avro --limit 10
  avro-compat cat tweets.avro --reader new.avsc --quiet     would this file be readable?
  avro-compat cat - < tweets.avro | jq .text

Data are in Avro's JSON encoding, a line each. Schemas may be incompatible and a file readable all the same: only what is in it counts.
From the first record that cannot be read on nothing is printed, and the rest is counted.

Exit codes: 0 all could be read; 1 some cannot be read with --reader; 2 wrong arguments, a damaged file or an invalid schema";

/// Prints the data of a container file as lines of JSON, or tells which cannot be read
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Cat {
    /// The container file
    pub file: PathBuf,
    /// Reads with this schema, instead of the one in the file
    #[arg(long, value_name = "FILE")]
    pub reader: Option<PathBuf>,
    /// Looks at no more than the first N records
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Prints no records, only counts them
    #[arg(long, short)]
    pub quiet: bool,
    /// How schemas are read.
    #[command(flatten)]
    pub parsing: Parsing,
}

/// A record that cannot be read.
struct Failure {
    record: u64,
    block: u64,
    /// Of the block, in the file.
    offset: u64,
    object: u64,
    /// Of the record, in the decompressed block.
    at: usize,
    error: DecodeError,
    /// The record, as it was written.
    written: String,
}

/// How far the work has come.
#[derive(Default)]
struct Count {
    records: u64,
    failed: u64,
    first: Option<Failure>,
}

impl Cat {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let count = if self.file.as_os_str() == STANDARD_INPUT {
            self.read(std::io::stdin().lock())?
        } else {
            let failed = |it| Error::io(&self.file, it);
            let file = File::open(&self.file).map_err(failed)?;
            let bar = match self.quiet {
                true => progress::bytes(file.metadata().map_err(failed)?.len()),
                // What is printed moves by itself.
                false => ProgressBar::hidden(),
            };
            let count = self.read(bar.wrap_read(file));
            bar.finish_and_clear();
            count?
        };
        let Count { records, failed, first } = count;
        let Some(first) = first else {
            if self.quiet {
                remark(&format!("{}: {}, all readable", self.name(), plural(records)));
            }
            return Ok(Verdict::Passed);
        };
        let Failure { record, block, offset, object, at, error, written } = first;
        remark(&format!(
            "{}: record {record} cannot be read: object {object} of block {block}, which begins at byte {offset} of the file; byte {at} of the decompressed block\n  written: {}\n  fails:   {error}",
            self.name(),
            shortened(&written),
        ));
        remark(&format!("{}: {failed} of {} cannot be read", self.name(), plural(records)));
        Ok(Verdict::Failed)
    }

    fn name(&self) -> String {
        self.file.display().to_string()
    }

    fn failed(&self, error: avro_compat::Error) -> Error {
        Error::library(self.name(), error)
    }

    fn read(&self, file: impl Read) -> Result<Count> {
        let failed = |it| self.failed(it);
        let reader_schema = match &self.reader {
            Some(path) => Some(self.parsing.parser()?.read(path)?),
            None => None,
        };
        // Only what is in the file counts, not what might be.
        let resolve = ResolveOptions { hopeless: true, ..ResolveOptions::default() };
        let options = ReaderOptions { reader: reader_schema, resolve, ..ReaderOptions::default() };
        let mut file = Reader::with_options(file, &options).map_err(failed)?;
        let (reader, writer) = (file.schema().clone(), file.writer_schema().clone());
        let mut run = Run {
            cat: self,
            resolver: Resolver::with_options(&reader, &writer, &options.resolve).map_err(failed)?,
            decoder: Decoder::new(&writer).map_err(failed)?,
            out: BufWriter::new(std::io::stdout().lock()),
            count: Count::default(),
        };
        let mut number = 0;
        while !run.has_enough()
            && let Some(block) = file.next_block().map_err(failed)?
        {
            if !run.block(block, number)? {
                break;
            }
            number += 1;
        }
        printed(run.out.flush())?;
        Ok(run.count)
    }
}

/// What it takes to read a file.
struct Run<'c> {
    cat: &'c Cat,
    resolver: Resolver,
    /// For what the resolver does not take.
    decoder: Decoder,
    out: BufWriter<StdoutLock<'static>>,
    count: Count,
}

impl Run<'_> {
    fn has_enough(&self) -> bool {
        self.cat.limit.is_some_and(|it| self.count.records >= it)
    }

    /// Reads a block; false if nobody wants more.
    fn block(&mut self, mut block: Block<'_>, number: u64) -> Result<bool> {
        let mut tape = Tape::new();
        let mut rest = block.bytes();
        for object in 0..block.objects() {
            if self.has_enough() {
                return Ok(false);
            }
            self.count.records += 1;
            let at = block.bytes().len() - rest.len();
            // Whoever wants no records needs no copies of them.
            let value = if self.cat.quiet || self.count.failed > 0 {
                self.resolver.decode_ref_next(&mut rest, &mut tape).map(|_| None)
            } else {
                self.resolver.decode_next(&mut rest).map(Some)
            };
            match value {
                Ok(None) => {}
                Ok(Some(value)) => {
                    let json = value.to_json(self.resolver.reader());
                    let json = json.map_err(|it| self.cat.failed(it))?;
                    if let Err(error) = writeln!(self.out, "{json}") {
                        printed(Err(error))?;
                        return Ok(false);
                    }
                }
                Err(error) => {
                    let written = match &error {
                        avro_compat::Error::Decode(it) if unreadable(it) => {
                            self.decoder.decode_next(&mut rest)
                        }
                        _ => Err(error.clone()),
                    };
                    let (written, error) = match (written, error) {
                        (Ok(written), avro_compat::Error::Decode(error)) => (written, error),
                        // The file itself is wrong.
                        (Err(damage), _) | (_, damage) => {
                            return Err(self.damaged(&mut block, object, damage));
                        }
                    };
                    self.count.failed += 1;
                    if self.count.first.is_none() {
                        printed(self.out.flush())?;
                        let written = written.to_json(self.resolver.writer());
                        self.count.first = Some(Failure {
                            record: self.count.records - 1,
                            block: number,
                            offset: offset(&mut block),
                            object,
                            at,
                            error,
                            written: written.map_err(|it| self.cat.failed(it))?,
                        });
                    }
                }
            }
        }
        if let excess @ 1.. = rest.len() {
            let (offset, objects) = (offset(&mut block), block.objects());
            let error = ContainerError::Excess { offset, count: excess, objects };
            return Err(self.cat.failed(error.into()));
        }
        Ok(true)
    }

    /// A record that is no value of the file's own schema.
    fn damaged(&self, block: &mut Block<'_>, object: u64, error: avro_compat::Error) -> Error {
        self.cat.failed(match error {
            avro_compat::Error::Decode(error) => {
                ContainerError::Object { offset: offset(block), object, error }.into()
            }
            other => other,
        })
    }
}

/// Whether it is the reader's schema that does not take the record, and nothing is wrong with the file.
fn unreadable(error: &DecodeError) -> bool {
    matches!(error.problem(), DecodeProblem::Unreadable(_))
}

/// Where in the file a block begins that has something wrong in it: its error says so.
fn offset(block: &mut Block<'_>) -> u64 {
    let mut tape = Tape::new();
    loop {
        match block.next_ref(&mut tape) {
            Ok(Some(_)) => {}
            Err(avro_compat::Error::Container(
                ContainerError::Object { offset, .. } | ContainerError::Excess { offset, .. },
            )) => return offset,
            // Whoever calls has seen an error.
            Ok(None) | Err(_) => return 0,
        }
    }
}

/// How many characters of a record are told.
const SHOWN: usize = 2_000;

fn shortened(json: &str) -> String {
    match json.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", &json[..at]),
        None => json.to_owned(),
    }
}

fn plural(records: u64) -> String {
    if records == 1 { "1 record".to_owned() } else { format!("{records} records") }
}
