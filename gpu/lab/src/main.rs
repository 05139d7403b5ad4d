//! Labs 3-1 to 3-6: CUDA kernels in steps, from the plain to the fast. On softcuda every result is checked, what can be counted is counted, and times are predicted
//! and say so; where there is a GPU, they run there as well, are checked, and timed.

mod bench;
mod counted;
mod labs;
mod manifest;
mod plot;
mod row;
mod tell;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::tell::Tell;

/// Whatever went wrong, as a sentence.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Runs the labs of module 3: CUDA kernels, checked, counted, predicted, and timed where there is a GPU.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  gpu-lab matmul --size 512\n  gpu-lab all-reduce --devices 8 --most 64\n  SOFTCUDA=force gpu-lab scan   (softcuda, although there is a GPU)\n\nExit codes: 0 done (what was found is told, not judged), 1 could not run, 2 wrong arguments"
)]
struct Arguments {
    #[command(subcommand)]
    lab: Lab,
    /// Where pictures go
    #[arg(long, global = true, value_name = "DIR", default_value = "out/gpu-lab")]
    out: PathBuf,
    /// Tells the course runner: JSON events, a line each
    #[arg(long, global = true, overrides_with = "json")]
    json: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum Lab {
    /// Lab 3-1: the sum of two vectors, and why memory limits it
    VecAdd {
        /// Elements
        #[arg(long, default_value_t = 1 << 22, value_parser = clap::value_parser!(u32).range(1..=1 << 28))]
        size: u32,
    },
    /// Lab 3-2: matrix products, and what tiles do to bytes and bank conflicts
    Matmul {
        /// Rows and columns of the square matrices
        #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(16..=8192))]
        size: u32,
    },
    /// Lab 3-3: block sizes and parallelism within threads: which of them hides latency
    Occupancy {
        /// Threads of the grid
        #[arg(long, default_value_t = 1 << 18, value_parser = clap::value_parser!(u32).range(1024..=1 << 26))]
        size: u32,
        /// Multiply-adds of a thread, in eights
        #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
        rounds: u32,
    },
    /// Lab 3-4: sums, and why shuffles win over shared memory
    Reduction {
        /// Elements
        #[arg(long, default_value_t = 1 << 22, value_parser = clap::value_parser!(u32).range(1..=1 << 28))]
        size: u32,
    },
    /// Lab 3-5: prefix sums over more than one block
    Scan {
        /// Elements
        #[arg(long, default_value_t = 1 << 20, value_parser = clap::value_parser!(u32).range(1..=1 << 28))]
        size: u32,
    },
    /// Lab 3-6: sums over several devices, round a ring, up a tree, or directly
    AllReduce {
        /// Devices; soft ones where there is no GPU
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=64))]
        devices: u32,
        /// The longest buffers, in MiB
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
        most: u32,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a program that could not go on")]
fn complain(error: &dyn std::error::Error) {
    eprintln!("gpu-lab: {error}");
}

fn run(arguments: &Arguments) -> Result<()> {
    let tell = Tell::new(arguments.json);
    let out = &arguments.out;
    match arguments.lab {
        Lab::VecAdd { size } => labs::vec_add::run(&Bench::open(out, tell)?, size as usize),
        Lab::Matmul { size } => labs::matmul::run(&Bench::open(out, tell)?, size as usize),
        Lab::Occupancy { size, rounds } => {
            labs::occupancy::run(&Bench::open(out, tell)?, size as usize, rounds)
        }
        Lab::Reduction { size } => labs::reduction::run(&Bench::open(out, tell)?, size as usize),
        Lab::Scan { size } => labs::scan::run(&Bench::open(out, tell)?, size as usize),
        Lab::AllReduce { devices, most } => labs::all_reduce::run(out, &tell, devices, most),
    }
}
