//! A producer of a workload.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::keys::{self, KeyDraw};
use super::sender::{BURST, Draft, Ending, Sender, Sending, Setup};
use super::signal::{Order, Signal};
use super::statistics::Meter;
use super::{Pace, ProducerOptions, Site};
use crate::history::{Delivery, What};
use crate::id::PartitionId;
use crate::{Error, Result};

/// A thread that sends messages, and writes down what becomes of them.
///
/// When its client ends with a fatal error (it was fenced, or its sequence numbers do not fit any more) it goes on as another producer, with another
/// [`ProducerId`](crate::id::ProducerId). It ends when dropped, as if [killed](Self::kill).
#[derive(Debug)]
pub struct Producer {
    signal: Arc<Signal>,
    meter: Arc<Meter>,
    thread: Option<JoinHandle<()>>,
}

/// Which producer of a workload this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// What its random choices come from.
    pub seed: u64,
    /// Its transactional id, if it needs one: the same before and after a crash, so that the one after it fences the one before.
    pub transactional_id: String,
    /// The partitions that it writes to.
    pub to: Vec<PartitionId>,
}

impl Producer {
    /// Starts one.
    ///
    /// # Errors
    /// [`Error::Plan`] if the options make no sense or there is no partition; [`Error::Kafka`] if librdkafka does not take its settings.
    pub fn start(site: &Arc<Site>, options: &ProducerOptions, role: Role) -> Result<Self> {
        Self::start_with(site, options, role, Arc::new(Meter::new()))
    }

    pub(super) fn start_with(
        site: &Arc<Site>,
        options: &ProducerOptions,
        role: Role,
        meter: Arc<Meter>,
    ) -> Result<Self> {
        options.validate()?;
        if role.to.is_empty() || role.to.iter().any(|&to| site.partitions.name(to).is_none()) {
            return Err(Error::Plan {
                place: "workload, topics".to_owned(),
                what: "a producer needs partitions to write to, all in the run's table".to_owned(),
            });
        }
        let signal = Arc::new(Signal::new());
        let life = Life {
            site: Arc::clone(site),
            options: options.clone(),
            draw: KeyDraw::new(&options.keys),
            role,
            signal: Arc::clone(&signal),
            meter: Arc::clone(&meter),
        };
        // The first client is made here, so that wrong settings are an error of the start.
        let sender = life.sender()?;
        let thread = super::spawn("producer", move || life.run(sender))?;
        Ok(Self { signal, meter, thread: Some(thread) })
    }

    /// Tells it to stop: it sends no more, and waits for outcomes until `deadline` at most. Returns at once; [`join`](Self::join) waits for it.
    pub fn stop(&self, deadline: Instant) {
        self.signal.give(Order::Stop(deadline));
    }

    /// Kills it: what it has not sent yet is thrown away, and what has no outcome is unknown. A transaction stays open. Returns at once.
    pub fn kill(&self) {
        self.signal.give(Order::Kill);
    }

    /// Whether it has ended: told to, or its count is reached.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until it has ended.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the panic hook, and its messages are unknown in the history.
            let _ = thread.join();
        }
    }

    /// What it has done so far. Latencies since the last call.
    #[must_use]
    pub fn statistics(&self) -> super::Statistics {
        let mut sum = super::Statistics::none();
        self.meter.add_to(&mut sum);
        sum
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.kill();
        self.join();
    }
}

/// Why a sender's time is over.
enum Over {
    Stopped(Instant),
    Killed,
    Counted,
    Broken(String),
}

struct Life {
    site: Arc<Site>,
    options: ProducerOptions,
    draw: KeyDraw,
    role: Role,
    signal: Arc<Signal>,
    meter: Arc<Meter>,
}

impl Life {
    fn sender(&self) -> Result<Sender> {
        let options = &self.options;
        let transactional = options.delivery == Delivery::Transactional;
        let setup = Setup {
            delivery: options.delivery,
            acks: options.acks,
            linger_ms: options.linger_ms,
            compression: options.compression.name(),
            message_timeout_ms: options.message_timeout(),
            transaction: transactional
                .then_some((&self.role.transactional_id, options.transaction.timeout_ms)),
            client: &options.client,
        };
        Sender::new(&self.site, &setup, options.size, &self.signal, &self.meter)
    }

    fn run(&self, first: Sender) {
        let mut total = 0;
        let mut sender = first;
        loop {
            let over = if self.options.delivery == Delivery::Transactional {
                self.transactions(&mut sender, total)
            } else {
                self.messages(&mut sender, total)
            };
            total += sender.sequence();
            match over {
                Over::Killed => return sender.end(true, "killed"),
                Over::Stopped(deadline) => {
                    sender.flush(deadline);
                    let killed = self.signal.killed();
                    return sender.end(killed, "no outcome before the end");
                }
                Over::Counted => {
                    while !sender.flush(Instant::now() + Duration::from_secs(3_600))
                        && self.signal.running()
                    {}
                    let killed = self.signal.killed();
                    return sender.end(killed, "no outcome before the end");
                }
                Over::Broken(why) => {
                    let text = format!("{} ends: {why}; another takes its place", sender.id);
                    self.site.sink.record(self.site.sink.now(), What::Note { text });
                    sender.end(false, &why);
                    // Nothing is gained by haste where a cluster refuses producers.
                    if !self.signal.pause(Duration::from_millis(100)) {
                        return;
                    }
                    sender = match self.sender() {
                        Ok(sender) => sender,
                        Err(error) => {
                            let text = format!("a producer cannot go on: {error}");
                            self.site.sink.record(self.site.sink.now(), What::Note { text });
                            return;
                        }
                    };
                }
            }
        }
    }

    /// How many more messages may be sent.
    fn left(&self, before: u64, sender: &Sender) -> u64 {
        self.options
            .count
            .map_or(u64::MAX, |count| count.saturating_sub(before + sender.sequence()))
    }

    /// Waits until the next message is due. None if it is.
    fn due(&self, pace: &Pace, sender: &Sender) -> Option<Over> {
        loop {
            let order = self.signal.order();
            match order {
                Order::Run => {}
                Order::Stop(deadline) => return Some(Over::Stopped(deadline)),
                Order::Kill => return Some(Over::Killed),
            }
            if pace.is_unlimited() {
                return None;
            }
            match pace.wait(self.site.sink.now()) {
                0 => return None,
                wait => sender.wait(order, Duration::from_micros(wait)),
            }
        }
    }

    /// The message of this number.
    fn message(&self, number: u64) -> Draft {
        let random = keys::mix(self.role.seed ^ keys::mix(number));
        let key = self.draw.key(random);
        Draft { to: self.role.to[keys::partition_of(key, self.role.to.len())], key, of: None }
    }

    /// Sends `count` messages that are due now: more than one only if they always are.
    fn send(&self, sender: &mut Sender, before: u64, count: u64, pace: &mut Pace) -> Option<Over> {
        let first = before + sender.sequence();
        let sending = sender.send((first..first + count).map(|number| self.message(number)));
        if !pace.is_unlimited() {
            pace.sent(self.site.sink.now());
        }
        self.over(sending)
    }

    fn over(&self, sending: Sending) -> Option<Over> {
        match sending {
            Sending::Sent => None,
            Sending::Broken(why) => Some(Over::Broken(why)),
            Sending::Ended => match self.signal.order() {
                Order::Stop(deadline) => Some(Over::Stopped(deadline)),
                _ => Some(Over::Killed),
            },
        }
    }

    fn messages(&self, sender: &mut Sender, before: u64) -> Over {
        let mut pace = Pace::new(self.options.rate, self.site.sink.now());
        // Acknowledgements are looked for after each burst.
        loop {
            let mut sent = 0;
            while sent < BURST as u64 {
                let left = self.left(before, sender);
                if left == 0 {
                    return Over::Counted;
                }
                if let Some(over) = self.due(&pace, sender) {
                    return over;
                }
                let count = if pace.is_unlimited() { left.min(BURST as u64) } else { 1 };
                if let Some(over) = self.send(sender, before, count, &mut pace) {
                    return over;
                }
                sent += count;
            }
            sender.poll();
            if let Some(why) = sender.broken() {
                return Over::Broken(why);
            }
        }
    }

    fn transactions(&self, sender: &mut Sender, before: u64) -> Over {
        let time = Duration::from_millis(self.options.transaction.timeout_ms.into());
        // A cluster may be down for longer than that: it is asked again until the end.
        loop {
            match sender.init_transactions(Instant::now() + time) {
                Ending::Done => break,
                Ending::Killed => return Over::Killed,
                Ending::Abort(why) => return Over::Broken(why),
                Ending::Broken(why) => match (sender.broken(), self.signal.order()) {
                    (Some(why), _) => return Over::Broken(why),
                    (None, Order::Run) => {
                        let _ = why;
                        self.signal.pause(Duration::from_millis(50));
                    }
                    (None, Order::Stop(deadline)) => return Over::Stopped(deadline),
                    (None, Order::Kill) => return Over::Killed,
                },
            }
        }
        let mut pace = Pace::new(self.options.rate, self.site.sink.now());
        let mut number = 0u64;
        loop {
            match self.transaction(sender, before, number, &mut pace, time) {
                Some(over) => return over,
                None => number += 1,
            }
        }
    }

    /// One transaction. None if another can follow.
    fn transaction(
        &self,
        sender: &mut Sender,
        before: u64,
        number: u64,
        pace: &mut Pace,
        time: Duration,
    ) -> Option<Over> {
        if self.left(before, sender) == 0 {
            return Some(Over::Counted);
        }
        if let Some(over) = self.due(pace, sender) {
            return Some(over);
        }
        match sender.begin() {
            Ending::Done => {}
            Ending::Killed => return Some(Over::Killed),
            Ending::Abort(why) | Ending::Broken(why) => return Some(Over::Broken(why)),
        }
        let mut over = None;
        for _ in 0..u64::from(self.options.transaction.messages).min(self.left(before, sender)) {
            over = self.due(pace, sender).or_else(|| self.send(sender, before, 1, pace));
            if over.is_some() {
                break;
            }
            if sender.sequence().is_multiple_of(BURST as u64) {
                sender.poll();
            }
        }
        let deadline = match over {
            Some(Over::Killed | Over::Broken(_)) => return over,
            Some(Over::Stopped(deadline)) => deadline,
            _ => Instant::now() + time,
        };
        let random = keys::mix(self.role.seed ^ keys::mix(!(before + number)));
        let ending = if keys::unit(random) < self.options.transaction.abort {
            // With its messages in the log, not thrown away before they are sent.
            sender.flush(deadline);
            sender.abort(deadline)
        } else {
            match sender.commit(deadline, None) {
                Ending::Abort(_) => sender.abort(deadline.max(Instant::now() + time / 4)),
                ending => ending,
            }
        };
        match ending {
            Ending::Done => over,
            Ending::Killed => Some(Over::Killed),
            Ending::Abort(why) | Ending::Broken(why) => match over {
                Some(over) => Some(over),
                None => Some(Over::Broken(why)),
            },
        }
    }
}
