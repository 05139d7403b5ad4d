//! `disasm`, `list`, `support`, `completions`.

use crate::{Place, kernel};

#[test]
fn lowered_programs_are_listed() {
    let place = Place::new();
    let outcome = place
        .run("disasm two.ptx --kernel twice")
        .exits(0)
        .says("twice:")
        .says("ld.global.f32  r")
        .says("@p");
    let branch = outcome.out.lines().find(|line| line.contains("bra")).unwrap();
    let meet = branch.rsplit(' ').next().unwrap();
    let target = outcome.out.lines().find(|line| line.starts_with('>')).unwrap();
    assert!(
        target.split_whitespace().nth(1) == Some(meet) && target.contains("ret"),
        "{outcome:#?}"
    );
    assert!(!outcome.out.contains("shift"));
    place.run("disasm two.ptx").exits(0).says("twice:").says("shift:");
    let json = place.run("disasm two.ptx --kernel twice --json").exits(0).json();
    let code = json[0]["code"].as_array().unwrap();
    let branch = code.iter().find(|it| it["opcode"] == "bra").unwrap();
    assert_eq!(branch["targets"][0], branch["meets"]);
}

#[test]
fn a_syntax_tree_is_ptx_again() {
    let place = Place::new();
    let once = place.run("disasm two.ptx --ptx").exits(0).says(".visible .entry twice").out;
    place.write("again.ptx", &once);
    assert_eq!(place.run("disasm again.ptx --ptx").exits(0).out, once);
    place
        .run("run again.ptx --kernel twice --grid 1 --block 4 --arg out:f32:4:iota --arg u32:4")
        .exits(0)
        .says("0, 2, 4, 6");
}

#[test]
fn kernels_are_listed() {
    let place = Place::new();
    place.run("list two.ptx").exits(0).says("twice").says("8 4").says("shift");
    let json = place.run(&format!("list {} --json", kernel("matmul.ptx"))).exits(0).json();
    let all = json.as_array().unwrap();
    let tiled = all.iter().find(|it| it["kernel"] == "matmul_tiled_16").unwrap();
    assert_eq!((&tiled["shared_bytes"], &tiled["max_threads"]), (&2048.into(), &256.into()));
    assert_eq!(tiled["parameters"].as_array().unwrap().len(), 6);
}

#[test]
fn instructions_are_listed() {
    let place = Place::new();
    place.run("support fma.rn.f32").exits(0).says("fma.rn.f32");
    place.run("support tex").exits(0).says("error when a module is loaded");
    place.run("support fused").exits(2).complains("PTX has no instruction `fused`");
    place.run("support --markdown").exits(0).says("| `wgmma` | error |");
    let json = place.run("support shfl --json").exits(0).json();
    assert_eq!(json[0]["forms"][0], "shfl.sync.{up,down,bfly,idx}.b32");
}

#[test]
fn completions_are_printed() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        place.run(&format!("completions {shell}")).exits(0).says("disasm").says("step-limit");
    }
    place.run("--help").exits(0).says("Exit codes:");
    place.run("run --help").exits(0).says("out:TYPE:COUNT");
}
