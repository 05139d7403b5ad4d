//! A consumer of a workload.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::member::{Client, Member, MemberSetup};
use super::signal::{Order, Signal};
use super::statistics::{Meter, Progress};
use super::{ConsumerOptions, Site};
use crate::Result;
use crate::history::What;
use crate::id::PartitionId;

use rdkafka::consumer::Consumer as _;

/// A thread that reads messages, and writes down what it got, when it was done with it, and what it committed.
///
/// When its client ends with a fatal error it goes on as another consumer, with another [`ConsumerId`](crate::id::ConsumerId). It ends when
/// dropped, as if [killed](Self::kill).
///
/// It is done with a record ([`Done`](What::Done)) only as a member of a group: one that reads on its own account leaves nobody anything to take over.
#[derive(Debug)]
pub struct Consumer {
    signal: Arc<Signal>,
    meter: Arc<Meter>,
    thread: Option<JoinHandle<()>>,
}

impl Consumer {
    /// Starts one: in `group`, for `topics`; or for `assigned` partitions, if the options say so.
    ///
    /// # Errors
    /// [`Error::Plan`](crate::Error::Plan) if the options make no sense; [`Error::Kafka`](crate::Error::Kafka) if librdkafka does not take its
    /// settings.
    pub fn start(
        site: &Arc<Site>,
        options: &ConsumerOptions,
        group: &str,
        topics: &[String],
        assigned: &[PartitionId],
    ) -> Result<Self> {
        let progress = Arc::new(Progress::new(site.partitions.len()));
        let meter = Arc::new(Meter::new());
        Self::start_with(site, options, group, topics, assigned, meter, progress)
    }

    pub(super) fn start_with(
        site: &Arc<Site>,
        options: &ConsumerOptions,
        group: &str,
        topics: &[String],
        assigned: &[PartitionId],
        meter: Arc<Meter>,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        options.validate()?;
        let setup = MemberSetup {
            group: group.to_owned(),
            assigned: options.assigned.then(|| assigned.to_vec()),
            topics: topics.to_vec(),
            commits: options.commits,
            isolation: options.isolation,
            work: Duration::from_micros(options.work_us),
            batch: options.batch,
            batch_time: Duration::from_millis(options.batch_ms.into()),
            commit_timeout: options.commit_timeout(),
            session_timeout_ms: options.session_timeout_ms,
            cooperative: options.cooperative,
            client: options.client.clone(),
        };
        let signal = Arc::new(Signal::new());
        let client = Member::start(site, &setup, &signal, &meter, &progress)?;
        let life = Life {
            site: Arc::clone(site),
            setup,
            signal: Arc::clone(&signal),
            meter: Arc::clone(&meter),
            progress,
        };
        let thread = super::spawn("consumer", move || life.run(client))?;
        Ok(Self { signal, meter, thread: Some(thread) })
    }

    /// Tells it to stop: it finishes its batch, commits, and leaves the group, until `deadline` at most. Returns at once; [`join`](Self::join) waits
    /// for it.
    pub fn stop(&self, deadline: Instant) {
        self.signal.give(Order::Stop(deadline));
    }

    /// Kills it: it does nothing more, commits nothing, and does not leave its group, which waits for its session to run out. Returns at once.
    pub fn kill(&self) {
        self.signal.give(Order::Kill);
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until it has ended.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the panic hook.
            let _ = thread.join();
        }
    }

    /// How many records it has read.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.meter.read.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.kill();
        self.join();
    }
}

struct Life {
    site: Arc<Site>,
    setup: MemberSetup,
    signal: Arc<Signal>,
    meter: Arc<Meter>,
    progress: Arc<Progress>,
}

/// How soon an order is noticed.
const PATIENCE: Duration = Duration::from_millis(50);

impl Life {
    fn run(&self, first: Client) {
        let mut client = first;
        loop {
            let why = match self.read(&client) {
                Ok(Order::Kill) => return Member::end(client, true, Instant::now()),
                Ok(Order::Stop(deadline)) => return Member::end(client, false, deadline),
                Ok(Order::Run) => continue,
                Err(why) => why,
            };
            let text = format!("{} ends: {why}; another takes its place", client.context().id);
            self.site.sink.record(self.site.sink.now(), What::Note { text });
            Member::end(client, false, Instant::now());
            if !self.signal.pause(Duration::from_millis(100)) {
                return;
            }
            let next =
                Member::start(&self.site, &self.setup, &self.signal, &self.meter, &self.progress);
            client = match next {
                Ok(client) => client,
                Err(error) => {
                    let text = format!("a consumer cannot go on: {error}");
                    self.site.sink.record(self.site.sink.now(), What::Note { text });
                    return;
                }
            };
        }
    }

    /// Reads until there is another order.
    fn read(&self, client: &Client) -> Result<Order, String> {
        let member = client.context();
        loop {
            match self.signal.order() {
                Order::Run => {}
                order => return Ok(order),
            }
            let gathered = member.gather(client, PATIENCE);
            if !self.signal.killed() {
                member.settle(client);
            }
            gathered?;
        }
    }
}
