//! `run` and `check`.

use crate::{Place, kernel};

#[test]
fn a_kernel_runs_and_shows_what_it_wrote() {
    let place = Place::new();
    place
        .run("run two.ptx --kernel twice --grid 2 --block 32 --arg out:f32:40:iota --arg u32:40 --show 4")
        .exits(0)
        .says("twice grid (2,1,1) block (32,1,1), 64 threads")
        .says("argument 0, f32[40]: 0, 2, 4, 6, ...");
    // Elements past n keep their poison.
    let json = place
        .run("run two.ptx --kernel twice --grid 1 --block 32 --arg out:u32:3 --arg u32:0 --json")
        .exits(0)
        .json();
    assert_eq!(
        json["outputs"][0]["first"],
        serde_json::json!([0xcbcb_cbcb_u32, 0xcbcb_cbcb_u32, 0xcbcb_cbcb_u32])
    );
    assert_eq!(json["totals"]["global_sectors"], 0);
}

#[test]
fn the_committed_vector_addition_runs() {
    let place = Place::new();
    let file = kernel("vec_add.ptx");
    let line = format!(
        "run {file} --kernel vec_add_scalar --grid 4 --block 256 --arg buf:f32:1K:iota --arg buf:f32:1K:value=0.5 \
         --arg out:f32:1K --arg i64:1024 --json --show 1024 --save 2=c.npy --save 2=c.bin --save 0=a.npy"
    );
    let json = place.run(&line).exits(0).json();
    let first = json["outputs"][0]["first"].as_array().unwrap();
    assert_eq!(first.len(), 1024);
    for (i, value) in first.iter().enumerate() {
        assert_eq!(value.as_f64(), Some(i as f64 + 0.5));
    }
    assert_eq!(json["totals"]["global_bytes"], 12 * 1024);
    // What was saved is what was computed, and can be an argument again.
    let raw = std::fs::read(place.path("c.bin")).unwrap();
    assert_eq!(raw.len(), 4096);
    assert_eq!(std::fs::read(place.path("c.npy")).unwrap()[128..], raw);
    let line = format!(
        "run {file} --kernel vec_add_scalar --grid 4 --block 256 --arg buf:f32:*:a.npy --arg buf:f32:1024:c.bin \
         --arg out:f32:1K --arg i64:1024 --show 3"
    );
    place.run(&line).exits(0).says("f32[1024]: 0.5, 2.5, 4.5, ...");
}

#[test]
fn a_module_comes_from_a_pipe_and_its_variables_are_set() {
    let place = Place::new();
    let text = "
        .version 8.0
        .target sm_80
        .address_size 64
        .const .f32 factor[2];
        .visible .entry scale(.param .u64 data) {
            .reg .b64 %rd<2>;
            .reg .f32 %f<3>;
            ld.param.u64 %rd1, [data];
            ld.const.f32 %f1, [factor+4];
            st.global.f32 [%rd1], %f1;
            ret;
        }";
    let line = "run - --grid 1 --block 1 --arg out:f32:1";
    place
        .run_with(&format!("{line} --set factor=buf:f32:2:value=2.5"), text)
        .exits(0)
        .says("f32[1]: 2.5");
    place
        .run_with(&format!("{line} --set factor=buf:f32:3:ones"), text)
        .exits(2)
        .complains("the variable has 8");
    place
        .run_with(&format!("{line} --set factors=f32:1"), text)
        .exits(2)
        .complains("no such variable");
}

#[test]
fn what_a_kernel_does_wrong_is_shown_at_its_line() {
    let place = Place::new();
    let outcome = place
        .run("run two.ptx --kernel twice --grid 2 --block 32 --arg out:f32:40 --arg u32:41")
        .exits(1)
        .complains("two.ptx:22:2: access of 4 bytes at global address")
        .complains("   22 |  ld.global.f32 %f1, [%rd3];")
        .complains("block (1,0,0), thread (8,0,0)");
    let lines: Vec<&str> = outcome.err.lines().collect();
    let (text, caret) = (lines[1], lines[2]);
    assert_eq!(caret.find('^'), text.find("ld.global"), "{outcome:#?}");
    place
        .run("run two.ptx --kernel twice --grid 1 --block 32 --arg null --arg u32:1")
        .exits(1)
        .complains("out of bounds");
    let spins = "
        .version 8.0
        .target sm_80
        .address_size 64
        .visible .entry spin() {
        AGAIN:
            bra AGAIN;
        }";
    place
        .run_with("run - --grid 1 --block 32 --step-limit 1000", spins)
        .exits(1)
        .complains("more than 1000 warp instructions")
        .complains("-:7:13:");
}

#[test]
fn checks_find_a_race() {
    let place = Place::new();
    let line = "check two.ptx --kernel shift --grid 1 --block 64 --arg out:u32:64";
    place.run(line).exits(1).says("race").says("PTX line 40").says("ERROR SUMMARY");
    place.run(&format!("{line} --checks barriers")).exits(0).says("0 errors");
    place.run(&format!("{line} --table")).exits(1).says("level");
    let json = place.run(&format!("{line} --json")).exits(1).json();
    assert_eq!(json["kernel"], "shift");
    assert!(!json["findings"].as_array().unwrap().is_empty());
    let clean = "check two.ptx --kernel twice --grid 2 --block 32 --arg out:f32:40:iota --arg u32:40 --strict";
    place.run(clean).exits(0).says("0 errors, 0 warnings");
    // What nobody wrote is found when it is read.
    place
        .run("check two.ptx --kernel twice --grid 2 --block 32 --arg out:f32:40 --arg u32:40")
        .exits(1)
        .says("uninitialised");
    place
        .run("check two.ptx --kernel twice --grid 2 --block 32 --arg out:f32:40:iota --arg u32:41")
        .exits(1)
        .says("out of bounds");
}

#[test]
fn a_mutant_is_caught_and_its_original_is_not() {
    let place = Place::new();
    let line = |file: &str| {
        format!(
            "check {} --kernel reduce_sequential --grid 2 --block 256 --arg buf:f32:1000:random --arg out:f32:2 --arg i64:1000",
            kernel(file)
        )
    };
    place.run(&line("reduction.ptx")).exits(0).says("0 errors");
    place.run(&line("mutants/reduce_sequential_without_barrier.ptx")).exits(1).says("race");
}
