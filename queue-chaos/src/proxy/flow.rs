//! One direction of a connection: what has been read passes the toxics one after the other, and is written.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use super::rule::{Active, Way};
use super::stage::{Chunk, End, Gone, Pulled, Stage};

/// Bytes that wait to be written, before no more are read.
const WAITING: usize = 256 * 1024;

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Flow {
    way: Way,
    stages: Vec<Stage>,
    /// What has passed all of them.
    out: VecDeque<Chunk>,
    /// What that costs.
    out_cost: usize,
    end: Option<End>,
    /// Whether the sender has not ended.
    reading: bool,
    /// Whether nothing will be written any more.
    over: bool,
    /// Whether what is read is of no use: nobody can get it.
    discarding: bool,
    /// Bytes that were written.
    written: u64,
}

/// What has become of a flow.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It goes on, at that time at the latest.
    On(Option<Instant>),
    /// The connection is to be reset.
    Reset,
}

/// What came of writing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// All there was, or as much as the receiver takes.
    Some(usize),
    /// The receiver is gone.
    Broken,
    /// The end was passed on: nothing more comes.
    Finished,
    /// The end was a reset.
    Reset,
    /// As much as a limit allows.
    Limit,
}

impl Flow {
    pub(super) fn new(way: Way) -> Self {
        Self {
            way,
            stages: Vec::new(),
            out: VecDeque::new(),
            out_cost: 0,
            end: None,
            reading: true,
            over: false,
            discarding: false,
            written: 0,
        }
    }

    /// Puts the toxics of these rules to work, which are in their order; what is in toxics that are not among them any more moves on.
    pub(super) fn adapt(
        &mut self,
        rules: &[&Arc<Active>],
        seed: u64,
        connection: u64,
        now: Instant,
    ) -> Result<(), Gone> {
        if self.discarding {
            return Ok(());
        }
        let way = self.way;
        let stage = |rule: &Arc<Active>| Stage::new(Arc::clone(rule), way, seed, connection, now);
        let mut rules = rules.to_vec();
        // From the last one: what is behind is written later.
        let mut stages: VecDeque<Stage> = VecDeque::new();
        for old in std::mem::take(&mut self.stages).into_iter().rev() {
            while let Some(new) = rules.pop_if(|rule| rule.id > old.id()) {
                stages.push_front(stage(new));
            }
            if rules.pop_if(|rule| rule.id == old.id()).is_some() {
                stages.push_front(old);
                continue;
            }
            let (chunks, end) = old.dissolve()?;
            for chunk in chunks {
                self.pass(stages.front_mut(), chunk, now);
            }
            match (end, stages.front_mut()) {
                (None, _) => {}
                (Some(end), Some(next)) => next.push_end(end, now),
                (Some(end), None) => self.end = Some(end),
            }
        }
        self.stages = rules.into_iter().map(stage).chain(stages).collect();
        Ok(())
    }

    /// The narrowest bandwidth that it is under.
    pub(super) fn bandwidth(&self) -> Option<u64> {
        self.stages.iter().filter_map(Stage::bandwidth).min()
    }

    /// How many bytes are to be read now.
    pub(super) fn room(&self) -> usize {
        match self.stages.first() {
            _ if !self.reading => 0,
            _ if self.discarding => WAITING,
            Some(stage) => stage.room(),
            None if self.out.is_empty() => WAITING,
            None => 0,
        }
    }

    /// Takes what was read. Without toxics it is written at once, from where it is.
    pub(super) fn read(&mut self, bytes: &[u8], to: &TcpStream, now: Instant) -> Written {
        if self.discarding {
            return Written::Some(0);
        }
        if let Some(stage) = self.stages.first_mut() {
            stage.push(Chunk::new(bytes), now);
            return Written::Some(0);
        }
        let written = match self.out.is_empty() {
            true => write(to, bytes),
            false => Ok(0),
        };
        let Ok(written) = written else { return Written::Broken };
        self.written += written as u64;
        if written < bytes.len() {
            self.pass(None, Chunk::new(&bytes[written..]), now);
        }
        Written::Some(written)
    }

    /// The sender has ended.
    pub(super) fn read_end(&mut self, end: End, now: Instant) {
        self.reading = false;
        if self.discarding {
            self.over = true;
            return;
        }
        match self.stages.first_mut() {
            Some(stage) => stage.push_end(end, now),
            None => self.end = Some(end),
        }
    }

    fn pass(&mut self, to: Option<&mut Stage>, chunk: Chunk, now: Instant) {
        match to {
            Some(stage) => stage.push(chunk, now),
            None => {
                self.out_cost += chunk.cost();
                self.out.push_back(chunk);
            }
        }
    }

    /// Moves on what may move now.
    pub(super) fn advance(&mut self, now: Instant) -> Turn {
        let mut next = self.stages.iter().filter_map(Stage::reset_at).min();
        if next.is_some_and(|at| at <= now) {
            return Turn::Reset;
        }
        let mut stages = std::mem::take(&mut self.stages);
        loop {
            let mut moved = false;
            for at in 0..stages.len() {
                let (before, behind) = stages.split_at_mut(at + 1);
                let Some(stage) = before.last_mut() else { break };
                loop {
                    let room =
                        behind.first().map_or(WAITING.saturating_sub(self.out_cost), Stage::room);
                    if room == 0 {
                        break;
                    }
                    match stage.pull(now) {
                        Pulled::Chunk(chunk) => self.pass(behind.first_mut(), chunk, now),
                        Pulled::End(end) => match behind.first_mut() {
                            Some(stage) => stage.push_end(end, now),
                            None => self.end = Some(end),
                        },
                        Pulled::At(at) => {
                            next = Some(next.map_or(at, |next| next.min(at)));
                            break;
                        }
                        Pulled::Nothing => break,
                    }
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        self.stages = stages;
        Turn::On(next)
    }

    /// Whether something waits for the receiver.
    pub(super) fn has_output(&self) -> bool {
        !self.out.is_empty() || (self.end.is_some() && !self.over)
    }

    /// Writes what has passed, until the receiver takes no more. A chunk is a call: slices stay slices.
    pub(super) fn write(&mut self, to: &TcpStream) -> Written {
        let mut sum = 0;
        while let Some(chunk) = self.out.front_mut() {
            let Ok(written) = write(to, chunk.bytes()) else { return Written::Broken };
            sum += written;
            self.written += written as u64;
            if written < chunk.len() {
                self.out_cost -= written;
                chunk.advance(written);
                return Written::Some(sum);
            }
            self.out_cost -= chunk.cost();
            self.out.pop_front();
        }
        match self.end {
            None => Written::Some(sum),
            _ if self.over => Written::Some(sum),
            Some(End::Reset) => Written::Reset,
            Some(End::Limit) => Written::Limit,
            Some(End::Finished) => {
                self.over = true;
                // Whoever is gone needs not be told.
                let _ = to.shutdown(Shutdown::Write);
                Written::Finished
            }
        }
    }

    /// Nobody gets what comes from now on: it is read only to see the end.
    pub(super) fn discard(&mut self) {
        self.discarding = true;
        self.stages.clear();
        self.out.clear();
        self.out_cost = 0;
        self.end = None;
        self.over |= !self.reading;
    }

    /// The end that is still to be passed on is none that was meant.
    pub(super) fn spoil(&mut self) {
        if self.end == Some(End::Finished) {
            self.end = Some(End::Reset);
        }
        self.stages.iter_mut().for_each(Stage::spoil);
    }

    /// Whether nothing will ever be written any more.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Whether nothing will be written unless rules change.
    pub(super) fn is_silent(&self) -> bool {
        self.over || (!self.reading && self.stages.iter().any(Stage::swallowed_end))
    }

    /// Bytes that were written since this was asked the last time.
    pub(super) fn take_written(&mut self) -> u64 {
        std::mem::take(&mut self.written)
    }
}

/// Writes some; nothing if the receiver takes nothing now.
fn write(mut to: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match to.write(bytes) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            other => return other,
        }
    }
}
