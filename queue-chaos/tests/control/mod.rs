//! Runs a plan, and keeps what a test that failed needs to be understood.

use std::sync::atomic::AtomicBool;

use queue_chaos::broker::Cluster;
use queue_chaos::check::{Anomaly, AnomalyKind, Verdict};
use queue_chaos::run::{Finished, Options, run};
use queue_chaos::schedule::Plan;
use tempfile::TempDir;

/// A run that is over. Its history is deleted, unless the test has failed.
pub struct Control {
    pub finished: Finished,
    directory: Option<TempDir>,
}

impl Control {
    /// Runs a plan, written as in a file.
    pub fn run(cluster: &mut dyn Cluster, plan: &str) -> Self {
        let plan = Plan::parse(plan, "control.toml").unwrap();
        let directory = tempfile::Builder::new().prefix("queue-chaos-control-").tempdir().unwrap();
        let options = Options::new(plan, directory.path());
        let finished = run(cluster, &options, &AtomicBool::new(false), |live| {
            live.news.iter().for_each(|(at, what)| {
                eprintln!("{:>5.1} s  {what}", at.as_secs_f64());
            });
        });
        let control = Self { finished: finished.unwrap(), directory: Some(directory) };
        eprintln!("{}", control.finished.judgement);
        assert_eq!(control.finished.trouble, Vec::<String>::new());
        assert_eq!(control.finished.executed.first_failure, None);
        assert!(control.finished.judgement.counts.acked > 0);
        control
    }

    pub fn count(&self, kind: AnomalyKind) -> u64 {
        self.finished.judgement.found.get(&kind).copied().unwrap_or(0)
    }

    /// It was found, and the verdict says so. The cases of which evidence was kept.
    pub fn must_find(&self, kind: AnomalyKind) -> Vec<&Anomaly> {
        assert!(self.count(kind) > 0, "{kind} was not found");
        assert_eq!(self.finished.judgement.verdict, Verdict::Anomaly);
        let cases: Vec<&Anomaly> =
            self.finished.judgement.anomalies.iter().filter(|it| it.kind == kind).collect();
        assert!(!cases.is_empty(), "no evidence of {kind} is kept");
        cases
    }

    /// Everything was seen, and nothing is wrong but what is `let_pass`.
    pub fn must_find_nothing_but(&self, let_pass: &[AnomalyKind]) {
        let judgement = &self.finished.judgement;
        let wrong: Vec<_> =
            judgement.found.iter().filter(|(kind, _)| !let_pass.contains(kind)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(judgement.unknowns, Vec::<String>::new());
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(directory) = self.directory.take()
        {
            eprintln!("its history: {}", directory.keep().join("history.jsonl").display());
        }
    }
}
