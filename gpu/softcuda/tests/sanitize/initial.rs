use crate::harness::{ALL, clean, finds, run, run_on};
use softcuda::Device;
use softcuda::memory::Space;
use softcuda::sanitize::{Checks, Kind, Level, prepare};

#[test]
fn shared_memory() {
    let body = "ld.shared.u32 %r1, [%a]; // R";
    let found = finds(body, 32, Kind::Uninitialised, Level::Error, ("R", "R"));
    assert_eq!(found.bytes.unwrap().space, Space::Shared);
    clean("st.shared.u32 [%a], %t;\nld.shared.u32 %r1, [%a];", 32);
    // Three bytes of the word are written.
    let body = "mov.u16 %h1, 1;\nst.shared.u16 [%a], %h1;\nst.shared.u8 [%a+2], %h1;\nld.shared.u32 %r1, [%a]; // R";
    let found = finds(body, 4, Kind::Uninitialised, Level::Error, ("R", "R"));
    assert_eq!(found.bytes.unwrap().address, 3);
    // An atomic operation reads too.
    let body = "red.shared.add.u32 [%s], 1; // R";
    finds(body, 32, Kind::Uninitialised, Level::Error, ("R", "R"));
    // A new block begins with nothing.
    let body =
        "setp.eq.u32 %p1, %t, 99;\n@%p1 st.shared.u32 [%a], 1;\nld.shared.u32 %r1, [%a]; // R";
    assert_eq!(run(body, 3, 32, ALL).findings[0].count, 3);
}

#[test]
fn what_is_copied_is_written_when_it_is_waited_for() {
    let copy = "cvt.u64.u32 %d1, %t;\nshl.b64 %d1, %d1, 2;\nadd.u64 %d1, %d1, %data;\n\
                cp.async.ca.shared.global [%a], [%d1], 4;\n";
    let checks = Checks { uninitialised: true, ..Checks::NONE };
    let report = run(&format!("{copy}ld.shared.u32 %r1, [%a];\ncp.async.wait_all;"), 1, 32, checks);
    assert_eq!(report.findings.len(), 1, "{report}");
    clean(&format!("{copy}cp.async.wait_all;\nld.shared.u32 %r1, [%a];"), 32);
}

#[test]
fn local_memory() {
    let body = ".local .align 4 .b8 l[16];\nmov.u64 %d1, l;\nst.local.u32 [%d1], %t;\nld.local.u32 %r1, [%d1+4]; // R";
    let found = finds(body, 40, Kind::Uninitialised, Level::Error, ("R", "R"));
    let bytes = found.bytes.unwrap();
    assert_eq!((bytes.space, bytes.address, found.count), (Space::Local, 4, 40));
    clean(
        ".local .align 4 .b8 l[16];\nmov.u64 %d1, l;\nst.local.u32 [%d1+4], %t;\nld.local.u32 %r1, [%d1+4];",
        40,
    );
}

const READ: &str = "mul.wide.u32 %d1, %t, 4;\nadd.u64 %d1, %d1, %data;\nld.global.u32 %r1, [%d1];";

#[test]
fn global_memory() {
    let device = Device::new(1 << 20);
    let memory = device.memory();
    let before = memory.alloc(256).unwrap();
    prepare(&device, ALL);
    let data = memory.alloc(256).unwrap();
    let check = |data| run_on(&device, data, READ, 1, 32, ALL).findings;
    assert!(check(before).is_empty(), "what was allocated before counts as written");
    memory.write(data, &[1; 127]).unwrap();
    let found = check(data);
    assert_eq!((found.len(), found[0].kind, found[0].count), (1, Kind::Uninitialised, 1));
    let bytes = found[0].bytes.as_ref().unwrap();
    assert_eq!(bytes.address, data + 127);
    assert!(bytes.within.as_ref().unwrap().0.contains("allocation 1"));
    assert_eq!(memory.first_unwritten(data, 128).unwrap(), Some(data + 127));
    memory.fill(data + 127, &[0], 1).unwrap();
    assert!(check(data).is_empty());
    // Copies hand on what is known.
    let other = memory.alloc(256).unwrap();
    memory.copy(other, data, 200).unwrap();
    assert!(check(other).is_empty());
    assert!(!check(other + 4).is_empty());
    memory.copy(other, before, 256).unwrap();
    assert!(check(other + 4).is_empty());
}

#[test]
fn what_kernels_write_is_written() {
    let device = Device::new(1 << 20);
    prepare(&device, ALL);
    let write = READ.replace("ld.global.u32 %r1, [%d1];", "st.global.u32 [%d1], %t;");
    let checked = device.memory().alloc(256).unwrap();
    assert!(run_on(&device, checked, &write, 1, 32, ALL).is_clean());
    assert!(run_on(&device, checked, READ, 1, 32, ALL).is_clean());
    assert!(!run_on(&device, checked, READ, 1, 33, ALL).is_clean());
    // Nobody knows what this one wrote.
    assert!(run_on(&device, checked, &write, 1, 32, Checks::NONE).is_clean());
    assert!(run_on(&device, checked, READ, 1, 33, ALL).is_clean());
}
