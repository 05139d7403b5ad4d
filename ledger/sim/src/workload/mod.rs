//! Plans from seeds: clients that ask for everything there is, in a world so small that they meet all the time, and faults.
//!
//! Requests are drawn with an oracle at hand, which takes everything that was asked for as done: so amounts lie at the boundaries of what accounts
//! have, and what is posted or voided is mostly there. It is a guess only; what comes of a request is for the run to say.

mod events;
mod faults;
mod postings;
mod universe;

use ledger::model::Batch;

use crate::{
    plan::{CLIENTS, Plan, Setup, Step},
    random::Random,
};

pub use faults::Profile;
use universe::Universe;

/// The longest batch: 128 events of 128 bytes fit, and so does one transaction of as many legs as there may be.
const MAX_BYTES: usize = 16 << 10;

/// How long and how hard a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many steps come after those that make the first accounts.
    pub steps: usize,
    /// Which faults there are. `None`: the seed chooses.
    pub profile: Option<Profile>,
}

impl Default for Options {
    fn default() -> Self {
        Self { steps: 160, profile: None }
    }
}

/// The plan of a seed: the same for ever, for one version of this program.
#[must_use]
pub fn plan(seed: u64, options: Options) -> Plan {
    let mut random = Random::new(seed, 0);
    let clock = match random.below(8) {
        // Timeouts end beyond the end of time.
        0 => u64::MAX - 3_000_000_000_000_000_000,
        // Time has just begun: only the log makes it go on.
        1 => 0,
        _ => 1_800_000_000_000_000_000 + random.below(1_000_000_000_000),
    };
    let setup = Setup {
        segment_bytes: 1 << random.between(15, 17),
        generation_entries: *random.one_of(&[8, 32, 128, 1024]).unwrap_or(&32),
        clock,
    };
    let profile = options.profile.unwrap_or_else(|| Profile::of(&mut random));
    let mut universe = Universe::new(random, clock);
    let mut steps = Vec::new();
    for batch in universe.first_batches() {
        universe.imagine(&batch);
        steps.push(Step::Ask { client: 0, batch });
        steps.push(Step::Commit { take: 1, lost: 0 });
    }
    while steps.len() < options.steps {
        let fault = universe.random.percent(profile.percent());
        let step = if fault { profile.step(&mut universe.random) } else { None };
        steps.push(step.unwrap_or_else(|| ordinary(&mut universe)));
    }
    Plan { seed, setup, steps }
}

/// A step of an ordinary day.
fn ordinary(universe: &mut Universe) -> Step {
    let random = &mut universe.random;
    let client = random.below(CLIENTS.into()) as u8;
    match random.weighted(&[44, 30, 9, 8, 2, 2, 2, 1, 2]) {
        0 => {
            let batch = universe.batch();
            universe.imagine(&batch);
            Step::Ask { client, batch }
        }
        1 => {
            let lost = if random.percent(20) { random.bits() as u8 } else { 0 };
            Step::Commit { take: random.between(1, 6) as u8, lost }
        }
        2 => Step::Repeat { client },
        3 => {
            let until_due = universe.until_due();
            let random = &mut universe.random;
            let nanoseconds = match (random.below(5), until_due) {
                (4, Some(until_due)) if until_due < 1 << 40 => until_due,
                (0, _) => random.below(1000),
                (1, _) => random.below(1_000_000_000),
                (2, _) => random.between(1, 4) * 1_000_000_000,
                _ => random.below(20_000_000_000),
            };
            universe.pass(nanoseconds);
            Step::Pass { nanoseconds }
        }
        4 => {
            let far = random.below(10_000_000_000) as i64;
            let nanoseconds = if random.percent(70) { -far } else { far };
            Step::Jump { nanoseconds }
        }
        5 => Step::Tick,
        6 => Step::Checkpoint,
        7 => Step::Nonsense { large: random.percent(20) },
        _ => Step::Inspect,
    }
}

impl Universe {
    /// A request.
    fn batch(&mut self) -> Batch {
        let count = match self.random.below(20) {
            0 => self.random.between(20, 120),
            1..=6 => 1,
            _ => self.random.between(2, 10),
        };
        let mut batch = match self.random.weighted(&[68, 20, 9, 3]) {
            0 => Batch::Transfers((0..count).map(|_| self.transfer()).collect()),
            1 => Batch::Transactions((0..count.min(10)).map(|_| self.transaction()).collect()),
            2 => Batch::Accounts((0..count.min(8)).map(|_| self.account()).collect()),
            _ => Batch::Ledgers((0..count.min(4)).map(|_| self.ledger()).collect()),
        };
        // It has to fit the smallest segment.
        let mut encoded = Vec::new();
        ledger::codec::encode(&batch, &mut encoded);
        if encoded.len() > MAX_BYTES
            && let Batch::Transactions(events) = &mut batch
        {
            events.truncate(1);
        }
        batch
    }
}
