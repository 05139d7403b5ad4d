//! Kernels from a few lines, and what is found in them.

use softcuda::sanitize::{Checks, Config, Finding, Kind, Level, Report, launch, prepare};
use softcuda::{Arg, Device, LaunchOptions, Module};

/// All checks that there are.
pub const ALL: Checks = Checks { global_races: true, ..Checks::ALL };
pub const RACES: Checks = Checks { races: true, ..Checks::NONE };

/// A kernel with this body. `s` is 1 KiB of shared memory; `%t` the thread, `%s` the address of `s`, `%a` that of the thread's word in
/// it, `%b` that of the same lane's of the next warp, `%c` that of the neighbouring lane's; `%data` the parameter.
pub fn kernel(body: &str) -> String {
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 p) {{\n\
         .shared .align 16 .b8 s[1024];\n\
         .reg .pred %p<8>;\n.reg .b16 %h<8>;\n.reg .b32 %r<16>;\n.reg .b64 %d<8>;\n\
         .reg .b32 %t, %s, %a, %b, %c;\n.reg .b64 %data;\n\
         ld.param.u64 %data, [p];\nmov.u32 %t, %tid.x;\nmov.u32 %s, s;\n\
         shl.b32 %a, %t, 2;\nxor.b32 %b, %a, 128;\nxor.b32 %c, %a, 4;\n\
         add.u32 %a, %a, %s;\nadd.u32 %b, %b, %s;\nadd.u32 %c, %c, %s;\n{body}\nret;\n}}\n"
    )
}

/// The line that ends in a mark: `// A`.
pub fn line(body: &str, mark: &str) -> u32 {
    let text = kernel(body);
    let found = text.lines().position(|line| line.ends_with(&format!("// {mark}")));
    found.unwrap_or_else(|| panic!("no mark {mark}")) as u32 + 1
}

/// Runs a body over 4 KiB of global memory that are written.
pub fn run(body: &str, grid: u32, threads: u32, config: impl Into<Config>) -> Report {
    let device = Device::new(1 << 24);
    let config = config.into();
    prepare(&device, config.checks);
    let data = device.memory().alloc(4096).unwrap();
    device.memory().fill(data, &[0], 4096).unwrap();
    run_on(&device, data, body, grid, threads, config)
}

pub fn run_on(
    device: &Device,
    data: u64,
    body: &str,
    grid: u32,
    threads: u32,
    config: impl Into<Config>,
) -> Report {
    let text = kernel(body);
    let module = Module::load(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let kernel = module.kernel("k").unwrap();
    let options = LaunchOptions { step_limit: Some(1 << 20), ..LaunchOptions::default() };
    launch(&kernel, device, grid, threads, &[Arg::from(data)], &options, config)
}

/// The one finding of this kind, with these marks: of a race, the later access and the earlier.
#[track_caller]
pub fn finds(body: &str, threads: u32, kind: Kind, level: Level, marks: (&str, &str)) -> Finding {
    let report = run(body, 1, threads, ALL);
    let (at, other) = (line(body, marks.0), line(body, marks.1));
    let is = |f: &&Finding| {
        f.kind == kind
            && f.place.as_ref().is_some_and(|place| place.line == at)
            && f.other.as_ref().is_none_or(|place| place.line == other)
    };
    let found = report.findings.iter().find(is);
    let found = found.unwrap_or_else(|| panic!("no {kind:?} at lines {at}, {other}:\n{report}"));
    assert_eq!(found.level, level, "{report}");
    found.clone()
}

/// The race of two instructions, in whatever order they came.
#[track_caller]
pub fn races(body: &str, threads: u32, level: Level, marks: (&str, &str)) -> Finding {
    let report = run(body, 1, threads, ALL);
    let (a, b) = (line(body, marks.0), line(body, marks.1));
    let is = |f: &&Finding| {
        let lines = f.place.as_ref().zip(f.other.as_ref()).map(|(x, y)| (x.line, y.line));
        f.kind.is_race() && (lines == Some((a, b)) || lines == Some((b, a)))
    };
    let found = report.findings.iter().filter(is).max_by_key(|f| f.level);
    let found = found.unwrap_or_else(|| panic!("no race of lines {a}, {b}:\n{report}"));
    assert_eq!(found.level, level, "{report}");
    found.clone()
}

/// Nothing is found.
#[track_caller]
pub fn clean(body: &str, threads: u32) {
    let report = run(body, 1, threads, ALL);
    assert!(report.is_clean(), "{report}");
}
