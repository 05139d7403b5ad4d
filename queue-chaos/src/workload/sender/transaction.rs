//! Transactions of a producer.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer as _};

use super::{Reports, Sender};
use crate::history::{Outcome, What};
use crate::id::{ConsumerId, PartitionId};
use crate::workload::outcome::{self, Remedy};

/// How a transaction's end went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::workload) enum Ending {
    /// As wanted.
    Done,
    /// Not committed: it must be aborted.
    Abort(String),
    /// This producer cannot go on; nobody knows.
    Broken(String),
    /// Killed meanwhile.
    Killed,
}

/// How long one call of librdkafka may block: the thread cannot be told anything meanwhile.
const CALL: Duration = Duration::from_millis(500);

impl Sender {
    /// Repeats a call until it is done, is hopeless, or time is out.
    fn insist(
        &self,
        deadline: Instant,
        call: impl Fn(&BaseProducer<Reports>) -> Result<(), KafkaError>,
    ) -> Ending {
        loop {
            let Err(error) = call(&self.producer) else { return Ending::Done };
            if let Some(ending) = self.after(deadline, &error) {
                return ending;
            }
        }
    }

    /// What an error means. None if the same call may be made again.
    fn after(&self, deadline: Instant, error: &KafkaError) -> Option<Ending> {
        match outcome::remedy(error) {
            _ if self.signal.killed() => Some(Ending::Killed),
            Remedy::Again if Instant::now() < deadline => {
                // Some say at once that it is too early.
                self.signal.sleep(Duration::from_millis(10));
                None
            }
            Remedy::Again | Remedy::NewProducer => Some(Ending::Broken(error.to_string())),
            Remedy::Abort => Some(Ending::Abort(error.to_string())),
        }
    }

    /// Adds offsets to the transaction.
    ///
    /// librdkafka 2.12 waits for a coordinator as long as no broker can be reached, whatever time it is given (`rd_kafka_coord_req_fsm` looks at no
    /// clock). So a thread waits for it; if it must be left behind, it and the client end when the call does: when a broker is back.
    fn send_offsets(&self, deadline: Instant, offsets: &Offsets) -> Ending {
        loop {
            let (answer, heard) = mpsc::sync_channel(1);
            let producer = Arc::clone(&self.producer);
            let (list, member) = (offsets.list.clone(), Arc::clone(&offsets.member));
            let spawned = thread::Builder::new().name("offsets".to_owned()).spawn(move || {
                // Nobody listens any more if it comes too late.
                let _ = answer.send(producer.send_offsets_to_transaction(&list, &member, CALL));
            });
            if let Err(error) = spawned {
                return Ending::Broken(format!("a thread for it: {error}"));
            }
            let result = loop {
                match heard.recv_timeout(Duration::from_millis(50)) {
                    Ok(result) => break result,
                    Err(_) if self.signal.killed() => return Ending::Killed,
                    Err(_) if Instant::now() < deadline => {}
                    Err(_) => return Ending::Broken("no coordinator in time".to_owned()),
                }
            };
            let Err(error) = result else { return Ending::Done };
            if let Some(ending) = self.after(deadline, &error) {
                return ending;
            }
        }
    }

    /// Fences earlier producers of the same name, and waits for the end of their transactions.
    pub(in crate::workload) fn init_transactions(&self, deadline: Instant) -> Ending {
        self.insist(deadline, |producer| producer.init_transactions(CALL))
    }

    /// Begins a transaction.
    pub(in crate::workload) fn begin(&self) -> Ending {
        let ending = self.insist(Instant::now(), BaseProducer::begin_transaction);
        if ending == Ending::Done {
            self.record(What::Begin { p: self.id });
        }
        ending
    }

    /// Commits the transaction, with these offsets of a consumer if it has some, and writes that down.
    pub(in crate::workload) fn commit(
        &self,
        deadline: Instant,
        offsets: Option<&Offsets>,
    ) -> Ending {
        let p = self.id;
        if let Some(offsets) = offsets {
            offsets.record(self, Outcome::Invoke);
            let ending = self.send_offsets(deadline, offsets);
            if ending != Ending::Done {
                // They would have become valid by the commit, which nobody has asked for.
                let why = match &ending {
                    Ending::Abort(why) | Ending::Broken(why) => why.clone(),
                    Ending::Killed | Ending::Done => "killed before the commit".to_owned(),
                };
                offsets.record(self, Outcome::Fail(why));
                return ending;
            }
        }
        self.record(What::Commit { p, is: Outcome::Invoke });
        let flushed = self.flush(deadline);
        let (ending, asked) = if flushed {
            (self.insist(deadline, |producer| producer.commit_transaction(CALL)), true)
        } else if self.signal.killed() {
            (Ending::Killed, false)
        } else {
            (Ending::Abort("messages without an outcome".to_owned()), false)
        };
        let is = match &ending {
            Ending::Done => Outcome::Ok,
            Ending::Abort(why) => Outcome::Fail(why.clone()),
            Ending::Broken(why) => Outcome::Unknown(why.clone()),
            Ending::Killed if asked => Outcome::Unknown("killed meanwhile".to_owned()),
            Ending::Killed => Outcome::Fail("killed before that".to_owned()),
        };
        // They belong to the transaction: told of after its end, they would be of none.
        if let Some(offsets) = offsets {
            offsets.record(self, is.clone());
        }
        self.record(What::Commit { p, is });
        ending
    }

    /// Aborts the transaction, and writes that down.
    pub(in crate::workload) fn abort(&self, deadline: Instant) -> Ending {
        let p = self.id;
        self.record(What::Abort { p, is: Outcome::Invoke });
        let ending = self.insist(deadline, |producer| {
            let done = producer.abort_transaction(CALL);
            // What it has thrown away is reported.
            self.wait(self.signal.order(), Duration::ZERO);
            done
        });
        let is = match &ending {
            Ending::Done => Outcome::Ok,
            Ending::Abort(why) | Ending::Broken(why) => Outcome::Unknown(why.clone()),
            Ending::Killed => Outcome::Unknown("killed meanwhile".to_owned()),
        };
        self.record(What::Abort { p, is });
        ending
    }
}

/// Offsets of a consumer that a transaction commits.
pub(in crate::workload) struct Offsets {
    pub(in crate::workload) consumer: ConsumerId,
    pub(in crate::workload) next: Vec<(PartitionId, u64)>,
    pub(in crate::workload) list: TopicPartitionList,
    pub(in crate::workload) member: Arc<ConsumerGroupMetadata>,
}

impl Offsets {
    fn record(&self, sender: &Sender, is: Outcome) {
        let what =
            What::Offsets { c: self.consumer, is, to: self.next.clone(), within: Some(sender.id) };
        sender.record(what);
    }
}
