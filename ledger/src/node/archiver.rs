//! Old entries on their way to the archive, and snapshots beside them.

use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use super::Node;
use crate::{
    Error, Result,
    archive::Archive,
    disk::Disk,
    log::Mark,
    snapshot,
    state::{Generation, Image},
};

/// Entries that are to be archived, and the state to write down after that, if it is time for it.
pub(super) struct Job {
    generation: Arc<Generation>,
    /// The place in the log behind them.
    mark: Mark,
    image: Option<Image>,
}

/// Who does the jobs.
pub(super) enum Archiver {
    /// The caller itself; what was done last.
    Inline { disk: Arc<dyn Disk>, archive: Arc<dyn Archive>, archived: u64 },
    /// A thread.
    Thread {
        /// What it is asked. `None` when it is to end.
        jobs: Option<mpsc::Sender<Job>>,
        /// The timestamp through which it archived, or why it could not.
        done: mpsc::Receiver<Result<u64>>,
        thread: Option<JoinHandle<()>>,
        /// Jobs that were not heard of yet.
        waiting: usize,
        archived: u64,
    },
}

impl Archiver {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        archive: Arc<dyn Archive>,
        background: bool,
    ) -> Result<Self> {
        if !background {
            return Ok(Self::Inline { disk, archive, archived: 0 });
        }
        let (jobs, asked) = mpsc::channel::<Job>();
        let (answer, done) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("ledger-archiver".into())
            .spawn(move || {
                for job in asked {
                    let result = job.run(&*disk, &*archive);
                    let failed = result.is_err();
                    // Before it is told: whoever hears of it uses the memory again.
                    drop(job);
                    // Nobody hears it: the node is gone, and what was done is done.
                    if answer.send(result).is_err() || failed {
                        return;
                    }
                }
            })
            .map_err(|e| Error::io("start a thread for", "the archive", e))?;
        Ok(Self::Thread { jobs: Some(jobs), done, thread: Some(thread), waiting: 0, archived: 0 })
    }

    /// Begins a job. One at a time is under way: a second waits for the first, and so does the caller, which bounds the memory.
    fn begin(&mut self, job: Job) -> Result<()> {
        self.finish()?;
        match self {
            Self::Inline { disk, archive, archived } => {
                *archived = job.run(&**disk, &**archive)?;
                Ok(())
            }
            Self::Thread { jobs, waiting, .. } => {
                let sent = jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
                if !sent {
                    return Err(Error::Stopped("the archiver has ended".into()));
                }
                *waiting += 1;
                Ok(())
            }
        }
    }

    /// Waits until nothing is under way.
    pub(super) fn finish(&mut self) -> Result<()> {
        while let Self::Thread { done, waiting, archived, .. } = self
            && *waiting > 0
        {
            *waiting -= 1;
            *archived = done
                .recv()
                .unwrap_or_else(|_| Err(Error::Stopped("the archiver has panicked".into())))?;
        }
        Ok(())
    }

    /// Through which timestamp entries are in the archive, as far as is known without waiting.
    fn archived(&mut self) -> Result<u64> {
        match self {
            Self::Inline { archived, .. } => Ok(*archived),
            Self::Thread { done, waiting, archived, .. } => {
                while let Ok(heard) = done.try_recv() {
                    *waiting -= 1;
                    *archived = heard?;
                }
                Ok(*archived)
            }
        }
    }
}

impl Drop for Archiver {
    fn drop(&mut self) {
        if let Self::Thread { jobs, thread, .. } = self {
            jobs.take();
            if let Some(thread) = thread.take() {
                // It has said what it had to say, or panicked: the next opening finds out.
                let _ = thread.join();
            }
        }
    }
}

impl Job {
    fn run(&self, disk: &dyn Disk, archive: &dyn Archive) -> Result<u64> {
        archive.store(self.generation.entries(), self.mark)?;
        if let Some(image) = &self.image {
            match snapshot::write(disk, self.mark, image.digest(), &mut |out| image.encode(out)) {
                // The one before is still there, and the log: opening takes longer, and nothing is lost. The next one may find room.
                Err(error) if error.is_full() => {}
                other => other?,
            }
        }
        Ok(self.mark.timestamp)
    }
}

impl Node {
    /// What is to be done now and then: the next segment, and a full generation. An error stops the node, and is told to whoever comes next.
    pub(super) fn rotate_if_full(&mut self) {
        if let Some(preparer) = &mut self.preparer
            && self.log.room() < self.options.segment_bytes / 2
        {
            preparer.prepare(self.log.segment());
        }
        self.forget_archived();
        let full = self.state.active().len() >= self.options.generation_entries;
        if full && self.stopped.is_none() {
            let begun = self.begin_checkpoint(false);
            if self.keep(begun).is_ok() {
                self.forget_archived();
            }
        }
    }

    /// Begins to archive the active generation. A snapshot costs what there are accounts: it is written when there were four times as many entries
    /// since the last, or when it is `asked` for.
    pub(super) fn begin_checkpoint(&mut self, asked: bool) -> Result<()> {
        // The job before is waited for first, and what it archived forgotten: two generations are in memory at the most, and the second takes the place of the first.
        self.archiver.finish()?;
        self.forget_archived();
        self.since_snapshot += self.state.active().len();
        let worth = self.state.accounts().len().saturating_mul(4);
        let image = if asked || self.since_snapshot >= worth {
            if self.options.check {
                self.state.check()?;
            }
            self.since_snapshot = 0;
            Some(self.state.image())
        } else {
            None
        };
        let job = Job { generation: self.state.freeze(), mark: self.log.tail(), image };
        self.archiver.begin(job)
    }

    /// Drops from memory what the archive has.
    pub(super) fn forget_archived(&mut self) {
        // It tells of an error once: whoever hears it keeps it, and the next call is refused.
        let heard = self.archiver.archived();
        if let Ok(timestamp) = self.keep(heard) {
            self.state.forget(timestamp);
        }
    }
}
