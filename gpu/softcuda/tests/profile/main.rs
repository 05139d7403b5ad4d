//! Profiles of the kernels in `gpu/kernels`, and the models on their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../kernels/host.rs"]
#[expect(dead_code, reason = "shared with the tests of kernels")]
mod host;
mod ilp;
mod occupancy;
mod time;
mod traffic;
mod waiting;

use host::Host;
use softcuda::profile::{self, Caches, Gpu, Options, Profile, Registers};
use softcuda::{Arg, Dim, LaunchOptions};

/// Registers of a kernel as the manifest has them from ptxas, found without a parser: the tests need no more.
fn registers(kernel: &str, gpu: &Gpu) -> u32 {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../kernels/manifest.json");
    let text = std::fs::read_to_string(path).unwrap();
    let from = |text: &str, what: &str| {
        let at = text.find(&format!("\"{what}\": ")).unwrap_or_else(|| panic!("no {what}"));
        text[at..].to_owned()
    };
    let line = from(&from(&from(&text, kernel), &gpu.architecture()), "registers");
    line["\"registers\": ".len()..].split([',', '\n']).next().unwrap().parse().unwrap()
}

fn run_warm(
    host: &Host,
    file: &str,
    kernel: &str,
    shape: (Dim, Dim),
    args: &[Arg],
    caches: Caches,
) -> Profile {
    let kernel = host::module(file).kernel(kernel).unwrap();
    let known = |gpu: &Gpu| Registers::Known(registers(kernel.name(), gpu));
    let options = Options { registers: &known, caches, ..Options::default() };
    let plain = LaunchOptions::default();
    profile::launch(&kernel, &host.0, shape.0, shape.1, args, &plain, &options).unwrap()
}

fn run(host: &Host, file: &str, kernel: &str, shape: (Dim, Dim), args: &[Arg]) -> Profile {
    run_warm(host, file, kernel, shape, args, Caches::Cold)
}
