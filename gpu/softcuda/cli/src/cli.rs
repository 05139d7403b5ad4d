//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{check, completions, disasm, list, profile, run, support};
use crate::error::Result;
use crate::exit::Verdict;

const EXAMPLES: &str = "\
Examples:
  softcuda list gpu/kernels/vec_add.ptx
  softcuda run gpu/kernels/vec_add.ptx --kernel vec_add_scalar --grid 4 --block 256 \\
      --arg buf:f32:1024:iota --arg buf:f32:1024:random --arg out:f32:1024 --arg i64:1024
  softcuda profile gpu/kernels/reduction.ptx --kernel reduce_shuffle --grid 2048 --block 256 \\
      --arg buf:f32:1M:random --arg out:f32:2048 --arg i64:1048576 --lines --plot roofline.svg
  softcuda check mine.ptx --grid 1 --block 64 --arg out:u32:64
  softcuda disasm mine.ptx
  softcuda support fma
  softcuda completions bash > ~/.local/share/bash-completion/completions/softcuda

Exit codes:
  0  done, nothing found
  1  the kernel went wrong (an access out of bounds, a trap, a deadlock, the step limit), or a check found something
  2  wrong arguments, a launch that was refused, input that cannot be read or is no PTX";

/// CUDA kernels without a GPU: PTX run, profiled and checked on the host.
#[derive(Debug, Parser)]
#[command(name = "softcuda", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// What is asked.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Launches a kernel and shows what it wrote
    Run(run::Run),
    /// Launches a kernel and tells where its time would go on named GPUs (predicted)
    Profile(profile::Profile),
    /// Launches a kernel and looks for races, uninitialised reads and wrong barriers
    Check(check::Check),
    /// Shows the lowered program: rows of registers, and where diverged lanes meet
    Disasm(disasm::Disasm),
    /// Lists the kernels of a module
    List(list::List),
    /// Lists the instructions of PTX, and which forms of them are supported
    Support(support::Support),
    /// Prints completions for a shell
    Completions(completions::Completions),
}

impl Command {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        match self {
            Self::Run(it) => it.run(),
            Self::Profile(it) => it.run(),
            Self::Check(it) => it.run(),
            Self::Disasm(it) => it.run(),
            Self::List(it) => it.run(),
            Self::Support(it) => it.run(),
            Self::Completions(it) => it.run(),
        }
    }
}
