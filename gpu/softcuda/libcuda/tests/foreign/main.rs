//! Programs that know nothing of softcuda, pointed at its `libcuda.so.1`.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const PTX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kernels/vec_add.ptx");

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}{text}", said(&output));
    output
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A directory with the library under its name. Cargo built it beside this test.
fn installed() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let built = test.parent().unwrap().join("libcuda.so");
        assert!(built.exists(), "{built:?}");
        let path = directory("installed");
        std::fs::copy(built, path.join("libcuda.so.1")).unwrap();
        path
    })
}

/// The program in C, linked against the library.
fn program() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = directory("program").join("vec_add");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/vec_add.c");
        let library = installed().join("libcuda.so.1");
        run(Command::new("cc").args(["-O1", "-o"]).arg(&path).args([Path::new(source), &library]));
        path
    })
}

fn on_softcuda(command: &mut Command) -> &mut Command {
    command
        .env("LD_LIBRARY_PATH", installed())
        .env("SOFTCUDA", "force")
        .env_remove("SOFTCUDA_DEVICES")
}

#[test]
fn every_function_that_cust_names_is_exported() {
    // SAFETY: nothing is called.
    let library = unsafe { libloading::Library::new(installed().join("libcuda.so.1")) }.unwrap();
    let names = include_str!("../../../driver/tests/cust_functions.txt");
    for name in
        names.lines().chain(["softcuda_last_error", "softcuda_findings", "cuGetProcAddress_v2"])
    {
        // SAFETY: as above.
        let found = unsafe { library.get::<*mut c_void>(name.as_bytes()) };
        assert!(found.is_ok(), "{name}");
    }
}

#[test]
fn a_program_in_c() {
    let output = run(on_softcuda(Command::new(program()).arg(PTX)));
    assert_eq!(said(&output), "devices 1\nsum ok\n");
    let output = run(on_softcuda(&mut Command::new(program())).env("SOFTCUDA_DEVICES", "3"));
    assert_eq!(said(&output), "devices 3\n");
}

#[test]
fn a_program_in_c_that_goes_wrong_is_told() {
    let mut command = Command::new(program());
    on_softcuda(&mut command).env("SOFTCUDA_VERBOSE", "1").arg("/no/such.ptx");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("CUDA_ERROR_FILE_NOT_FOUND"), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("softcuda: cuModuleLoad: CUDA_ERROR_FILE_NOT_FOUND (301)"), "{told}");
    assert!(told.contains("/no/such.ptx: "), "{told}");
}

#[test]
fn a_program_in_python() {
    if let Err(error) = Command::new("python3").arg("--version").output() {
        eprintln!("not run: python3: {error}");
        return;
    }
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/vec_add.py");
    let output = run(on_softcuda(Command::new("python3").args([source, PTX])));
    assert_eq!(said(&output), "sum ok\n");
}

/// Softcuda stands in for the driver and hands over to another library of the same name: none takes the other's functions.
#[test]
fn a_program_in_c_on_a_real_driver() {
    let path = directory("fake").join("libcuda.so.1");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../driver/tests/handover/fake.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut build = Command::new(rustc);
    build.args(["--edition=2024", "--crate-type=cdylib", "--crate-name=cuda", "-o"]);
    run(build.arg(&path).args([source, "-Clink-arg=-Wl,-soname,libcuda.so.1"]));
    let mut command = Command::new(program());
    on_softcuda(&mut command).env("SOFTCUDA", "auto").env("SOFTCUDA_LIBCUDA", &path);
    assert_eq!(said(&run(&mut command)), "devices 3\n");
    // By default it finds only itself here, unless there is a GPU.
    let mut command = Command::new(program());
    on_softcuda(&mut command).env_remove("SOFTCUDA");
    assert!(said(&run(&mut command)).starts_with("devices "));
}
