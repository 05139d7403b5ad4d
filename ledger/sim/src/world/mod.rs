//! One machine with a ledger on it, its clients, and everything that can happen to them, in one thread and one order.

mod archive;
mod arms;
mod asking;
mod clients;
mod commit;
mod compare;
mod damage;
mod disk;
mod failure;
mod finish;
mod recovery;
mod system;
mod trace;
mod witness;

use std::{collections::VecDeque, sync::Arc};

use ledger::{Error, NodeOptions, model::Batch};

pub use archive::SimArchive;
pub use disk::SimDisk;
pub use failure::Failure;
pub use system::{Opener, Real, System};
pub use trace::Trace;

use self::{clients::Clients, witness::Witness};
use crate::{
    oracle::Oracle,
    plan::{Setup, Step, describe},
    random::mix,
};

/// What a run did, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Operations in the log at the end.
    pub ops: u64,
    /// Events in them.
    pub events: u64,
    /// What is remembered of them.
    pub entries: u64,
    /// How often the node was opened.
    pub opened: u64,
    /// How often the power failed.
    pub power_failures: u64,
    /// How many operations of the devices failed.
    pub device_errors: u64,
    /// Bits that flipped and writes that went astray.
    pub damages: u64,
    /// Damages that the ledger found, and named.
    pub refused: u64,
    /// Damages of the last records, which look like the traces of a crash, and were reported as cut off.
    pub cut: u64,
    /// How often everything was compared.
    pub inspections: u64,
}

/// A batch that is perhaps in the log.
struct InFlight {
    clock: u64,
    batches: VecDeque<Arc<Batch>>,
}

/// See the module.
pub struct World<'a> {
    opener: &'a dyn Opener,
    setup: Setup,
    disk: SimDisk,
    archive: SimArchive,
    system: Option<Box<dyn System>>,
    oracle: Oracle,
    /// What is in the log, as far as is known.
    history: Vec<(u64, Batch)>,
    in_flight: InFlight,
    /// The last op that anybody was told of.
    acked: u64,
    /// The first op of each group that was synced as one.
    groups: Vec<u64>,
    /// A snapshot, or the end of a segment, knows that this op is durable.
    proven: u64,
    /// The first op of the call in which a write went astray; 0 if it held none.
    stray_op: u64,
    /// That call was not answered.
    stray_in_flight: bool,
    clock: u64,
    skew: i64,
    clients: Clients,
    witness: Witness,
    /// How many device errors there were when the node was opened: what comes after explains why it stopped.
    failed_at_open: u64,
    /// The disk had an end since the node was opened.
    was_limited: bool,
    /// How many steps there were: what fates are drawn from where a step has none.
    at: u64,
    /// A bit that flipped, until it is turned back.
    rotten: Option<damage::Rot>,
    trace: Trace,
    statistics: Statistics,
}

impl<'a> World<'a> {
    /// A machine with an empty disk.
    #[must_use]
    pub fn new(opener: &'a dyn Opener, setup: Setup, trace: Trace) -> Self {
        let disk = SimDisk::new();
        let archive = SimArchive::with(disk.shared_arms());
        Self {
            opener,
            setup,
            disk,
            archive,
            system: None,
            oracle: Oracle::new(),
            history: Vec::new(),
            in_flight: InFlight { clock: 0, batches: VecDeque::new() },
            acked: 0,
            groups: Vec::new(),
            proven: 0,
            stray_op: 0,
            stray_in_flight: false,
            clock: setup.clock,
            skew: 0,
            clients: Clients::default(),
            witness: Witness::default(),
            failed_at_open: 0,
            was_limited: false,
            at: 0,
            rotten: None,
            trace,
            statistics: Statistics::default(),
        }
    }

    /// What the node's clock shows.
    fn now(&self) -> u64 {
        self.clock.saturating_add_signed(self.skew)
    }

    /// A number that follows from the step alone.
    fn fate(&self) -> u64 {
        mix(self.at)
    }

    fn options(&self) -> NodeOptions {
        NodeOptions {
            segment_bytes: self.setup.segment_bytes,
            generation_entries: self.setup.generation_entries,
            background: false,
            check: true,
            log_id: Some(*b"ledger_sim's log"),
        }
    }

    /// Does one step.
    ///
    /// # Errors
    ///
    /// A promise that the ledger did not keep.
    pub fn step(&mut self, step: &Step) -> Result<(), Failure> {
        self.at += 1;
        let at = self.at;
        self.trace.tell(|| format!("{at:>4}  {}", describe(step)));
        match step {
            Step::Ask { client, batch } => {
                self.clients.ask(*client, batch.clone(), self.acked);
                Ok(())
            }
            Step::Repeat { client } => {
                self.clients.repeat(*client);
                Ok(())
            }
            Step::Commit { take, lost } => self.commit(*take, *lost),
            Step::Pass { nanoseconds } => {
                self.clock = self.clock.saturating_add(*nanoseconds);
                Ok(())
            }
            Step::Jump { nanoseconds } => {
                self.skew = self.skew.saturating_add(*nanoseconds);
                Ok(())
            }
            Step::Tick => self.tick(),
            Step::Checkpoint => self.checkpoint(),
            Step::Nonsense { large } => self.nonsense(*large),
            Step::Restart => self.restart(),
            Step::Kill => {
                self.kill();
                self.ready().map(drop)
            }
            Step::PowerFailure { fate } => {
                self.power_failure(*fate);
                self.ready().map(drop)
            }
            Step::PowerFailureIn { operations, fate } => {
                self.disk.arms().power_in(*operations, *fate);
                Ok(())
            }
            Step::Fails { what, after } => {
                self.disk.arms().fails(*what, *after);
                Ok(())
            }
            Step::Full { room } => {
                self.disk.set_room(Some((*room).into()));
                self.was_limited = true;
                Ok(())
            }
            Step::Space => {
                self.disk.set_room(None);
                Ok(())
            }
            Step::Rot { fate } => self.rot(*fate),
            Step::Astray { after, fate } => {
                // One damage at a time: of two, neither could be told from the other.
                if !self.is_damaged() {
                    self.disk.arms().astray(*after, *fate);
                }
                Ok(())
            }
            Step::Inspect => {
                if self.ready()? {
                    self.inspect()?;
                }
                Ok(())
            }
        }
    }

    fn surface(&mut self) -> Result<(), Failure> {
        match &self.system {
            Some(system) => compare::surface(system.node(), &self.oracle),
            None => Ok(()),
        }
    }

    fn tick(&mut self) -> Result<(), Failure> {
        if !self.ready()? {
            return Ok(());
        }
        let clock = self.now();
        self.in_flight.clock = clock;
        let strays = self.disk.arms().strays.len();
        let Some(system) = &mut self.system else { return Ok(()) };
        let done = system.tick(clock);
        self.went_astray(strays, done.is_err());
        match done {
            Ok(()) => {
                let before = self.oracle.op();
                self.catch_up(clock, None)?;
                if self.oracle.op() > before {
                    self.groups.push(before + 1);
                    self.acked = self.oracle.op();
                }
                if self.oracle.is_due(clock) {
                    let found = format!("something is due at {clock} after a tick");
                    return Err(Failure::new("what is due expires first", found));
                }
                self.surface()
            }
            Err(error) => {
                self.trace.note(format_args!("      tick: {error}"));
                self.broke("a tick succeeds where nothing fails", &error)?;
                self.catch_up(clock, None)
            }
        }
    }

    fn checkpoint(&mut self) -> Result<(), Failure> {
        if !self.ready()? {
            return Ok(());
        }
        let Some(system) = &mut self.system else { return Ok(()) };
        match system.checkpoint() {
            Ok(()) => {
                self.proven = self.oracle.op();
                self.surface()
            }
            Err(error) => {
                self.trace.note(format_args!("      checkpoint: {error}"));
                self.broke("a checkpoint succeeds where nothing fails", &error)
            }
        }
    }

    fn restart(&mut self) -> Result<(), Failure> {
        if !self.ready()? {
            return Ok(());
        }
        if let Some(system) = self.system.take() {
            if let Err(error) = system.close() {
                self.trace.note(format_args!("      close: {error}"));
                self.broke("closing succeeds where nothing fails", &error)?;
            } else {
                self.proven = self.oracle.op();
            }
        }
        self.clients.disconnect();
        self.ready().map(drop)
    }

    /// A request that is none: it is refused, and changes nothing.
    fn nonsense(&mut self, large: bool) -> Result<(), Failure> {
        const REFUSED: &str = "what is no batch is refused, and changes nothing";
        if !self.ready()? {
            return Ok(());
        }
        let count = if large { ledger::model::MAX_EVENTS + 1 } else { 0 };
        let batch = Batch::Transfers(vec![ledger::model::Transfer::default(); count]);
        let clock = self.now();
        let Some(system) = &mut self.system else { return Ok(()) };
        match system.commit(clock, &[batch]) {
            Err(Error::Batch(_)) => self.surface(),
            Err(error) => self.broke(REFUSED, &error),
            Ok(done) => Err(Failure::new(REFUSED, format!("{} was committed", done.len()))),
        }
    }

    /// The numbers of the run, and its trace.
    #[must_use]
    pub fn end(mut self) -> (Statistics, Trace) {
        let (digest, operations) = self.disk.arms().digest();
        self.trace.mix(format_args!("{digest} {operations}"));
        self.trace.mix(format_args!("{:?}", self.oracle));
        self.statistics.ops = self.oracle.op();
        self.statistics.events = self.history.iter().map(|(_, batch)| batch.len() as u64).sum();
        self.statistics.entries = self.oracle.books().history.len() as u64;
        self.statistics.device_errors = self.disk.arms().failed;
        (self.statistics, self.trace)
    }
}
