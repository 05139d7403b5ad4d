//! The data of a container file.

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::PathBuf;

use avro_compat::container::{Block, Reader, ReaderOptions};
use avro_compat::{
    ContainerError, DecodeError, DecodeProblem, Decoder, ResolveOptions, Resolver, Tape,
};
use clap::Args;

use crate::error::{Error, Result};
use crate::exit::{Verdict, printed, remark};
use crate::input::{Parsing, STANDARD_INPUT};

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
            self.read(File::open(&self.file).map_err(|it| Error::io(&self.file, it))?)?
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
            "{}: record {record} cannot be read: object {object} of block {block}, which begins at byte {offset} of the file; byte {at} of the decompressed block\n  written: {written}\n  fails:   {error}",
            self.name(),
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
        let resolver =
            Resolver::with_options(&reader, &writer, &options.resolve).map_err(failed)?;
        let decoder = Decoder::new(&writer).map_err(failed)?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut count = Count::default();
        let mut number = 0;
        while let Some(mut block) = file.next_block().map_err(failed)? {
            let mut rest = block.bytes();
            for object in 0..block.objects() {
                if self.limit.is_some_and(|it| count.records >= it) {
                    printed(out.flush())?;
                    return Ok(count);
                }
                count.records += 1;
                let begun = rest;
                match resolver.decode_next(&mut rest) {
                    Ok(_) if self.quiet || count.failed > 0 => {}
                    Ok(value) => {
                        let json = value.to_json(&reader).map_err(failed)?;
                        let written = writeln!(out, "{json}");
                        if let Err(error) = written {
                            printed(Err(error))?;
                            return Ok(count);
                        }
                    }
                    Err(avro_compat::Error::Decode(error)) if unreadable(&error) => {
                        let written = decoder.decode_next(&mut rest).map_err(failed)?;
                        count.failed += 1;
                        if count.first.is_none() {
                            printed(out.flush())?;
                            count.first = Some(Failure {
                                record: count.records - 1,
                                block: number,
                                offset: offset(&mut block),
                                object,
                                at: block.bytes().len() - begun.len(),
                                error,
                                written: written.to_json(&writer).map_err(failed)?,
                            });
                        }
                    }
                    // The file itself is wrong.
                    Err(avro_compat::Error::Decode(error)) => {
                        printed(out.flush())?;
                        let offset = offset(&mut block);
                        return Err(failed(
                            ContainerError::Object { offset, object, error }.into(),
                        ));
                    }
                    Err(error) => return Err(failed(error)),
                }
            }
            if let excess @ 1.. = rest.len() {
                printed(out.flush())?;
                let (offset, objects) = (offset(&mut block), block.objects());
                let error = ContainerError::Excess { offset, count: excess, objects };
                return Err(failed(error.into()));
            }
            number += 1;
        }
        printed(out.flush())?;
        Ok(count)
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

fn plural(records: u64) -> String {
    if records == 1 { "1 record".to_owned() } else { format!("{records} records") }
}
