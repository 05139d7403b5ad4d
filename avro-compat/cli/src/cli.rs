//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    canonical, cat, check, completions, diff, dir, fingerprint, fix, fmt, registry, rename, serve,
    witness,
};
use crate::error::Result;
use crate::exit::Verdict;
use crate::output::{ColourChoice, Format};

const EXAMPLES: &str = "\
Examples:
  avro-compat check v1.avsc v2.avsc v3.avsc --mode FULL_TRANSITIVE
  avro-compat check old.avsc new.avsc --format github       annotations in a workflow of GitHub
  avro-compat diff old.avsc new.avsc                        both directions, and what kind of release it is
  avro-compat witness writer.avsc reader.avsc               data that cannot be read, in JSON and hexadecimal
  avro-compat fix old.avsc new.avsc --write
  avro-compat rename schema.avsc /fields/0 text             keeps the old name as an alias
  avro-compat dir schemas/ --mode FULL                      every subject's versions
  avro-compat dir --git schemas/                            every schema's history
  avro-compat registry http://localhost:8081 tweets-value new.avsc --register
  avro-compat cat tweets.avro --reader new.avsc             would this file be readable?
  avro-compat completions bash > ~/.local/share/bash-completion/completions/avro-compat

A file named - is standard input.

Exit codes:
  0  compatible, or done
  1  incompatible (or --fail-on), data that cannot be read, files that are not formatted
  2  wrong arguments; input that cannot be read, or is no schema";

/// Avro schemas: whether their versions read each other's data, with proofs and fixes.
#[derive(Debug, Parser)]
#[command(name = "avro-compat", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// What is asked.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks a new version of a schema against those before it
    Check(check::Check),
    /// Tells what has changed from one schema to another, in both directions, and what kind of release it is
    Diff(diff::Diff),
    /// Makes data that one schema can write and another cannot read, or reads as something else
    Witness(witness::Witness),
    /// Edits a new schema so that it reads old data: shows the edits, or makes them
    Fix(fix::Fix),
    /// Renames a type or a field, and keeps the old name as an alias: shows the edits, or makes them
    Rename(rename::Rename),
    /// Lays out schemas' texts
    Fmt(fmt::Fmt),
    /// Prints a schema's Parsing Canonical Form
    Canonical(canonical::Canonical),
    /// Prints a schema's fingerprint
    Fingerprint(fingerprint::Fingerprint),
    /// Checks all versions of all schemas in a directory, or in Git's history
    Dir(dir::Dir),
    /// Checks a schema against the versions in a registry before it is registered
    Registry(registry::Registry),
    /// Prints the data of a container file as lines of JSON, or tells which cannot be read
    Cat(cat::Cat),
    /// Starts the server schema-registry
    Serve(serve::Serve),
    /// Prints completions for a shell
    Completions(completions::Completions),
}

impl Command {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        match self {
            Self::Check(it) => it.run(),
            Self::Diff(it) => it.run(),
            Self::Witness(it) => it.run(),
            Self::Fix(it) => it.run(),
            Self::Rename(it) => it.run(),
            Self::Fmt(it) => it.run(),
            Self::Canonical(it) => it.run(),
            Self::Fingerprint(it) => it.run(),
            Self::Dir(it) => it.run(),
            Self::Registry(it) => it.run(),
            Self::Cat(it) => it.run(),
            Self::Serve(it) => it.run(),
            Self::Completions(it) => it.run(),
        }
    }

    /// How errors are told.
    pub fn told(&self) -> (Format, ColourChoice) {
        let telling = match self {
            Self::Check(it) => &it.telling,
            Self::Diff(it) => &it.telling,
            Self::Dir(it) => &it.telling,
            Self::Registry(it) => &it.telling,
            Self::Witness(witness::Witness { json: true, .. })
            | Self::Fix(fix::Fix { json: true, .. }) => return (Format::Json, ColourChoice::Auto),
            _ => return (Format::Human, ColourChoice::Auto),
        };
        (telling.format, telling.color)
    }
}
