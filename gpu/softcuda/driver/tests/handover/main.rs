//! The hand-over to a real driver, with a fake one. Who answers is decided once a process, so each case is a process of its own: this
//! test again, with `PROBE` set, which says what it saw.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use softcuda_driver::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::ptr::null_mut;
use std::sync::OnceLock;

/// Builds a library of a source; its path.
fn build(source: &str, name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&root).unwrap();
    let path = root.join("libcuda.so.1");
    let source_path = root.join("source.rs");
    std::fs::write(&source_path, source).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let soname = "-Clink-arg=-Wl,-soname,libcuda.so.1";
    let built = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=cdylib", "--crate-name=cuda", soname, "-o"])
        .args([&path, &source_path])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    path
}

const FAKE: &str = include_str!("fake.rs");

fn fake() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| build(FAKE, "fake"))
}

/// What the probe prints with these variables.
fn probe(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_probe", "--nocapture"]).env("PROBE", "1");
    for name in ["SOFTCUDA", "SOFTCUDA_LIBCUDA", "SOFTCUDA_DEVICES", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    let Output { stdout, stderr, status } =
        command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{text}");
    text.lines().filter_map(|line| line.split_once("seen: ")).map(|(_, seen)| seen).collect()
}

/// Not a test by itself: calls the driver and prints what it answers.
#[test]
fn the_probe() {
    if std::env::var_os("PROBE").is_none() {
        return;
    }
    let (mut version, mut count, mut address) = (-1, -1, 0);
    // SAFETY: good pointers; the launch goes to the fake or is refused.
    let codes = unsafe {
        let init = cuInit(0);
        cuDriverGetVersion(&mut version);
        cuDeviceGetCount(&mut count);
        let alloc = cuMemAlloc_v2(&mut address, 5);
        let launch =
            cuLaunchKernel(null_mut(), 1, 1, 1, 1, 0, 1, 1, null_mut(), null_mut(), null_mut());
        [init, alloc, launch, cuCtxSynchronize()].map(|code| code.0)
    };
    let real = real_driver().is_some();
    println!("seen: {codes:?} {version} {count} {address:x} {real}");
    if let Some(detail) = last_error().filter(|_| codes[0] != 0) {
        println!("seen:  {detail}");
    }
}

/// What softcuda answers: no context, so nothing to allocate in or launch.
const SOFT: &str = "[0, 201, 201, 201] 13000 1 0 false";
/// What the fake answers; it has no `cuCtxSynchronize`.
const REAL: &str = "[0, 0, 111, 801] 12040 3 fa4e0005 true";

#[test]
fn a_driver_with_devices_is_handed_over_to() {
    let path = fake().to_str().unwrap();
    assert_eq!(probe(&[("SOFTCUDA_LIBCUDA", path)]), REAL);
    assert_eq!(probe(&[("SOFTCUDA_LIBCUDA", path), ("SOFTCUDA", "never")]), REAL);
    // By the loader, as a real one is found.
    let directory = fake().parent().unwrap().to_str().unwrap();
    assert_eq!(probe(&[("LD_LIBRARY_PATH", directory)]), REAL);
}

#[test]
fn softcuda_where_it_is_told_to() {
    let path = fake().to_str().unwrap();
    assert_eq!(probe(&[("SOFTCUDA_LIBCUDA", path), ("SOFTCUDA", "force")]), SOFT);
}

#[test]
fn a_driver_that_is_of_no_use_is_passed_over() {
    let path = fake().to_str().unwrap();
    for (name, value, why) in [
        ("FAKE_DEVICES", "0", "it has no device"),
        ("FAKE_VERSION", "10020", "its version 10020 is below 11000"),
        ("FAKE_INIT", "100", "cuInit: CUDA_ERROR_NO_DEVICE (100)"),
    ] {
        let real = ("SOFTCUDA_LIBCUDA", path);
        assert_eq!(probe(&[real, (name, value)]), SOFT, "{name}");
        let seen = probe(&[real, (name, value), ("SOFTCUDA", "never")]);
        let code = if name == "FAKE_VERSION" { 803 } else { 100 };
        assert!(seen.starts_with(&format!("[{code}, {code}, {code}, {code}]")), "{seen}");
        assert!(seen.contains(why), "{seen}");
    }
}

#[test]
fn no_driver_at_all() {
    let nowhere = ("SOFTCUDA_LIBCUDA", "/no/such/libcuda.so.1");
    assert_eq!(probe(&[nowhere]), SOFT);
    let seen = probe(&[nowhere, ("SOFTCUDA", "never")]);
    assert!(seen.starts_with("[100, "), "{seen}");
    assert!(seen.contains("/no/such/libcuda.so.1: "), "{seen}");
}

#[test]
fn softcuda_itself_is_no_real_driver() {
    let marked =
        format!("{FAKE}\n#[unsafe(no_mangle)]\npub extern \"C\" fn softcuda_last_error() {{}}\n");
    let path = build(&marked, "marked");
    assert_eq!(probe(&[("SOFTCUDA_LIBCUDA", path.to_str().unwrap())]), SOFT);
}

#[test]
fn settings_that_are_none() {
    let seen = probe(&[("SOFTCUDA", "perhaps")]);
    assert!(seen.starts_with("[1, "), "{seen}");
    assert!(seen.contains("SOFTCUDA=perhaps: it must be auto, force or never"), "{seen}");
    let seen = probe(&[("SOFTCUDA", "force"), ("SOFTCUDA_DEVICES", "7")]);
    assert_eq!(seen, "[0, 201, 201, 201] 13000 7 0 false");
}
