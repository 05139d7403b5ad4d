//! `profile`.

use crate::{Place, kernel};

fn vec_add(more: &str) -> String {
    format!(
        "profile {} --kernel vec_add_scalar --grid 1024 --block 256 --arg buf:f32:256K:iota --arg buf:f32:256K:random \
         --arg out:f32:256K --arg i64:262144 {more}",
        kernel("vec_add.ptx")
    )
}

#[test]
fn a_profile_is_shown() {
    let place = Place::new();
    let outcome = place
        .run(&vec_add("--lines --show 2"))
        .exits(0)
        .says("global: bytes of sectors, different (DRAM)  3,145,728")
        .says("load global")
        .says("vec_add.cu:10")
        .says("predicted, model bottleneck-2")
        .says("f32[262144]: ");
    for gpu in ["T4", "A100-80", "RTX 4090", "H100"] {
        let line = outcome.out.lines().find(|line| line.starts_with(gpu)).unwrap();
        assert!(
            line.contains("DRAM") && line.contains("100.0 %") && line.contains("0.08"),
            "{line}"
        );
    }
    // The manifest beside the file knew the registers.
    assert!(!outcome.out.contains("unknown"), "{outcome:#?}");
}

#[test]
fn a_profile_is_json() {
    let place = Place::new();
    let json = place.run(&vec_add("--json --gpu a100 --gpu h100")).exits(0).json();
    assert_eq!(json["kernel"], "vec_add_scalar");
    assert_eq!(json["traffic"]["dram_bytes"], 3 << 20);
    assert_eq!(json["statistics"]["totals"]["flops"], 1 << 18);
    assert_eq!(json["statistics"]["classes"]["load global"]["global_sectors"], 1 << 16);
    let gpus = json["gpus"].as_array().unwrap();
    assert_eq!(gpus.len(), 2);
    assert_eq!(gpus[0]["gpu"], "A100-80");
    assert_eq!(gpus[0]["registers"]["known"], 12);
    let predicted = &gpus[0]["predicted"];
    assert_eq!(
        (&predicted["bound"], &predicted["model"]),
        (&"DRAM".into(), &"bottleneck-2".into())
    );
    let seconds = predicted["kernel_seconds"].as_f64().unwrap();
    assert!((seconds - f64::from(3 << 20) / 2.039e12).abs() < 1e-9);
}

#[test]
fn registers_come_from_where_they_are_said_to() {
    let place = Place::new();
    let line = "profile two.ptx --kernel twice --grid 2 --block 256 --arg out:f32:512:iota --arg u32:512 --lines";
    place.run(line).exits(0).says("registers unknown").says("<= 100.0 %").says("PTX line");
}

#[test]
fn registers_may_be_given_or_estimated() {
    let place = Place::new();
    let line = "profile two.ptx --kernel twice --grid 2 --block 256 --arg out:f32:512:iota --arg u32:512 --gpu a100";
    place.run(&format!("{line} --registers 64")).exits(0).says("50.0 %").says("registers");
    let estimated = place.run(&format!("{line} --estimate")).exits(0).says("estimated from PTX");
    let row = estimated.out.lines().find(|line| line.starts_with("A100-80")).unwrap();
    assert!(row.split_whitespace().any(|word| word.starts_with('~')), "{row}");
    place.write(
        "m.json",
        r#"{"files":{"two.cu":{"kernels":{"twice":{"by_architecture":{"sm_80":{"registers":128}}}}}}}"#,
    );
    place.run(&format!("{line} --manifest m.json")).exits(0).says("25.0 %");
    place.write("manifest.json", "{}");
    place.run(line).exits(2).complains("manifest.json: manifest of kernels: missing field `files`");
    place.run(&format!("{line} --manifest none.json")).exits(2).complains("none.json");
    place
        .run(&format!("{line} --registers 64 --estimate"))
        .exits(2)
        .complains("cannot be used with");
    place
        .run(&format!("{line} --gpu b200"))
        .exits(2)
        .complains("there are T4, A100-80, RTX 4090, H100");
}

#[test]
fn rooflines_are_drawn() {
    let place = Place::new();
    place.run(&vec_add("--gpu t4 --plot one.svg")).exits(0);
    let svg = std::fs::read_to_string(place.path("one.svg")).unwrap();
    assert!(
        svg.starts_with("<svg") && svg.contains("vec_add_scalar") && svg.contains("T4: roofline")
    );
    place.run(&vec_add("--plot all.svg")).exits(0);
    for gpu in ["T4", "A100-80", "RTX-4090", "H100"] {
        assert!(place.path(&format!("all-{gpu}.svg")).is_file());
    }
    // Without floating-point work there is no point.
    place
        .run("profile two.ptx --kernel shift --grid 1 --block 64 --arg out:u32:64 --plot no.svg")
        .exits(2)
        .complains("no point to draw");
}

#[test]
fn warm_caches_take_dram_away() {
    let place = Place::new();
    let bound = |line: &str| {
        let json = place.run(line).exits(0).json();
        json["gpus"][0]["predicted"]["bound"].as_str().unwrap().to_owned()
    };
    assert_eq!(bound(&vec_add("--json --gpu a100")), "DRAM");
    assert_ne!(bound(&vec_add("--json --gpu a100 --warm")), "DRAM");
}
