use crate::harness::{RACES, kernel, run};
use softcuda::machine::{Access, Observer};
use softcuda::sanitize::{Checks, ChecksError, Config, launch};
use softcuda::{Arg, Device, LaunchOptions, Module};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[test]
fn lists_of_checks() {
    assert_eq!("none".parse(), Ok(Checks::NONE));
    assert_eq!("".parse(), Ok(Checks::NONE));
    assert_eq!("all".parse(), Ok(Checks::ALL));
    assert_eq!(" races , barriers".parse(), Ok(Checks { uninitialised: false, ..Checks::ALL }));
    assert_eq!("races,uninitialised,barriers".parse(), Ok(Checks::ALL));
    assert_eq!("all,global_races".parse(), Ok(Checks { global_races: true, ..Checks::ALL }));
    let unknown = "races,racs".parse::<Checks>().unwrap_err();
    assert_eq!(unknown, ChecksError::Unknown { name: "racs".to_owned() });
    let text = unknown.to_string();
    assert!(text.contains("`racs`") && text.contains("`uninitialised`"), "{text}");
    assert!(matches!("none,races".parse::<Checks>(), Err(ChecksError::NotAlone { .. })));
    assert!("races,,barriers".parse::<Checks>().is_err());
}

const RACY: &str = "st.shared.u32 [%a], %t;\nld.shared.u32 %r1, [%b];\nld.shared.u32 %r2, [%b];";

#[test]
fn findings_past_the_limit_are_counted() {
    let whole = run(RACY, 1, 64, RACES);
    assert_eq!(whole.findings.len(), 3, "{whole}");
    let report = run(RACY, 1, 64, Config { limit: 1, ..Config::from(RACES) });
    assert_eq!(report.findings.len(), 1, "{report}");
    let sum: u64 = whole.findings.iter().map(|f| f.count).sum();
    assert_eq!(report.findings[0].count + report.dropped, sum);
    assert!(report.to_string().contains("occurrences not kept"));
}

#[test]
fn reports_read_like_compute_sanitizers() {
    let report = run(RACY, 1, 64, RACES);
    let text = report.to_string();
    for part in [
        "========= Error: race: read after write in kernel k\n",
        "=========     read by thread (32,0,0) in block (0,0,0) at `ld.shared.u32` (PTX line",
        "=========     and write by thread (0,0,0) in block (0,0,0) at `st.shared.u32` (PTX line",
        "=========     4 bytes of shared memory at 0x0, byte 0 of `s`\n",
        "=========     no barrier between them\n",
        "=========     seen 32 times; this was the first\n",
        "========= ERROR SUMMARY: k: 3 errors, 0 warnings",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let table = report.table();
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with("Error  race:"), "{table}");
}

#[test]
fn the_same_findings_with_any_number_of_workers() {
    let text = kernel(RACY);
    let kernel = Module::load(&text).unwrap().kernel("k").unwrap();
    let run = |workers: usize| {
        let device = Device::new(1 << 20).with_workers(workers.try_into().unwrap());
        let args = [Arg::from(0_u64)];
        launch(&kernel, &device, 40, 64, &args, &LaunchOptions::default(), RACES)
    };
    let (one, three) = (run(1), run(3));
    assert_eq!(one.findings, three.findings);
    assert_eq!(one.findings[0].place.as_ref().unwrap().block, [0, 0, 0]);
}

#[test]
fn another_observer_sees_the_launch_too() {
    struct Count(Arc<AtomicU32>);
    impl Observer for Count {
        fn access(&mut self, access: &Access<'_>) {
            self.0.fetch_add(access.mask.count_ones(), Relaxed);
        }
    }
    let seen = Arc::new(AtomicU32::new(0));
    let make = || -> Box<dyn Observer> { Box::new(Count(seen.clone())) };
    let options = LaunchOptions { observers: Some(&make), ..LaunchOptions::default() };
    let kernel = Module::load(&kernel(RACY)).unwrap().kernel("k").unwrap();
    let device = Device::new(1 << 20);
    for checks in [Checks::NONE, Checks::ALL] {
        seen.store(0, Relaxed);
        launch(&kernel, &device, 1, 64, &[Arg::from(0_u64)], &options, checks);
        assert_eq!(seen.load(Relaxed), 192);
    }
}

#[cfg(feature = "json")]
#[test]
fn reports_as_json() {
    let json = run(RACY, 1, 64, RACES).to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["kernel"], "k");
    assert_eq!(value["outcome"], "completed");
    let list = value["findings"].as_array().unwrap();
    let first = list.iter().find(|finding| finding["kind"] == "read-after-write").unwrap();
    assert_eq!(first["level"], "error");
    assert_eq!(first["bytes"]["space"], "shared");
    assert_eq!(first["place"]["thread"][0], 32);
}
