//! What ends a run before its time.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use queue_chaos::broker::embedded::Embedded;
use queue_chaos::check::Verdict;
use queue_chaos::run::{Live, Options, Phase, run};
use queue_chaos::schedule::Plan;

/// Nothing says how fast to send: the history would fill the disk.
#[test]
fn a_history_that_grows_too_long_ends_the_load() {
    let plan = r#"
        duration = "10m"
        topic = [{ name = "t", partitions = 1 }]
        [workload.producer]
        size = 44
    "#;
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::new(Plan::parse(plan, "limits.toml").unwrap(), directory.path());
    options.history_limit = 1 << 20;
    // What the cluster has thrown away by then is not read, so drains may not be waited for.
    options.patience = Duration::from_secs(5);
    let mut cluster = Embedded::start(1).unwrap();
    let finished = run(&mut cluster, &options, &AtomicBool::new(false), |_| {}).unwrap();
    let why = finished.trouble.iter().find(|it| it.contains("its limit is 1 MiB"));
    assert!(why.is_some(), "{:?}", finished.trouble);
    assert!(finished.executed.stopped);
    assert_ne!(finished.judgement.verdict, Verdict::Anomaly, "{}", finished.judgement);
    let page = std::fs::read_to_string(&finished.written.summary).unwrap();
    assert!(page.contains("verdict"), "{page}");
}

/// It is asked before the plan begins: what is due at once is left, too.
#[test]
fn who_is_asked_to_stop_at_once_breaks_nothing() {
    let plan = Plan::steps("at 0s stop 1").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::new(plan, directory.path());
    options.patience = Duration::from_secs(20);
    let mut cluster = Embedded::start(1).unwrap();
    // A slow screen: nobody has looked again whether to stop when the first action is due.
    let screen = |live: Live| {
        if live.phase == Phase::Load {
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    let finished = run(&mut cluster, &options, &AtomicBool::new(true), screen).unwrap();
    assert_eq!((finished.executed.done, finished.executed.left), (0, 1), "{:?}", finished.executed);
    assert!(
        finished.trouble.iter().any(|it| it == "warm up: interrupted"),
        "{:?}",
        finished.trouble
    );
}
