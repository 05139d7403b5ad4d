//! A disk that runs full: a file that takes all its room, and gives it back.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::live::Live;
use crate::random::Random;
use crate::{Done, report};

/// How long the disk has room, in milliseconds.
const WITH: (u64, u64) = (300, 1_500);
/// How long it has none after somebody has noticed, in milliseconds, and how long that is waited for: the server has room in the files that it has made.
const WITHOUT: (u64, u64) = (50, 1_000);
const UNNOTICED: Duration = Duration::from_secs(5);
/// How long after there is room again the server has to answer: it may have to be restarted for that, and is killed besides.
const PATIENCE: Duration = Duration::from_secs(20);
/// Larger ones are not filled: nobody who names one means that.
const LARGEST: u64 = 4 << 30;

/// The room on a small disk.
pub struct Room {
    ballast: PathBuf,
    state: Mutex<State>,
    refused: AtomicU64,
    noticed: AtomicU64,
}

struct State {
    full: bool,
    changed: Instant,
    times: u32,
}

impl Room {
    /// Of the file system that a directory is on.
    pub fn of(directory: &Path) -> Done<Self> {
        let found = rustix::fs::statvfs(directory)?;
        let bytes = found.f_blocks.saturating_mul(found.f_frsize);
        if bytes > LARGEST {
            return Err(format!(
                "the file system of {} has {} MiB; to be filled it may have {} at the most, and should be nobody else's",
                directory.display(),
                bytes >> 20,
                LARGEST >> 20
            )
            .into());
        }
        let state = State { full: false, changed: Instant::now(), times: 0 };
        Ok(Self {
            ballast: directory.join("ballast"),
            state: Mutex::new(state),
            refused: AtomicU64::new(0),
            noticed: AtomicU64::new(0),
        })
    }

    /// A request was refused since there is no room.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.noticed();
    }

    /// The server has met the end of the disk.
    pub fn noticed(&self) {
        self.noticed.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were refused.
    pub fn refusals(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How often it was full.
    pub fn times(&self) -> u32 {
        self.state.lock().times
    }

    /// Whether there was a moment without room since then.
    pub fn was_full_since(&self, then: Instant) -> bool {
        let state = self.state.lock();
        state.full || state.changed >= then
    }

    /// Takes all room and gives it back, again and again until everybody stops. An error if the server does not go on where there is room.
    pub fn fill_again_and_again(&self, seed: u64, live: &Live) -> Done {
        let mut random = Random::new(seed ^ 0xF0);
        let sleep = |length: Duration, enough: &dyn Fn() -> bool| {
            let until = Instant::now() + length;
            while Instant::now() < until && !live.is_over() && !enough() {
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        let mut pause = |(least, most): (u64, u64)| {
            sleep(Duration::from_millis(least + random.below(most - least)), &|| false);
        };
        while !live.is_over() {
            pause(WITH);
            let noticed = self.noticed.load(Ordering::Relaxed);
            let taken = self.fill();
            if taken.is_ok() {
                sleep(UNNOTICED, &|| self.noticed.load(Ordering::Relaxed) > noticed);
                pause(WITHOUT);
            }
            self.free()?;
            report::say(&format!("the disk was full: {} MiB taken and given back", taken? >> 20));
            let (before, freed) = (live.total(), Instant::now());
            while live.total() == before && !live.is_over() {
                if freed.elapsed() > PATIENCE {
                    let seconds = PATIENCE.as_secs();
                    return Err(format!(
                        "the disk has room for {seconds} s, and nothing is answered"
                    )
                    .into());
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(())
    }

    /// Writes until the kernel says that there is no room, to the last block.
    fn fill(&self) -> Done<u64> {
        // Before: the first write of the server that fails may come before the last one here.
        {
            let mut state = self.state.lock();
            (state.full, state.changed) = (true, Instant::now());
            state.times += 1;
        }
        let mut file = File::create(&self.ballast)?;
        let block = vec![0x5A; 1 << 20];
        let (mut taken, mut size) = (0, block.len());
        while size >= 512 {
            match file.write(&block[..size]) {
                Ok(written) => taken += written as u64,
                Err(error) if error.kind() == ErrorKind::StorageFull => size /= 2,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(taken)
    }

    fn free(&self) -> Done {
        std::fs::remove_file(&self.ballast)?;
        let mut state = self.state.lock();
        (state.full, state.changed) = (false, Instant::now());
        Ok(())
    }
}
