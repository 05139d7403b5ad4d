//! How long it takes after a restart until all is well again.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use queue_chaos::broker::{Cluster, NewTopic};
use queue_chaos::history::{self, Event, Outcome, Reader, Topic, What, Writer};
use queue_chaos::id::{NodeId, PartitionId};
use queue_chaos::schedule::{Action, Target};
use queue_chaos::workload::{Ids, Partitions, Running, Settings, Site, Workload};

use super::Result;
use super::gates::Recovery;

/// Messages a second.
const RATE: f64 = 2_000.0;
/// How long all must go well before.
const CALM: Duration = Duration::from_secs(2);
/// How long the node is down.
const DOWN: Duration = Duration::from_secs(3);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What ends a node, in words.
pub const WAYS: [&str; 2] = ["stop", "kill"];

/// Takes the node of a cluster down and starts it again, under load, and says how long that took. `number` is another one each time.
///
/// # Errors
/// If it does not come back, or messages are not read in two minutes.
pub fn recover(
    cluster: &mut dyn Cluster,
    way: &str,
    number: usize,
    directory: &Path,
) -> Result<Recovery> {
    let name = format!("restart-{number}");
    let topic = Topic { name: name.clone(), partitions: 4, replicas: 1 };
    let new = NewTopic { name, partitions: 4, replicas: 1, settings: Vec::new() };
    cluster.create_topic(&new, PATIENCE)?;
    let partitions = Partitions::new(std::slice::from_ref(&topic));
    let path = directory.join("recovery.jsonl");
    let writer = Writer::create(
        &path,
        history::Run {
            version: queue_chaos::history::VERSION,
            name: way.to_owned(),
            seed: 0,
            cluster: cluster.kind().to_owned(),
            started: 0,
            topics: vec![topic],
            partitions: partitions.table().to_vec(),
        },
    )?;
    let sink = writer.sink();
    let site = Arc::new(Site {
        bootstrap: cluster.bootstrap(),
        client: Settings::new(),
        partitions,
        ids: Arc::new(Ids::new()),
        sink: Arc::clone(&sink),
    });
    let mut workload = Workload { group: format!("restart-{number}"), ..Workload::default() };
    workload.producer.rate = Some(RATE);
    // Nothing is given up meanwhile.
    workload.producer.message_timeout_ms = 120_000;
    let running = workload.start(&site)?;
    until_read(&running, CALM)?;
    let node = Target::Node(NodeId(1));
    let end = if way == "kill" { Action::Kill(node) } else { Action::Stop(node) };
    let mut act = |action: Action, n| -> Result<()> {
        let what = action.to_string();
        sink.record(sink.now(), What::Fault { what: what.clone(), is: Outcome::Invoke, n });
        cluster.apply(&action)?;
        sink.record(sink.now(), What::Fault { what, is: Outcome::Ok, n });
        Ok(())
    };
    act(end, 0)?;
    std::thread::sleep(DOWN);
    act(Action::Start(node), 1)?;
    until_read(&running, CALM)?;
    running.stop(PATIENCE);
    writer.finish()?;
    let recovery = told(Reader::open(&path)?)?;
    std::fs::remove_file(&path)?;
    Ok(recovery)
}

/// Waits until, for so long, messages come, and all but those of the last half second are read.
fn until_read(running: &Running, calm: Duration) -> Result<()> {
    let begun = Instant::now();
    let (mut since, mut before) = (Instant::now(), 0);
    while begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(100));
        let counts = running.counts();
        let comes = counts.acked > before;
        before = counts.acked;
        if !comes || (counts.sent.saturating_sub(counts.read)) as f64 > RATE / 2.0 {
            since = Instant::now();
        }
        if since.elapsed() >= calm {
            return Ok(());
        }
    }
    Err(format!("after {} s, what is sent is not read yet", PATIENCE.as_secs()).into())
}

/// Finds it in a history: the second action is the start.
fn told(events: impl Iterator<Item = queue_chaos::Result<Event>>) -> Result<Recovery> {
    /// Microseconds before the fault in which the backlog is as usual.
    const USUAL: u64 = 2_000_000;
    let mut backlog = Backlog::default();
    let mut recent = VecDeque::new();
    let (mut usual, mut begin, mut answers, mut acknowledged) = (None, None, None, None);
    for event in events {
        let Event { at, what } = event?;
        match (&what, begin) {
            (What::Fault { is: Outcome::Invoke, n: 0, .. }, _) => {
                let of = recent.iter().filter(|(then, _)| then + USUAL >= at);
                usual = of.map(|(_, backlog)| *backlog).max();
            }
            (What::Fault { is: Outcome::Invoke, n: 1, .. }, _) => begin = Some(at),
            (What::Fault { is: Outcome::Ok, n: 1, .. }, _) => answers = Some(at),
            (What::Ack { .. }, Some(_)) if acknowledged.is_none() => acknowledged = Some(at),
            _ => {}
        }
        backlog.count(&what)?;
        if usual.is_none() {
            recent.push_back((at, backlog.messages()));
            while recent.front().is_some_and(|(then, _)| then + USUAL < at) {
                recent.pop_front();
            }
        }
        if let (Some(usual), Some(begin), Some(answers), Some(acknowledged)) =
            (usual, begin, answers, acknowledged)
            && backlog.messages() <= usual
        {
            let seconds = |moment: u64| moment.saturating_sub(begin) as f64 / 1e6;
            return Ok(Recovery {
                answers: seconds(answers),
                acknowledged: seconds(acknowledged),
                caught_up: seconds(at),
            });
        }
    }
    Err("the group did not commit what had piled up".into())
}

/// Messages that were handed to producers and that the group has not committed.
#[derive(Default)]
struct Backlog {
    sent: u64,
    committed: BTreeMap<PartitionId, u64>,
}

impl Backlog {
    fn count(&mut self, what: &What) -> Result<()> {
        match what {
            What::Send { .. } => self.sent += 1,
            What::Offsets { is: Outcome::Ok, to, .. } => {
                for (partition, offset) in to {
                    let most = self.committed.entry(*partition).or_default();
                    *most = (*most).max(*offset);
                }
            }
            What::Nack { why, .. } | What::Unknown { why, .. } => {
                return Err(format!("a message was not acknowledged: {why}").into());
            }
            _ => {}
        }
        Ok(())
    }

    fn messages(&self) -> u64 {
        self.sent.saturating_sub(self.committed.values().sum())
    }
}

#[cfg(test)]
mod tests {
    use queue_chaos::broker::embedded::Embedded;
    use queue_chaos::id::{ConsumerId, ProducerId};

    use super::*;

    #[test]
    fn a_history_tells_when_all_was_well() {
        let (p, to) = (ProducerId(0), PartitionId(0));
        let send = |s| What::Send { p, s, to, of: None };
        let ack = |s| What::Ack { p, s, to, o: Some(s) };
        let committed = |next| What::Offsets {
            c: ConsumerId(0),
            is: Outcome::Ok,
            to: vec![(to, next)],
            within: None,
        };
        let fault = |is, n| What::Fault { what: "it".to_owned(), is, n };
        let events = [
            (0, send(0)),
            (1, ack(0)),
            (2, committed(1)),
            (1_000_000, fault(Outcome::Invoke, 0)),
            (1_100_000, fault(Outcome::Ok, 0)),
            (1_200_000, send(1)),
            (1_200_000, send(2)),
            (2_000_000, fault(Outcome::Invoke, 1)),
            (3_000_000, fault(Outcome::Ok, 1)),
            (3_500_000, ack(1)),
            (3_600_000, ack(2)),
            (4_000_000, committed(2)),
        ];
        let told = told(events.into_iter().map(|(at, what)| Ok(Event { at, what }))).unwrap();
        assert_eq!((told.answers, told.acknowledged, told.caught_up), (1.0, 1.5, 2.0));
    }

    #[test]
    fn the_embedded_cluster_recovers() {
        let directory = tempfile::tempdir().unwrap();
        let mut cluster = Embedded::start(1).unwrap();
        for (number, way) in WAYS.into_iter().enumerate() {
            let recovery = recover(&mut cluster, way, number, directory.path()).unwrap();
            assert!(recovery.acknowledged > 0.0 && recovery.acknowledged <= recovery.caught_up);
        }
    }
}
