//! Ledgers with a defect each: what the simulator must find. A simulator that never fails proves nothing.

mod answers;
mod disks;

use std::sync::Arc;

use ledger::{Node, NodeOptions, Recovery, Result, disk::Disk};

use crate::world::{Opener, SimArchive, SimDisk, System};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Defect {
    /// Files are not synced.
    ForgetsToSync,
    /// An error of a sync is taken for success.
    IgnoresSyncErrors,
    /// The last record of the log is cut off at opening, durable or not.
    CutsDurableRecords,
    /// A log that is damaged in the middle is cut off there.
    CutsAtDamage,
    /// What goes to the archive is lost.
    ForgetsTheArchive,
    /// A repeated transfer is answered with the balances of today, not those of the first time.
    AnswersWithToday,
    /// A repeated transfer happens again.
    HappensTwice,
    /// A refusal that is found again is answered as one of today.
    RefusesAnew,
    /// Two answers of a group are taken for each other.
    MixesAnswersUp,
    /// The clock stands still.
    ClockStandsStill,
    /// Of a group that was committed only the first batch is.
    LosesBatches,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ForgetsToSync,
        Self::IgnoresSyncErrors,
        Self::CutsDurableRecords,
        Self::CutsAtDamage,
        Self::ForgetsTheArchive,
        Self::AnswersWithToday,
        Self::HappensTwice,
        Self::RefusesAnew,
        Self::MixesAnswersUp,
        Self::ClockStandsStill,
        Self::LosesBatches,
    ];
}

/// A ledger with this defect.
#[derive(Debug, Clone, Copy)]
pub struct Broken(pub Defect);

impl Opener for Broken {
    fn open(
        &self,
        disk: &SimDisk,
        archive: &SimArchive,
        options: NodeOptions,
    ) -> Result<(Box<dyn System>, Recovery)> {
        let defect = self.0;
        let shared: Arc<dyn Disk> = match defect {
            Defect::ForgetsToSync => disks::without_sync(disk.clone()),
            Defect::IgnoresSyncErrors => disks::without_sync_errors(disk.clone()),
            _ => Arc::new(disk.clone()),
        };
        if defect == Defect::CutsDurableRecords {
            disks::cut_last_record(disk);
        }
        let shared_archive: Arc<dyn ledger::archive::Archive> = match defect {
            Defect::ForgetsTheArchive => Arc::new(answers::Sieve(archive.clone())),
            _ => Arc::new(archive.clone()),
        };
        let open = || Node::open(Arc::clone(&shared), Arc::clone(&shared_archive), options.clone());
        let (node, recovery) = match open() {
            Err(ledger::Error::Corruption { path, offset, .. })
                if defect == Defect::CutsAtDamage =>
            {
                disks::cut_at(disk, &path, offset);
                open()?
            }
            other => other?,
        };
        Ok((Box::new(answers::Faulty::new(node, defect)), recovery))
    }
}
