use crate::harness::{clean, finds, run};
use softcuda::LaunchError;
use softcuda::sanitize::{Checks, Kind, Level};

const BARRIERS: Checks = Checks { barriers: true, ..Checks::NONE };

#[test]
fn a_barrier_in_divergent_code() {
    let body =
        "and.b32 %r1, %t, 31;\nsetp.ne.u32 %p1, %r1, 0;\n@%p1 bra skip;\nbar.sync 0; // B\nskip:";
    let found = finds(body, 64, Kind::DivergentBarrier, Level::Error, ("B", "B"));
    assert!(found.notes[0].contains("lanes 0x00000001 of warp 0"), "{found}");
    assert_eq!(found.count, 2);
    // Under a guard it is the same.
    let body = "and.b32 %r1, %t, 31;\nsetp.eq.u32 %p1, %r1, 0;\n@%p1 bar.sync 0; // B";
    finds(body, 64, Kind::DivergentBarrier, Level::Error, ("B", "B"));
    // Where all threads take the same way it is none.
    clean("setp.gt.u32 %p1, %t, 99;\n@%p1 bra skip;\nbar.sync 0;\nskip:", 64);
    // `barrier` without `.aligned` may be divergent.
    clean(
        "setp.lt.u32 %p1, %t, 8;\n@%p1 bra skip;\nbarrier.sync 1, 64;\nbra end;\nskip:\nbarrier.sync 1, 64;\nend:",
        64,
    );
}

#[test]
fn those_who_have_exited_are_not_waited_for() {
    clean("setp.ge.u32 %p1, %t, 40;\n@%p1 exit;\nbar.sync 0;", 64);
}

#[test]
fn lanes_that_wait_for_a_lock_may_come_late() {
    // The lock's holder reaches the barrier while others still spin.
    let body = "setp.eq.u32 %p1, %t, 0;\n@%p1 st.shared.u32 [%s], 0;\nbar.sync 0;\n\
                again:\natom.shared.cas.b32 %r2, [%s], 0, 1;\nsetp.ne.u32 %p2, %r2, 0;\n@%p2 bra again;\n\
                membar.cta;\natom.shared.exch.b32 %r2, [%s], 0;\nbar.sync 0;";
    clean(body, 64);
}

#[test]
fn counts_that_differ() {
    let body = "setp.lt.u32 %p1, %t, 32;\n@%p1 bra one;\nbar.sync 1, 64; // A\nbra end;\none:\nbar.sync 1, 96; // B\nend:";
    let report = run(body, 1, 96, BARRIERS);
    assert!(report.findings.iter().any(|f| f.kind == Kind::BarrierCounts), "{report}");
    clean("bar.sync 1, 96;", 96);
}

#[test]
fn different_places() {
    let body = "setp.lt.u32 %p1, %t, 32;\n@%p1 bra one;\nbar.sync 0; // A\nbra end;\none:\nbar.sync 0; // B\nend:";
    let report = run(body, 1, 64, BARRIERS);
    assert_eq!(report.findings.len(), 1, "{report}");
    let found = &report.findings[0];
    assert_eq!((found.kind, found.level), (Kind::BarrierPlaces, Level::Warning));
    assert!(found.other.is_some() && !report.has_errors());
    // Producers and consumers do that on purpose.
    clean(&body.replace("bar.sync 0;", "bar.sync 1, 64;"), 64);
}

#[test]
fn deadlocks_name_where_everybody_waits() {
    let body = "setp.lt.u32 %p1, %t, 32;\n@%p1 bra one;\nbar.sync 1, 64; // A\nbra end;\none:\nbar.sync 2, 64; // B\nend:";
    let report = run(body, 1, 64, BARRIERS);
    assert!(matches!(report.outcome, Err(LaunchError::Deadlock { .. })));
    let found = report.findings.iter().find(|f| f.kind == Kind::Deadlock).unwrap();
    let line = |mark| format!("PTX line {}", crate::harness::line(body, mark));
    for mark in ["A", "B"] {
        assert!(found.notes.iter().any(|note| note.ends_with(&line(mark))), "{found}");
    }
    // Also one that is not checked.
    assert!(run(body, 1, 64, Checks::NONE).has_errors());
}

#[test]
fn arguments_that_are_not_allowed() {
    let report = run("bar.sync 1, 33;", 1, 64, Checks::NONE);
    assert_eq!(report.findings[0].kind, Kind::InvalidBarrier, "{report}");
}
