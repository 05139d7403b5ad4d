//! Which instructions are supported.

use clap::Args;

use crate::error::{Error, Result};
use crate::exit::{Verdict, print, print_json};
use crate::instructions::{Instruction, all, markdown};
use crate::table::table;

/// Lists the instructions of PTX, and which forms of them are supported
#[derive(Debug, Args)]
pub struct Support {
    /// Only this opcode, as in fma or fma.rn.f32
    opcode: Option<String>,
    /// Print the page of the documentation
    #[arg(long, conflicts_with_all = ["opcode", "json"])]
    markdown: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Support {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        if self.markdown {
            print(&markdown())?;
            return Ok(Verdict::Passed);
        }
        let mut all = all();
        if let Some(opcode) = &self.opcode {
            let base = opcode.split('.').next().unwrap_or(opcode);
            all.retain(|it| it.opcode == base);
            if all.is_empty() {
                return Err(Error::Usage(format!("PTX has no instruction `{base}`")));
            }
        }
        if self.json {
            print_json(&all)?;
            return Ok(Verdict::Passed);
        }
        let row = |it: &Instruction| {
            let forms = if it.forms.is_empty() {
                vec!["(error when a module is loaded)"]
            } else {
                it.forms.iter().map(String::as_str).collect()
            };
            forms
                .iter()
                .map(|form| vec![it.opcode.to_owned(), (*form).to_owned()])
                .collect::<Vec<_>>()
        };
        print(&table(&["opcode", "form"], 2, all.iter().flat_map(row)))?;
        Ok(Verdict::Passed)
    }
}
