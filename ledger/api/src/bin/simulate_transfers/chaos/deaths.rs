//! The server's deaths: by `SIGKILL` at random moments, and by itself where its disk was full.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::child::Child;
use super::room::Room;
use crate::arguments::Arguments;
use crate::live::Live;
use crate::random::Random;
use crate::{Done, report};

/// How long the server lives between two kills, in milliseconds.
const LIVES: (u64, u64) = (200, 1_800);

/// How often it died, and how long each new start took.
#[derive(Default)]
pub struct Deaths {
    /// By `SIGKILL`.
    pub kills: u32,
    /// By itself: an error of a full disk stopped it.
    pub full: u32,
    /// Starts that a full disk did not allow.
    pub refused_starts: u32,
    /// From each start until it listened.
    pub restarts: Vec<Duration>,
}

impl Deaths {
    /// Half of all new starts took no longer.
    pub fn median_restart(&self) -> Duration {
        let mut all = self.restarts.clone();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    }

    /// Kills the server at random until the time is over, the transfers are sent, or the workers are gone.
    pub fn again_and_again(
        &mut self,
        arguments: &Arguments,
        child: &mut Child,
        live: &Live,
        room: Option<&Room>,
        finished: &dyn Fn() -> bool,
    ) -> Done {
        let mut random = Random::new(arguments.seed);
        let begun = Instant::now();
        let length = arguments.length();
        // Before the start: what it does then may meet a full disk, and be told of later.
        let mut started = begun;
        loop {
            let enough = length.is_none_or(|it| begun.elapsed() >= it);
            let sent = length.is_some() || finished();
            if finished() || (enough && sent && self.kills + 1 >= arguments.kills) {
                return Ok(());
            }
            let (least, most) = LIVES;
            let (born, lives) =
                (Instant::now(), Duration::from_millis(least + random.below(most - least)));
            let mut ended = None;
            while born.elapsed() < lives && !finished() && ended.is_none() {
                std::thread::sleep(Duration::from_millis(5));
                ended = child.ended()?;
            }
            let how = match ended {
                Some(status) => {
                    self.died(status, room.filter(|it| it.was_full_since(started)))?;
                    "ended by itself, its disk was full,"
                }
                None => {
                    child.kill()?;
                    self.kills += 1;
                    "killed"
                }
            };
            let (lived, total) = (born.elapsed().as_millis(), live.total());
            started = Instant::now();
            let took = self.restart(child, room)?;
            report::say(&format!(
                "{how} after {lived} ms, {total} transfers answered so far; listens again after {} ms",
                took.as_millis()
            ));
        }
    }

    /// Where the disk was full the server may say so and end; it may not be killed by a signal, or panic.
    fn died(&mut self, status: ExitStatus, full: Option<&Room>) -> Done {
        let Some(room) = full.filter(|_| status.code() == Some(1)) else {
            return Err(format!("the server ended by itself: {status}").into());
        };
        room.noticed();
        self.full += 1;
        Ok(())
    }

    /// Starts it again, as soon as the disk has room for that.
    pub fn restart(&mut self, child: &mut Child, room: Option<&Room>) -> Done<Duration> {
        loop {
            let begun = Instant::now();
            match child.restart() {
                Ok(()) => {
                    self.restarts.push(begun.elapsed());
                    return Ok(begun.elapsed());
                }
                Err(_) if let Some(room) = room.filter(|it| it.was_full_since(begun)) => {
                    room.noticed();
                    self.refused_starts += 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error),
            }
        }
    }
}
