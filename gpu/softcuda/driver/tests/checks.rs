//! Checks and the profile, as the environment switches them on. Each case is a process of its own: this test again, with `PROBE` set.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use softcuda_driver::*;
use std::ffi::CString;
use std::process::Command;
use std::ptr::null_mut;

/// Hands each thread's number to its neighbour through shared memory, without a barrier.
const RACE: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry shift() {
    .shared .align 4 .b8 s[256];
    .reg .b32 %r<4>;
    mov.u32 %r1, %tid.x;
    shl.b32 %r2, %r1, 2;
    mov.u32 %r3, s;
    add.u32 %r2, %r2, %r3;
    st.shared.u32 [%r2], %r1;
    xor.b32 %r2, %r2, 128;
    ld.shared.u32 %r3, [%r2];
    ret;
}";

#[test]
fn the_probe() {
    if std::env::var_os("PROBE").is_none() {
        return;
    }
    let image = CString::new(RACE).unwrap();
    let (mut context, mut module, mut kernel) = (null_mut(), null_mut(), null_mut());
    // SAFETY: good pointers, and a kernel without parameters.
    let codes = unsafe {
        [
            cuInit(0),
            cuCtxCreate_v2(&mut context, 0, 0),
            cuModuleLoadData(&mut module, image.as_ptr().cast()),
            cuModuleGetFunction(&mut kernel, module, c"shift".as_ptr()),
            cuLaunchKernel(kernel, 2, 1, 1, 64, 1, 1, 0, null_mut(), null_mut(), null_mut()),
            cuCtxSynchronize(),
        ]
    };
    assert_eq!(codes, [CUDA_SUCCESS; 6], "{:?}", last_error());
    let reports = take_reports();
    let (mut errors, mut warnings) = (9, 9);
    // SAFETY: good pointers.
    let all = unsafe { softcuda_findings(&mut errors, &mut warnings) };
    assert_eq!(all, errors + warnings);
    println!("seen: {} {errors} {warnings}", reports.len());
    assert!(take_reports().is_empty());
}

fn probe(variables: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_probe", "--nocapture"])
        .env("PROBE", "1")
        .env("SOFTCUDA", "force");
    for name in ["SOFTCUDA_CHECK", "SOFTCUDA_VERBOSE", "SOFTCUDA_PROFILE"] {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{out}{err}");
    let seen = out.lines().find_map(|line| line.split_once("seen: ")).unwrap().1.to_owned();
    (seen, err)
}

#[test]
fn a_race_is_found_where_checks_are_on() {
    assert_eq!(probe(&[]), ("0 0 0".to_owned(), String::new()));
    assert_eq!(probe(&[("SOFTCUDA_CHECK", "none")]).0, "0 0 0");
    let (seen, err) = probe(&[("SOFTCUDA_CHECK", "races")]);
    let [reports, errors, warnings] =
        seen.split(' ').map(|n| n.parse::<u64>().unwrap()).collect::<Vec<_>>()[..]
    else {
        panic!("{seen}")
    };
    // Which of the two accesses is the later one is the machine's choice.
    assert!(reports == 1 && (1..=2).contains(&errors) && warnings == 0, "{seen}");
    assert!(err.contains("========= ") && err.contains("in kernel shift"), "{err}");
    assert!(err.contains(&format!("ERROR SUMMARY: shift: {errors} errors")), "{err}");
    assert_eq!(probe(&[("SOFTCUDA_CHECK", "barriers")]).0, "0 0 0");
}

#[test]
fn the_profile_is_printed_at_the_end() {
    let (_, err) = probe(&[("SOFTCUDA_PROFILE", "1")]);
    let lines: Vec<&str> = err.lines().collect();
    assert_eq!(lines.len(), 2, "{err}");
    let (head, row) = (lines[0], lines[1]);
    assert!(head.starts_with("softcuda: kernel  launches"), "{err}");
    let fields: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((fields[1], fields[2], fields[4]), ("shift", "1", "1.00"), "{err}");
    assert!(fields[3].parse::<u64>().unwrap() >= 128 * 7, "{err}");
}
