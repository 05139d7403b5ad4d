//! A workload that runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reader::Reader;
use super::statistics::{Meter, Progress};
use super::{Consumer, Counts, Loop, Producer, Role, Site, Statistics, Workload, keys, read};
use crate::history::{Commits, Delivery, Isolation};
use crate::id::PartitionId;
use crate::{Error, Result};

/// A place of a workload, with one after the other in it.
#[derive(Debug)]
struct Place<T> {
    it: Option<T>,
    meter: Arc<Meter>,
}

/// Those who are to reach an end.
struct Group {
    name: String,
    /// What they see.
    isolation: Isolation,
}

/// A workload that runs. Dropping it kills all its threads.
#[derive(Debug)]
pub struct Running {
    options: Workload,
    site: Arc<Site>,
    producers: Vec<Place<Producer>>,
    consumers: Vec<Place<Consumer>>,
    loops: Vec<Place<Loop>>,
    consumed: Arc<Progress>,
    transformed: Arc<Progress>,
}

impl Workload {
    /// Starts it: producers, consumers and loops run when this returns (and reach the cluster when they do).
    ///
    /// # Errors
    /// [`Error::Plan`] if the options make no sense, or not for these topics; [`Error::Kafka`] if librdkafka does not take the settings.
    pub fn start(&self, site: &Arc<Site>) -> Result<Running> {
        self.validate()?;
        for output in &self.transform.outputs {
            if !site.partitions.topics().contains(output) {
                return Err(Error::Plan {
                    place: "workload, loop.outputs".to_owned(),
                    what: format!("{output}: the run has no such topic"),
                });
            }
        }
        let mut running = Running {
            options: self.clone(),
            site: Arc::clone(site),
            producers: Vec::new(),
            consumers: Vec::new(),
            loops: Vec::new(),
            consumed: Arc::new(Progress::new(site.partitions.len())),
            transformed: Arc::new(Progress::new(site.partitions.len())),
        };
        let place = || Arc::new(Meter::new());
        for _ in 0..self.consumers {
            running.consumers.push(Place { it: None, meter: place() });
            running.restart_consumer(running.consumers.len() - 1)?;
        }
        for _ in 0..self.loops {
            running.loops.push(Place { it: None, meter: place() });
            running.restart_loop(running.loops.len() - 1)?;
        }
        for _ in 0..self.producers {
            running.producers.push(Place { it: None, meter: place() });
            running.restart_producer(running.producers.len() - 1)?;
        }
        Ok(running)
    }

    /// The group of the loops.
    #[must_use]
    pub fn loop_group(&self) -> String {
        format!("{}-loop", self.group)
    }
}

fn nobody(what: &str, at: usize) -> Error {
    Error::Plan {
        place: format!("{what} {at}"),
        what: "the workload has none of this number; they count from 0".to_owned(),
    }
}

impl Running {
    fn inputs(&self) -> Vec<String> {
        let outputs = &self.options.transform.outputs;
        let topics = self.site.partitions.topics();
        topics.iter().filter(|topic| !outputs.contains(topic)).cloned().collect()
    }

    fn ids(&self, topics: &[String]) -> Vec<PartitionId> {
        topics.iter().flat_map(|topic| self.site.partitions.of_topic(topic)).collect()
    }

    fn role(&self, kind: &str, at: usize, to: Vec<PartitionId>) -> Role {
        let transactional_id = format!("{}-{kind}-{at}", self.options.group);
        let salt = keys::mix(at as u64 ^ (kind.len() as u64) << 32);
        Role { seed: self.options.seed ^ salt, transactional_id, to }
    }

    /// Starts a producer in the place of one that has ended or was killed.
    ///
    /// # Errors
    /// As [`Workload::start`]; [`Error::Plan`] if there is no such place.
    pub fn restart_producer(&mut self, at: usize) -> Result<()> {
        let role = self.role("producer", at, self.ids(&self.inputs()));
        let place = self.producers.get_mut(at).ok_or_else(|| nobody("producer", at))?;
        place.it = None;
        let meter = Arc::clone(&place.meter);
        place.it = Some(Producer::start_with(&self.site, &self.options.producer, role, meter)?);
        Ok(())
    }

    /// Kills a producer. Returns when it is gone.
    ///
    /// # Errors
    /// [`Error::Plan`] if there is no such place.
    pub fn kill_producer(&mut self, at: usize) -> Result<()> {
        self.producers.get_mut(at).ok_or_else(|| nobody("producer", at))?.it = None;
        Ok(())
    }

    /// Starts a consumer in the place of one that was killed.
    ///
    /// # Errors
    /// As [`Workload::start`]; [`Error::Plan`] if there is no such place.
    pub fn restart_consumer(&mut self, at: usize) -> Result<()> {
        let topics = self.site.partitions.topics();
        let count = self.options.consumers.max(1) as usize;
        let assigned: Vec<PartitionId> =
            self.site.partitions.ids().skip(at).step_by(count).collect();
        let place = self.consumers.get_mut(at).ok_or_else(|| nobody("consumer", at))?;
        place.it = None;
        place.it = Some(Consumer::start_with(
            &self.site,
            &self.options.consumer,
            &self.options.group,
            topics,
            &assigned,
            Arc::clone(&place.meter),
            Arc::clone(&self.consumed),
        )?);
        Ok(())
    }

    /// Kills a consumer. Returns when it is gone; its group does not know yet.
    ///
    /// # Errors
    /// [`Error::Plan`] if there is no such place.
    pub fn kill_consumer(&mut self, at: usize) -> Result<()> {
        self.consumers.get_mut(at).ok_or_else(|| nobody("consumer", at))?.it = None;
        Ok(())
    }

    /// Starts a loop in the place of one that was killed.
    ///
    /// # Errors
    /// As [`Workload::start`]; [`Error::Plan`] if there is no such place.
    pub fn restart_loop(&mut self, at: usize) -> Result<()> {
        let role = self.role("loop", at, self.ids(&self.options.transform.outputs));
        let inputs = self.inputs();
        let group = self.options.loop_group();
        let place = self.loops.get_mut(at).ok_or_else(|| nobody("loop", at))?;
        place.it = None;
        place.it = Some(Loop::start_with(
            &self.site,
            &self.options.transform,
            &group,
            &inputs,
            role,
            Arc::clone(&place.meter),
            Arc::clone(&self.transformed),
        )?);
        Ok(())
    }

    /// Kills a loop. Returns when it is gone; its transaction stays open, and its group does not know yet.
    ///
    /// # Errors
    /// [`Error::Plan`] if there is no such place.
    pub fn kill_loop(&mut self, at: usize) -> Result<()> {
        self.loops.get_mut(at).ok_or_else(|| nobody("loop", at))?.it = None;
        Ok(())
    }

    /// Groups that commit: of consumers, and of loops.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        let consumer = &self.options.consumer;
        let mut groups = Vec::new();
        if self.options.consumers > 0 && !consumer.assigned && consumer.commits != Commits::Never {
            groups.push(self.options.group.clone());
        }
        if self.options.loops > 0 {
            groups.push(self.options.loop_group());
        }
        groups
    }

    /// Whether something is acknowledged, and those who read keep up with it: consumers with all that is written, loops with what producers write. With
    /// producers that send as fast as they can, that need not ever be: then, whether something is read.
    #[must_use]
    pub fn keeps_up(&self) -> bool {
        const MOST: f64 = 0.8;
        let sum = |meters: &mut dyn Iterator<Item = &Arc<Meter>>| {
            let mut sum = Counts::default();
            meters.for_each(|meter| meter.count_to(&mut sum));
            sum
        };
        let producers = sum(&mut self.producers.iter().map(|place| &place.meter));
        let consumers = sum(&mut self.consumers.iter().map(|place| &place.meter));
        let loops = sum(&mut self.loops.iter().map(|place| &place.meter));
        // Nobody reads what is aborted.
        let visible = match self.options.producer.delivery {
            Delivery::Transactional => 1.0 - self.options.producer.transaction.abort,
            Delivery::Plain | Delivery::Idempotent => 1.0,
        };
        let unlimited = self.options.producer.rate.is_none();
        let most = |read: u64, of: u64| match unlimited {
            true => read > 0,
            false => read as f64 >= of as f64 * visible * MOST,
        };
        let acked = producers.acked > 0 || self.producers.is_empty();
        acked
            && (self.consumers.is_empty() || most(consumers.read, producers.acked + loops.acked))
            && (self.loops.is_empty() || most(loops.read, producers.acked))
    }

    /// Counts so far, of all threads that ever ran in it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        let meters = self.producers.iter().map(|place| &place.meter);
        let meters = meters.chain(self.consumers.iter().map(|place| &place.meter));
        for meter in meters.chain(self.loops.iter().map(|place| &place.meter)) {
            meter.count_to(&mut sum);
        }
        sum
    }

    /// The numbers so far, of all threads that ever ran in it. Latencies are those since this was asked last.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let mut sum = Statistics::none();
        let meters = self.producers.iter().map(|place| &place.meter);
        let meters = meters.chain(self.consumers.iter().map(|place| &place.meter));
        for meter in meters.chain(self.loops.iter().map(|place| &place.meter)) {
            meter.add_to(&mut sum);
        }
        sum
    }

    /// Whether all producers have sent what they were to send (or were killed).
    #[must_use]
    pub fn producers_finished(&self) -> bool {
        self.producers.iter().all(|place| place.it.as_ref().is_none_or(Producer::is_finished))
    }

    /// Stops all producers, and returns when they have ended: in `time` they wait for outcomes; what has none then is unknown.
    pub fn stop_producers(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        let all = || self.producers.iter().filter_map(|place| place.it.as_ref());
        all().for_each(|producer| producer.stop(deadline));
        for place in &mut self.producers {
            if let Some(mut producer) = place.it.take() {
                producer.join();
            }
        }
    }

    /// Waits until loops and consumers have come to the end of what there is (for consumers that read what is committed: after open transactions have
    /// ended). Producers should be stopped.
    ///
    /// # Errors
    /// [`Error::Broker`] that names a partition, its end, and how far they have come, if that is not so in `time`.
    pub fn drain(&self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        let alive = |place: &Place<Loop>| place.it.is_some();
        if self.loops.iter().any(alive) {
            let inputs = self.ids(&self.inputs());
            let who =
                Group { name: self.options.loop_group(), isolation: Isolation::ReadCommitted };
            self.reach(&inputs, &who, &self.transformed, until)?;
        }
        if self.consumers.iter().any(|place| place.it.is_some()) {
            let all: Vec<PartitionId> = self.site.partitions.ids().collect();
            let isolation = self.options.consumer.isolation;
            let who = Group { name: self.options.group.clone(), isolation };
            self.reach(&all, &who, &self.consumed, until)?;
        }
        Ok(())
    }

    fn reach(
        &self,
        ids: &[PartitionId],
        who: &Group,
        progress: &Progress,
        until: Instant,
    ) -> Result<()> {
        let (site, isolation) = (&self.site, who.isolation);
        let group = Reader::new(&site.bootstrap, &site.client, Some(&who.name), isolation)?;
        let ends = read::settled(site, ids, isolation, until)?;
        let probe = Reader::new(&site.bootstrap, &site.client, None, isolation)?;
        for (id, low, high) in ends {
            let Some((topic, partition)) = site.partitions.name(id) else { continue };
            loop {
                let soon = until.min(Instant::now() + Duration::from_millis(300));
                if low >= high || progress.wait(id, high, soon) {
                    break;
                }
                // One that has committed and died since has come there, too.
                let left = until.saturating_duration_since(Instant::now());
                let name = (topic.to_owned(), partition);
                let wait = left.min(Duration::from_secs(5));
                let committed = group.committed(std::slice::from_ref(&name), wait);
                let committed = committed.ok().and_then(|all| all.get(&name).copied());
                // The last offsets can be ends of transactions, which nobody gets.
                let at = progress.of(id).max(low).max(committed.unwrap_or(0));
                if at >= high {
                    break;
                }
                let next = probe.first_at(topic, partition, at, left.min(Duration::from_secs(5)));
                if matches!(next, Ok(None)) || matches!(next, Ok(Some(seen)) if seen.offset >= high)
                {
                    break;
                }
                if Instant::now() >= until {
                    return Err(Error::Broker {
                        what: format!(
                            "waiting for {} to reach the end of {topic} {partition}",
                            who.name
                        ),
                        why: format!("it is at {at} of {high}"),
                    });
                }
            }
        }
        Ok(())
    }

    /// Stops what still runs, and returns when it has ended: producers as [`stop_producers`](Self::stop_producers), loops after their transaction,
    /// consumers after their batch and commit; each has `time`.
    pub fn stop(mut self, time: Duration) {
        self.stop_producers(time);
        let deadline = Instant::now() + time;
        let loops = || self.loops.iter().filter_map(|place| place.it.as_ref());
        loops().for_each(|it| it.stop(deadline));
        let consumers = || self.consumers.iter().filter_map(|place| place.it.as_ref());
        consumers().for_each(|it| it.stop(deadline));
        for place in &mut self.loops {
            if let Some(mut it) = place.it.take() {
                it.join();
            }
        }
        for place in &mut self.consumers {
            if let Some(mut it) = place.it.take() {
                it.join();
            }
        }
    }
}
