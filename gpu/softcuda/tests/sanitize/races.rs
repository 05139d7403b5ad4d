use crate::harness::{ALL, RACES, clean, finds, line, races, run};
use softcuda::sanitize::{Config, Kind, Level};

/// The words are written first, so that only races are found.
const SET: &str = "st.shared.u32 [%a], %t;\nbar.sync 0;\n";

#[test]
fn a_read_after_anothers_write() {
    let body = "st.shared.u32 [%a], %t; // W\nld.shared.u32 %r1, [%b]; // R";
    let found = finds(body, 64, Kind::ReadAfterWrite, Level::Error, ("R", "W"));
    let (place, other) = (found.place.unwrap(), found.other.unwrap());
    assert_eq!((place.thread, other.thread), (Some([32, 0, 0]), Some([0, 0, 0])));
    let bytes = found.bytes.unwrap();
    assert_eq!((bytes.address, bytes.size), (0, 4));
    assert_eq!(bytes.within, Some(("`s`".to_owned(), 0)));
    assert_eq!(found.count, 32, "the second warp's lanes; the first reads what is not yet written");
    clean("st.shared.u32 [%a], %t;\nbar.sync 0;\nld.shared.u32 %r1, [%b];", 64);
}

#[test]
fn a_write_after_anothers_read() {
    let body = format!("{SET}ld.shared.u32 %r1, [%b]; // R\nst.shared.u32 [%a], %r1; // W");
    races(&body, 64, Level::Error, ("W", "R"));
    let body = format!(
        "{SET}ld.shared.u32 %r1, [%b];\nbar.sync 0;\nadd.u32 %r1, %r1, 1;\nst.shared.u32 [%a], %r1;"
    );
    clean(&body, 64);
}

#[test]
fn two_warps_write() {
    let body = "and.b32 %r1, %t, 31;\nshl.b32 %r1, %r1, 2;\nadd.u32 %r1, %r1, %s;\nst.shared.u32 [%r1], %t; // W";
    finds(body, 64, Kind::WriteAfterWrite, Level::Error, ("W", "W"));
    clean("st.shared.u32 [%a], %t;", 64);
}

#[test]
fn lanes_of_one_instruction_write_different_values() {
    let body = "st.shared.u32 [%s], %t; // W";
    let found = finds(body, 32, Kind::WriteAfterWrite, Level::Error, ("W", "W"));
    assert!(found.notes[0].contains("one instruction"));
    // Words that overlap in part.
    let body = "add.u32 %r1, %s, %t;\nand.b32 %r1, %r1, -2;\nst.shared.u16 [%r1], %h1; // W";
    let half = format!("cvt.u16.u32 %h1, %t;\n{body}");
    finds(&half, 4, Kind::WriteAfterWrite, Level::Error, ("W", "W"));
    clean(&format!("mov.u16 %h1, 7;\n{body}"), 4);
}

#[test]
fn writes_of_the_same_value_are_no_race_unless_asked_for() {
    let body = "st.shared.u32 [%s], 7; // W";
    clean(body, 64);
    let config = Config { checks: ALL, same_value: true, ..Config::default() };
    let report = run(body, 1, 64, config);
    assert_eq!(report.findings.len(), 1, "{report}");
    assert_eq!(report.findings[0].level, Level::Info);
    assert!(!report.has_errors() && !report.is_clean());
}

#[test]
fn lanes_of_a_warp_need_a_sync() {
    let body = "st.shared.u32 [%a], %t; // W\nld.shared.u32 %r1, [%c]; // R";
    finds(body, 32, Kind::ReadAfterWrite, Level::Warning, ("R", "W"));
    let config = Config { checks: ALL, lockstep: true, ..Config::default() };
    assert!(run(body, 1, 32, config).is_clean());
    for sync in [
        "bar.warp.sync -1;",
        "bar.warp.sync 0xffffffff;",
        "shfl.sync.bfly.b32 %r2, %t, 1, 31, -1;",
        "vote.sync.ballot.b32 %r2, %p1, -1;",
        "bar.sync 0;",
    ] {
        clean(&format!("st.shared.u32 [%a], %t;\n{sync}\nld.shared.u32 %r1, [%c];"), 32);
    }
    // Not everybody is told.
    let body = "st.shared.u32 [%a], %t; // W\nsetp.lt.u32 %p1, %t, 16;\n\
                @%p1 bar.warp.sync 0xffff;\nld.shared.u32 %r1, [%c]; // R";
    let found = finds(body, 32, Kind::ReadAfterWrite, Level::Warning, ("R", "W"));
    assert_eq!(found.place.unwrap().thread, Some([16, 0, 0]));
    assert_eq!(found.count, 16);
    clean(
        "st.shared.u32 [%a], %t;\nmov.u32 %r2, 0xffff;\nsetp.ge.u32 %p1, %t, 16;\n\
         @%p1 mov.u32 %r2, 0xffff0000;\nbar.warp.sync %r2;\nld.shared.u32 %r1, [%c];",
        32,
    );
}

#[test]
fn a_later_read_does_not_hide_one_that_is_not_ordered() {
    // The second lane's read is ordered before the third's write, the first lane's is not.
    let lane = |n: u32| format!("setp.eq.u32 %p1, %t, {n};\n@%p1 ");
    let meet = "@%p2 bar.warp.sync 6;\n";
    let body = |first: &str| {
        format!(
            "{SET}add.u32 %r1, %t, -1;\nsetp.lt.u32 %p2, %r1, 2;\n{first}{meet}\
             {}ld.shared.u32 %r3, [%s];\n{meet}{}st.shared.u32 [%s], 9; // W",
            lane(1),
            lane(2)
        )
    };
    let read = lane(0) + "ld.shared.u32 %r2, [%s]; // R\n";
    finds(&body(&read), 32, Kind::WriteAfterRead, Level::Warning, ("W", "R"));
    clean(&body(""), 32);
}

#[test]
fn lanes_that_run_apart() {
    let body = "setp.lt.u32 %p1, %t, 16;\n@%p1 bra then;\nxor.b32 %r1, %a, 64;\n\
                ld.shared.u32 %r2, [%r1]; // R\nbra after;\nthen:\nst.shared.u32 [%a], %t; // W\nafter:";
    let report = run(&format!("{SET}{body}"), 1, 32, RACES);
    assert_eq!(report.findings.len(), 1, "{report}");
    assert_eq!(report.findings[0].level, Level::Error);
}

#[test]
fn bytes_of_a_word_are_told_apart() {
    // Each thread has a byte.
    let own = "add.u32 %r1, %s, %t;\ncvt.u16.u32 %h1, %t;\nst.shared.u8 [%r1], %h1; // W\n";
    clean(
        &format!("{own}ld.shared.u8 %h2, [%r1];\nadd.u16 %h2, %h2, 1;\nst.shared.u8 [%r1], %h2;"),
        64,
    );
    let body = format!("{own}xor.b32 %r1, %r1, 33;\nld.shared.u8 %h2, [%r1]; // R");
    finds(&body, 64, Kind::ReadAfterWrite, Level::Error, ("R", "W"));
    // A word of which another has written the last byte.
    let body = format!(
        "{own}and.b32 %r1, %t, 28;\nadd.u32 %r1, %r1, %s;\nsetp.eq.u32 %p1, %t, 32;\n@%p1 ld.shared.u32 %r2, [%r1]; // R"
    );
    finds(&body, 64, Kind::ReadAfterWrite, Level::Error, ("R", "W"));
}

#[test]
fn wide_accesses() {
    let body = format!(
        "{SET}shl.b32 %r1, %t, 4;\nadd.u32 %r1, %r1, %s;\nsetp.lt.u32 %p1, %t, 16;\n\
         @%p1 ld.shared.v4.u32 {{%r2, %r3, %r4, %r5}}, [%r1]; // R\nst.shared.u32 [%a], 1; // W"
    );
    let found = races(&body, 64, Level::Error, ("W", "R"));
    let threads = [found.place.unwrap().thread, found.other.unwrap().thread];
    assert!(threads.contains(&Some([8, 0, 0])), "words 32 to 35 are its");
    let body = format!(
        "{SET}setp.lt.u32 %p1, %t, 16;\nshl.b32 %r1, %t, 4;\nadd.u32 %r1, %r1, %s;\n\
         @%p1 st.shared.v4.u32 [%r1], {{%t, %t, %t, %t}}; // W\nld.shared.u32 %r6, [%a]; // R"
    );
    races(&body, 64, Level::Error, ("R", "W"));
}

#[test]
fn atomics_and_volatile_accesses() {
    let zero = "setp.eq.u32 %p1, %t, 0;\n@%p1 st.shared.u32 [%s], 0;\nbar.sync 0;\n";
    clean(
        &format!("{zero}atom.shared.add.u32 %r1, [%s], 1;\nbar.sync 0;\nld.shared.u32 %r2, [%s];"),
        64,
    );
    let body =
        format!("{zero}atom.shared.add.u32 %r1, [%s], 1; // W\nld.shared.u32 %r2, [%s]; // R");
    races(&body, 64, Level::Error, ("R", "W"));
    let body = format!("{zero}ld.shared.u32 %r2, [%s]; // R\nred.shared.add.u32 [%s], 1; // W");
    races(&body, 64, Level::Error, ("W", "R"));
    clean(
        &format!("{zero}ld.volatile.shared.u32 %r2, [%s];\nst.volatile.shared.u32 [%s], %t;"),
        64,
    );
    let body =
        format!("{zero}st.volatile.shared.u32 [%s], %t; // W\nld.shared.u32 %r2, [%s]; // R");
    races(&body, 64, Level::Error, ("R", "W"));
    clean(&format!("{zero}ld.volatile.shared.u32 %r2, [%s];\nld.shared.u32 %r3, [%s];"), 64);
}

#[test]
fn named_barriers_order_those_who_take_part() {
    // The first warp makes, the second takes.
    let made = |make: &str, take: &str, after: &str| {
        format!(
            "setp.lt.u32 %p1, %t, 32;\n@!%p1 bra taker;\nst.shared.u32 [%a], %t; // W\n{make}\n{after}\nbra end;\n\
             taker:\n{take}\nld.shared.u32 %r1, [%b]; // R\nend:"
        )
    };
    let take = "bar.sync 1, 64;";
    clean(&made("bar.arrive 1, 64;", take, ""), 64);
    clean(&made("bar.sync 1, 64;", take, "st.shared.u32 [%b], %t;"), 64);
    let body = made("", "bar.sync 1, 32;", "");
    races(&body, 64, Level::Error, ("R", "W"));
    // Who only arrives is not ordered after those that wait.
    let body = made("bar.arrive 1, 64;", take, "nanosleep.u32 20;\nst.shared.u32 [%a], 0; // V");
    let report = run(&body, 1, 64, ALL);
    let lines = (line(&body, "V"), line(&body, "R"));
    let pair = |f: &softcuda::sanitize::Finding| {
        (f.place.as_ref().unwrap().line, f.other.as_ref().unwrap().line)
    };
    let swapped = (lines.1, lines.0);
    assert!(report.findings.iter().any(|f| pair(f) == lines || pair(f) == swapped), "{report}");
}

#[test]
fn order_is_handed_on() {
    let three = |second: &str| {
        format!(
            "setp.lt.u32 %p1, %t, 32;\n@%p1 bra first;\nsetp.lt.u32 %p1, %t, 64;\n@%p1 bra second;\n\
             bar.sync 2, 64;\nadd.u32 %r1, %a, -256;\nld.shared.u32 %r2, [%r1]; // R\nbra end;\n\
             first:\nst.shared.u32 [%a], %t; // W\nbar.sync 1, 64;\nbra end;\n\
             second:\n{second}\nend:"
        )
    };
    clean(&three("bar.sync 1, 64;\nbar.sync 2, 64;"), 96);
    let body = three("bar.sync 2, 64;\nbar.sync 1, 64;");
    races(&body, 96, Level::Error, ("R", "W"));
}

/// A word guarded by a lock, taken by one lane a warp.
fn locked(fence: &str) -> String {
    format!(
        "setp.eq.u32 %p1, %t, 0;\n@%p1 st.shared.u32 [%s], 0;\n@%p1 st.shared.u32 [%s+4], 0;\nbar.sync 0;\n\
         and.b32 %r1, %t, 31;\nsetp.ne.u32 %p1, %r1, 0;\n@%p1 bra end;\n\
         again:\natom.shared.cas.b32 %r2, [%s], 0, 1;\nsetp.ne.u32 %p2, %r2, 0;\n@%p2 bra again;\n{fence}\n\
         ld.shared.u32 %r3, [%s+4]; // R\nadd.u32 %r3, %r3, 1;\nst.shared.u32 [%s+4], %r3; // W\n{fence}\n\
         atom.shared.exch.b32 %r2, [%s], 0;\nend:"
    )
}

#[test]
fn locks_and_flags_with_fences() {
    clean(&locked("membar.cta;"), 128);
    races(&locked(""), 128, Level::Error, ("R", "W"));
    let flag = |fence: &str| {
        format!(
            "setp.eq.u32 %p1, %t, 0;\n@%p1 st.shared.u32 [%s+512], 0;\nbar.sync 0;\n\
             setp.lt.u32 %p1, %t, 32;\n@!%p1 bra wait;\nst.shared.u32 [%a], %t; // W\nbar.warp.sync -1;\n{fence}\n\
             st.volatile.shared.u32 [%s+512], 1;\nbra end;\n\
             wait:\nld.volatile.shared.u32 %r2, [%s+512];\nsetp.eq.u32 %p2, %r2, 0;\n@%p2 bra wait;\n\
             ld.shared.u32 %r1, [%b]; // R\nend:"
        )
    };
    clean(&flag("membar.cta;"), 64);
    races(&flag(""), 64, Level::Error, ("R", "W"));
}

#[test]
fn asynchronous_copies() {
    let copy = |rest: &str| {
        format!(
            "cvt.u64.u32 %d1, %t;\nshl.b64 %d1, %d1, 2;\nadd.u64 %d1, %d1, %data;\n\
             cp.async.ca.shared.global [%a], [%d1], 4; // C\ncp.async.commit_group;\n{rest}"
        )
    };
    let read = "ld.shared.u32 %r1, [%b]; // R";
    clean(&copy(&format!("cp.async.wait_group 0;\nbar.sync 0;\n{read}")), 64);
    // Not waited for: a barrier does not help.
    let body = copy(&format!("bar.sync 0;\n{read}\ncp.async.wait_all;"));
    finds(&body, 64, Kind::AsynchronousCopy, Level::Error, ("R", "C"));
    // Not even its own.
    let body = copy("ld.shared.u32 %r1, [%a]; // R\ncp.async.wait_all;");
    finds(&body, 64, Kind::AsynchronousCopy, Level::Error, ("R", "C"));
    // Waited for by each thread, but no barrier.
    let body = copy(&format!("cp.async.wait_all;\n{read}"));
    finds(&body, 64, Kind::ReadAfterWrite, Level::Error, ("R", "C"));
    // The next copy runs into what others still read.
    let body = copy(&format!("cp.async.wait_all;\nbar.sync 0;\n{read}\n"))
        + "cp.async.ca.shared.global [%a], [%d1], 4; // D\ncp.async.wait_all;";
    finds(&body, 64, Kind::WriteAfterRead, Level::Error, ("D", "R"));
}

#[test]
fn blocks_race_in_global_memory() {
    let body = "mov.u32 %r1, %ctaid.x;\nadd.u32 %r1, %r1, 1;\nst.global.u32 [%data], %r1; // W";
    let report = run(body, 2, 1, ALL);
    assert_eq!(report.findings.len(), 1, "{report}");
    assert_eq!(report.findings[0].kind, Kind::WriteAfterWrite);
    // The same value, an atomic, the blocks' own words: fine.
    assert!(run("st.global.u32 [%data], 7;", 2, 1, ALL).is_clean());
    assert!(run("red.global.add.u32 [%data], 1;", 2, 1, ALL).is_clean());
    let own = "mov.u32 %r1, %ctaid.x;\ncvt.u64.u32 %d1, %r1;\nadd.u64 %d1, %d1, %data;\n";
    assert!(
        run(&format!("{own}cvt.u16.u32 %h1, %r1;\nst.global.u8 [%d1], %h1;"), 8, 1, ALL).is_clean()
    );
    // The first block makes, the second waits for it.
    let flag = |fence: &str, wait: &str| {
        format!(
            "mov.u32 %r1, %ctaid.x;\nsetp.eq.u32 %p1, %r1, 0;\n@!%p1 bra wait;\nst.global.u32 [%data], 5; // W\n\
             {fence}\nbra end;\nwait:\n{wait}\nld.global.u32 %r2, [%data]; // R\nend:"
        )
    };
    let wait =
        "again: ld.volatile.global.u32 %r3, [%data+4];\nsetp.eq.u32 %p2, %r3, 0;\n@%p2 bra again;";
    let fence = "membar.gl;\nst.volatile.global.u32 [%data+4], 1;";
    let report = run(&flag(fence, wait), 2, 1, ALL);
    assert!(report.is_clean(), "{report}");
    let report = run(&flag(fence, ""), 2, 1, ALL);
    assert_eq!(report.findings.len(), 1, "{report}");
    assert!(report.findings[0].kind.is_race());
}

#[test]
fn rows_that_read_the_same_words() {
    // Periods of 8, 16 and 12 lanes: each lane's read counts.
    for (period, reader) in [(8, 29), (16, 21), (12, 17)] {
        let body = |barrier: &str| {
            format!(
                "st.shared.u32 [%a], %t;\nbar.sync 0;\nsetp.ge.u32 %p1, %t, 32;\n@%p1 bra end;\n\
                 rem.u32 %r1, %t, {period};\nshl.b32 %r1, %r1, 2;\nadd.u32 %r1, %r1, %s;\n\
                 ld.shared.u32 %r2, [%r1]; // R\n{barrier}\nend:\n{barrier}\n\
                 setp.eq.u32 %p1, %t, 40;\n@%p1 st.shared.u32 [%s+{}], 7; // W",
                reader % period * 4
            )
        };
        races(&body(""), 64, Level::Error, ("W", "R"));
        clean(&body("").replace("end:", "end:\nbar.sync 0;"), 64);
        // Of all lanes that read the word, only the writer's own is no race.
        let body = format!(
            "st.shared.u32 [%a], %t;\nbar.sync 0;\nrem.u32 %r1, %t, {period};\nshl.b32 %r1, %r1, 2;\n\
             add.u32 %r1, %r1, %s;\nld.shared.u32 %r2, [%r1]; // R\nsetp.eq.u32 %p1, %t, {};\n\
             @%p1 st.shared.u32 [%r1], 7; // W",
            reader % period
        );
        races(&body, 32, Level::Warning, ("W", "R"));
    }
    // Rows of 8, 16 and 8 lanes: word 10 is the 19th lane's.
    let body = format!(
        "st.shared.u32 [%a], %t;\nbar.sync 0;\nsetp.ge.u32 %p1, %t, 32;\n@%p1 bra write;\n\
         mov.u32 %r1, %t;\nsetp.ge.u32 %p1, %t, 8;\n@%p1 sub.u32 %r1, %r1, 8;\nsetp.ge.u32 %p1, %t, 24;\n\
         @%p1 sub.u32 %r1, %r1, 16;\nshl.b32 %r1, %r1, 2;\nadd.u32 %r1, %r1, %s;\n\
         ld.shared.u32 %r2, [%r1]; // R\nbra end;\nwrite:\nsetp.eq.u32 %p1, %t, 40;\n\
         @%p1 st.shared.u32 [%s+{}], 7; // W\nend:",
        10 * 4
    );
    let found = races(&body, 64, Level::Error, ("W", "R"));
    let threads = [found.place.unwrap().thread, found.other.unwrap().thread];
    assert!(threads.contains(&Some([18, 0, 0])), "{threads:?}");
}
