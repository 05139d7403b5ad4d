//! Fingerprints of schemas.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::error::Result;
use crate::exit::{Verdict, print};
use crate::input::Parsing;

/// Prints a schema's fingerprint: of its Parsing Canonical Form, in hexadecimal
#[derive(Debug, Args)]
pub struct Fingerprint {
    /// The schema
    pub file: PathBuf,
    /// Which fingerprint
    #[arg(long, value_enum, default_value_t)]
    pub algorithm: Algorithm,
    /// Prints the bytes of the Rabin fingerprint as single-object encoding has them, the least first
    #[arg(long)]
    pub little_endian: bool,
    /// How files are read.
    #[command(flatten)]
    pub parsing: Parsing,
}

/// Which fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// CRC-64-AVRO
    #[default]
    Rabin,
    /// MD5
    Md5,
    /// SHA-256
    #[value(name = "sha-256")]
    Sha256,
}

impl Fingerprint {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let schema = self.parsing.parser()?.read(&self.file)?;
        let bytes = match self.algorithm {
            Algorithm::Rabin if self.little_endian => schema.rabin().to_le_bytes().to_vec(),
            Algorithm::Rabin => schema.rabin().to_be_bytes().to_vec(),
            Algorithm::Md5 => schema.md5().to_vec(),
            Algorithm::Sha256 => schema.sha256().to_vec(),
        };
        let text: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
        print(&(text + "\n"))?;
        Ok(Verdict::Passed)
    }
}
