//! What goes wrong, and how often.

use crate::{
    plan::{Failing, Step},
    random::Random,
};

/// Which faults a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// None but clocks that jump and answers that get lost.
    Calm,
    /// Crashes, at any moment.
    Crashes,
    /// Crashes, errors of the device, and a disk that fills.
    Device,
    /// Crashes, bits that flip, and writes that go astray.
    Damage,
    /// All of them.
    Everything,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Calm, Self::Crashes, Self::Device, Self::Damage, Self::Everything];

    pub(super) fn of(random: &mut Random) -> Self {
        *random.one_of(&Self::ALL).unwrap_or(&Self::Everything)
    }

    /// Of a hundred steps, how many are faults.
    pub(super) fn percent(self) -> u64 {
        match self {
            Self::Calm => 0,
            Self::Crashes | Self::Device | Self::Damage => 7,
            Self::Everything => 12,
        }
    }

    /// A fault.
    pub(super) fn step(self, random: &mut Random) -> Option<Step> {
        let fate = random.bits();
        // Restart, kill, power, power within; fails, full, space; rot, astray.
        let weights = match self {
            Self::Calm => return None,
            Self::Crashes => [2, 2, 3, 8, 0, 0, 0, 0, 0],
            Self::Device => [1, 1, 1, 3, 6, 2, 4, 0, 0],
            Self::Damage => [1, 1, 1, 2, 0, 0, 0, 5, 3],
            Self::Everything => [1, 1, 1, 5, 5, 1, 3, 2, 1],
        };
        Some(match random.weighted(&weights) {
            0 => Step::Restart,
            1 => Step::Kill,
            2 => Step::PowerFailure { fate },
            3 => {
                let bound = if random.percent(70) { 8 } else { 60 };
                let operations = random.below(bound) as u32;
                Step::PowerFailureIn { operations, fate }
            }
            4 => Step::Fails {
                what: *random.one_of(&Failing::ALL).unwrap_or(&Failing::Sync),
                after: random.below(4) as u32,
            },
            5 => Step::Full { room: random.below(1 << 16) as u32 },
            6 => Step::Space,
            7 => Step::Rot { fate },
            _ => Step::Astray { after: random.below(4) as u32, fate },
        })
    }
}
