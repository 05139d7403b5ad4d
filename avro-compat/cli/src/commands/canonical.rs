//! Parsing Canonical Form.

use std::path::PathBuf;

use clap::Args;

use crate::error::Result;
use crate::exit::{Verdict, print};
use crate::input::Parsing;

/// Prints a schema's Parsing Canonical Form
#[derive(Debug, Args)]
pub struct Canonical {
    /// The schema
    pub file: PathBuf,
    /// How files are read.
    #[command(flatten)]
    pub parsing: Parsing,
}

impl Canonical {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let schema = self.parsing.parser()?.read(&self.file)?;
        print(&(schema.canonical_form() + "\n"))?;
        Ok(Verdict::Passed)
    }
}
