//! Bad input of every kind: a message that says what and where, exit code 2, no panic.

use crate::{Place, TWO};

const TWICE: &str = "run two.ptx --kernel twice --grid 1 --block 32";

#[test]
fn wrong_usage() {
    let place = Place::new();
    for (line, complaint) in [
        ("", "Usage"),
        ("walk two.ptx", "walk"),
        ("run two.ptx", "--grid"),
        ("run two.ptx --grid 1 --block 1", "which kernel? --kernel twice, --kernel shift"),
        (
            "run two.ptx --kernel thrice --grid 1 --block 1",
            "no kernel thrice; the module has twice, shift",
        ),
        ("run two.ptx --kernel twice --grid 1,2,3,4 --block 1", "one to three numbers"),
        ("run two.ptx --kernel twice --grid -1 --block 1", "-1"),
        ("run two.ptx --kernel twice --grid 1 --block big", "one to three numbers"),
        ("list", "<FILE>"),
        ("list none.ptx", "none.ptx"),
        ("list .", "."),
        ("disasm two.ptx --ptx --json", "cannot be used with"),
        ("check two.ptx --kernel twice --grid 1 --block 1 --checks races,speed", "speed"),
    ] {
        place.run(line).exits(2).complains(complaint);
    }
}

#[test]
fn wrong_arguments() {
    let place = Place::new();
    for (args, complaint) in [
        ("", "takes 2 arguments, 0 were given"),
        ("--arg null", "takes 2 arguments, 1 were given"),
        ("--arg null --arg u64:1", "argument 1 has 8 bytes, parameter n has 4"),
        ("--arg u32:1 --arg u32:1", "argument 0 has 4 bytes, parameter data has 8"),
        ("--arg null --arg u32:-1", "no u32"),
        ("--arg null --arg 5", "is no argument"),
        ("--arg buf:f32:4:none --arg u32:1", "neither a file nor"),
        ("--arg buf:f32:4:none.npy --arg u32:1", "none.npy"),
        ("--arg buf:f32:*:zeros --arg u32:1", "needs a file"),
        ("--arg out:f32:300M --arg u32:1", "--memory"),
        ("--arg out:f32:99999999999M --arg u32:1", "--memory"),
        ("--arg out:f32:2K --arg out:f32:2K --memory 9000", "--memory"),
        ("--arg null --arg u32:1 --save 1=x.bin", "argument 1 is no buffer"),
        ("--arg null --arg u32:1 --save x", "ARG=FILE"),
        ("--arg out:f32:4 --arg u32:4 --save 0=none/x.bin", "none/x.bin"),
        ("--arg null --arg u32:1 --set x", "NAME=SPEC"),
    ] {
        place.run(&format!("{TWICE} {args}")).exits(2).complains(complaint);
    }
}

#[test]
fn wrong_files_of_data() {
    let place = Place::new();
    place.write("short.bin", [0; 7]);
    place.write("short.npy", b"\x93NUMPY");
    place.write("text.npy", "1 2 3");
    place.write(
        "wide.npy",
        [
            b"\x93NUMPY\x01\x00\x3e\x00".as_slice(),
            format!("{:61}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }")
                .as_bytes(),
            &[0; 8],
        ]
        .concat(),
    );
    for (file, complaint) in [
        ("*:short.bin", "no whole number of f32s"),
        ("4:short.bin", "has 7 bytes; 4 f32s were asked for"),
        ("*:short.npy", "ends within its head"),
        ("*:text.npy", "does not begin as a .npy file does"),
        ("*:wide.npy", "holds f64, the argument says f32"),
    ] {
        place
            .run(&format!("{TWICE} --arg buf:f32:{file} --arg u32:0"))
            .exits(2)
            .complains(complaint);
    }
    place.run(&format!("{TWICE} --arg out:f64:*:wide.npy --arg u32:0")).exits(0).says("f64[1]: 0");
}

#[test]
fn wrong_shapes() {
    let place = Place::new();
    for (shape, complaint) in [
        ("--grid 1 --block 1025", "at most 1024"),
        ("--grid 1 --block 0", "each extent must be 1 to"),
        ("--grid 0 --block 1", "each extent must be 1 to"),
        ("--grid 1,65536 --block 1", "each extent must be 1 to"),
        ("--grid 1 --block 1,1,65", "each extent must be 1 to"),
        ("--grid 1 --block 1 --shared 200000", "bytes of shared memory"),
        ("--grid 100000 --block 1024 --cooperative", "cooperative launch of 100000 blocks"),
    ] {
        for command in ["run", "profile", "check"] {
            let line = format!("{command} two.ptx --kernel twice {shape} --arg null --arg u32:0");
            place.run(&line).exits(2).complains(complaint);
        }
    }
}

/// File, line, column, the line's text and a caret.
#[test]
fn wrong_texts() {
    let place = Place::new();
    for (from, to, complaint) in [
        ("ret;\n}\n\n", "ret\n}\n\n", "two.ptx:27:1: expected an operand"),
        (
            "add.f32 %f2, %f1, %f1;",
            "add.f32 %f2, %f1, %f9;",
            "two.ptx:23:20: `%f9` is not declared",
        ),
        (
            "add.f32 %f2, %f1, %f1;",
            "add.f33 %f2, %f1, %f1;",
            "two.ptx:23:2: `add.f33` is not supported",
        ),
        (
            "add.f32 %f2, %f1, %f1;",
            "tex.1d.v4.f32.s32 %f2, %f1;",
            "two.ptx:23:2: `tex.1d.v4.f32.s32` is not supported",
        ),
        (
            "add.f32 %f2, %f1, %f1;",
            "add.f32 %f2, %f1;",
            "two.ptx:23:2: `add.f32`: takes 3 operands",
        ),
        (".version 8.0", ".version eight", "two.ptx:1:10: "),
    ] {
        assert!(TWO.contains(from), "{from}");
        place.write("two.ptx", TWO.replacen(from, to, 1));
        for command in ["list two.ptx", "disasm two.ptx", TWICE] {
            let outcome = place.run(command).exits(2).complains(complaint);
            let caret = outcome.err.lines().last().unwrap();
            assert!(caret.starts_with("      | ") && caret.ends_with('^'), "{outcome:#?}");
            let column: usize = complaint.split(':').nth(2).unwrap().parse().unwrap();
            assert_eq!(caret.find('^').unwrap() - "      | ".len() + 1, column, "{outcome:#?}");
        }
    }
}

#[test]
fn what_is_no_text() {
    let place = Place::new();
    place.write("empty.ptx", "");
    place.write("elf.ptx", b"\x7fELF\x02\x01\x01");
    place.write("bytes.ptx", b".version 8.0\n\xff\xfe");
    place.write("none.ptx", ".version 8.0\n.target sm_80\n.address_size 64\n");
    place.run("list empty.ptx").exits(2).complains("empty.ptx:1:1:");
    place.run("list elf.ptx").exits(2).complains("machine code");
    place.run("list bytes.ptx").exits(2).complains("byte 13 is no UTF-8");
    place.run("run none.ptx --grid 1 --block 1").exits(2).complains("no kernel");
}
