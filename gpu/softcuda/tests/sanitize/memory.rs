use crate::harness::{line, run, run_on};
use softcuda::Device;
use softcuda::memory::Space;
use softcuda::sanitize::{Checks, Kind, Report};

fn kind(report: &Report) -> Kind {
    assert!(report.has_errors() && report.outcome.is_err(), "{report}");
    assert_eq!(report.findings.len(), 1, "{report}");
    report.findings[0].kind
}

#[test]
fn what_the_machine_always_checks() {
    for checks in [Checks::NONE, Checks::ALL] {
        let body = "ld.global.u32 %r1, [%data+4096]; // X";
        let report = run(body, 1, 1, checks);
        assert_eq!(kind(&report), Kind::OutOfBounds);
        let found = &report.findings[0];
        assert_eq!(found.place.as_ref().unwrap().line, line(body, "X"));
        assert_eq!(found.bytes.as_ref().unwrap().space, Space::Global);
        assert!(found.notes[0].contains("past the end of allocation 0"), "{found}");
        assert_eq!(kind(&run("ld.shared.u32 %r1, [%s+1024];", 1, 1, checks)), Kind::OutOfBounds);
        assert_eq!(kind(&run("st.global.u32 [%data+2], %t;", 1, 1, checks)), Kind::Misaligned);
        assert_eq!(kind(&run("trap;", 1, 1, checks)), Kind::Trap);
        let body = "setp.lt.u32 %p1, %t, 2;\nvote.sync.ballot.b32 %r1, %p1, 0xffff;";
        assert_eq!(kind(&run(body, 1, 32, checks)), Kind::MemberMask);
        assert_eq!(kind(&run("again:\nbra again;", 1, 1, checks)), Kind::StepLimit);
        let device = Device::new(1 << 20);
        let data = device.memory().alloc(64).unwrap();
        device.memory().free(data).unwrap();
        let report = run_on(&device, data, "ld.global.u32 %r1, [%data+8];", 1, 1, checks);
        assert_eq!(kind(&report), Kind::UseAfterFree);
        let report = run_on(&device, data, "ld.global.u32 %r1, [%data+64];", 1, 1, checks);
        assert_eq!(kind(&report), Kind::OutOfBounds);
    }
}

#[test]
fn findings_before_the_error_are_kept() {
    let body = "ld.shared.u32 %r1, [%a];\nbar.sync 0;\nld.global.u32 %r1, [%data+4096];";
    let report = run(body, 1, 32, Checks::ALL);
    let kinds: Vec<Kind> = report.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [Kind::Uninitialised, Kind::OutOfBounds], "{report}");
}
