//! Lowered programs.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use softcuda::count::Class;
use softcuda::lower::Listed;

use crate::error::Result;
use crate::exit::{Verdict, print, print_json};
use crate::source::Source;

/// Shows the lowered program: rows of registers, and where diverged lanes meet
#[derive(Debug, Args)]
pub struct Disasm {
    /// The PTX file; - is standard input
    file: PathBuf,
    /// The kernel; all of them by default
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// Show the syntax tree as PTX again, not the lowered program
    #[arg(long, conflicts_with_all = ["kernel", "json"])]
    ptx: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Disasm {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let source = Source::read(&self.file)?;
        if self.ptx {
            print(&source.parse()?.to_string())?;
            return Ok(Verdict::Passed);
        }
        let module = source.load()?;
        let kernels = match &self.kernel {
            Some(name) => vec![source.kernel(Some(name))?],
            None => module.kernels().filter_map(|name| module.kernel(name).ok()).collect(),
        };
        if self.json {
            let all: Vec<_> = kernels
                .iter()
                .map(|kernel| json!({ "kernel": kernel.name(), "code": kernel.listing() }))
                .collect();
            print_json(&all)?;
            return Ok(Verdict::Passed);
        }
        for kernel in kernels {
            let mut text = format!("{}:\n", kernel.name());
            let listing = kernel.listing();
            let mut marks = vec![false; listing.len() + 1];
            for it in &listing {
                for &to in it.targets.iter().chain(&it.meets) {
                    if let Some(mark) = marks.get_mut(to as usize) {
                        *mark = true;
                    }
                }
            }
            let mut source_line = None;
            for (it, mark) in listing.iter().zip(marks) {
                if it.source != source_line {
                    source_line.clone_from(&it.source);
                    if let Some((file, line)) = &it.source {
                        text += &format!("{:>20}// {file}:{line}\n", "");
                    }
                }
                text += &line(it, mark);
            }
            print(&(text + "\n"))?;
        }
        Ok(Verdict::Passed)
    }
}

/// `L  12   34  @!p3 bra  -> 7, meet 20`
fn line(it: &Listed, mark: bool) -> String {
    let mut text = format!("{}{:>5} {:>6}  ", if mark { '>' } else { ' ' }, it.number, it.line);
    if let Some(guard) = &it.guard {
        text += &format!("@{guard} ");
    }
    // What lowering added for the instruction.
    if it.class == Class::Hidden {
        text += &format!("({})", it.opcode);
    } else {
        text += &it.opcode;
    }
    if !it.writes.is_empty() {
        text += &format!("  {}", it.writes.join(", "));
    }
    if !it.reads.is_empty() {
        text += &format!(" <- {}", it.reads.join(", "));
    }
    if !it.targets.is_empty() {
        let targets: Vec<String> = it.targets.iter().map(u32::to_string).collect();
        text += &format!("  to {}", targets.join(", "));
    }
    if let Some(meets) = it.meets {
        text += &format!("  meet at {meets}");
    }
    text + "\n"
}
