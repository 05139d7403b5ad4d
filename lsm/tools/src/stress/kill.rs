//! A writing process that is killed, over and over, on one directory. What it acknowledged must be there; beyond that at
//! most the one operation a thread that was under way, whole or not at all; and nothing else.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use lsm::Durability;

use super::{
    Failure, Plan, Report,
    maintenance::sound,
    workload::{Number, Subject, key, lives_in, slots_of, value},
};
use crate::random::Random;

/// Bytes of an acknowledgement: thread and number. Smaller than `PIPE_BUF`, so a kill never leaves half of one.
const ACKNOWLEDGEMENT: usize = 16;

/// The child: writes until it is killed, and says on standard output what was acknowledged. `first` has the number of
/// each thread's first operation.
///
/// # Errors
/// Whatever a write fails with.
pub fn write_until_killed(plan: &Plan, round: u64, first: &[Number]) -> Result<(), Failure> {
    let subject = Subject::open(plan, round, false)?;
    let output = Mutex::new(std::io::stdout());
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..)
            .zip(first)
            .map(|(thread, first)| {
                let (subject, output) = (&subject, &output);
                scope.spawn(move || write_on(plan, subject, thread, *first, output))
            })
            .collect();
        // They return only with an error.
        writers.into_iter().try_for_each(|writer| {
            writer.join().unwrap_or_else(|_| {
                Err(Failure::Mismatch("a writing thread panicked; its message is above".to_owned()))
            })
        })
    })
}

fn write_on(
    plan: &Plan,
    subject: &Subject,
    thread: u64,
    first: Number,
    output: &Mutex<std::io::Stdout>,
) -> Result<(), Failure> {
    let mut random = Random::new(&[plan.seed, 5, thread, first]);
    for number in first.. {
        let durability = if random.one_in(64) { Durability::Sync } else { Durability::Buffered };
        subject.apply(plan, thread, number, durability)?;
        let mut message = [0; ACKNOWLEDGEMENT];
        message[..8].copy_from_slice(&thread.to_le_bytes());
        message[8..].copy_from_slice(&number.to_le_bytes());
        {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.write_all(&message)?;
            output.flush()?;
        }
        if random.one_in(3000) {
            subject.db.flush()?;
        }
        if random.one_in(6000) {
            subject.keyspaces[usize::from(random.one_in(2))].compact::<&[u8]>(..)?;
        }
    }
    Ok(())
}

/// What must be in the database, as the parent knows it.
struct Known {
    /// For each thread, the number of its next operation.
    next: Vec<Number>,
    /// For each slot, the last operation that wrote it.
    slots: Vec<Number>,
}

/// Starts `child`'s command again and again, kills it each time, and checks what it left.
///
/// # Errors
/// The first mismatch.
pub fn run(
    plan: &Plan,
    command: impl Fn(u64, &[Number]) -> Command,
    mut progress: impl FnMut(&Report),
) -> Result<Report, Failure> {
    let mut known = Known {
        next: vec![1; usize::try_from(plan.threads).unwrap_or(1)],
        slots: vec![0; usize::try_from(plan.threads * plan.slots).unwrap_or(0)],
    };
    let mut random = Random::new(&[plan.seed, 6]);
    let mut report = Report::default();
    let deadline = Instant::now() + plan.duration;
    while report.rounds == 0 || Instant::now() < deadline {
        let child = command(report.rounds, &known.next).stdout(Stdio::piped()).spawn()?;
        // Some are killed while they open, most while they write.
        let patience = if random.one_in(4) { Patience::Opening } else { Patience::Writing };
        let life = Duration::from_micros(match patience {
            Patience::Opening => random.below(30_000),
            Patience::Writing => 1000 + random.below(400_000),
        });
        let last = kill_later(child, plan.threads, patience, life)?;
        for (thread, last) in (0..).zip(&last) {
            known.advance(plan, thread, *last, &mut report);
        }
        report.rounds += 1;
        known.check(plan, &mut report).map_err(|failure| match failure {
            Failure::Mismatch(what) => {
                Failure::Mismatch(format!("after kill {}: {what}", report.rounds))
            }
            broken @ Failure::Broken(_) => broken,
        })?;
        progress(&report);
    }
    Ok(report)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// The child's life is counted from its start.
    Opening,
    /// From its first acknowledgement.
    Writing,
}

/// Lets the child live for a while, kills it, and returns the last number that each thread acknowledged; 0 for none.
fn kill_later(
    mut child: Child,
    threads: u64,
    patience: Patience,
    life: Duration,
) -> Result<Vec<Number>, Failure> {
    let output = child
        .stdout
        .take()
        .ok_or("the child has no standard output")
        .map_err(|fault| Failure::Broken(fault.into()))?;
    let (sender, heard) = mpsc::channel();
    let reader = std::thread::spawn(move || listen(output, threads, &sender));
    if patience == Patience::Writing {
        // No wait for ever: a child that hangs at opening is killed too, and its state checked.
        let _ = heard.recv_timeout(Duration::from_secs(60));
    }
    std::thread::sleep(life);
    let ended = child.try_wait()?;
    child.kill()?;
    child.wait()?;
    let last = reader.join().map_err(|_| Failure::Broken("the listener panicked".into()))?;
    match ended {
        Some(status) => Err(Failure::Mismatch(format!(
            "the writing process ended by itself, {status}; its error is above"
        ))),
        None => last,
    }
}

fn listen(
    mut output: ChildStdout,
    threads: u64,
    first_heard: &mpsc::Sender<()>,
) -> Result<Vec<Number>, Failure> {
    let mut last = vec![0; usize::try_from(threads).unwrap_or(1)];
    let mut message = [0; ACKNOWLEDGEMENT];
    while output.read_exact(&mut message).is_ok() {
        let (thread, number) = message.split_at(8);
        let word = |bytes: &[u8]| bytes.try_into().map_or(u64::MAX, u64::from_le_bytes);
        let thread = usize::try_from(word(thread)).unwrap_or(usize::MAX);
        match last.get_mut(thread) {
            Some(last) => *last = word(number),
            None => {
                return Err(Failure::Broken(format!("acknowledgement of thread {thread}").into()));
            }
        }
        let _ = first_heard.send(());
    }
    Ok(last)
}

impl Known {
    /// The thread's operations up to `last` were acknowledged.
    fn advance(&mut self, plan: &Plan, thread: u64, last: Number, report: &mut Report) {
        let next = &mut self.next[usize::try_from(thread).unwrap_or(0)];
        while *next <= last {
            for slot in slots_of(plan, thread, *next) {
                self.slots[usize::try_from(slot).unwrap_or(0)] = *next;
            }
            *next += 1;
            report.writes += 1;
        }
    }

    /// Opens what the killed process left, and compares all of it.
    fn check(&mut self, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
        // Every second time without writing, so that the next process recovers by itself. A process that was killed
        // before it had made the database and its keyspaces leaves nothing to read without writing.
        let started = self.next.iter().any(|next| *next > 1);
        let read_only = started && report.rounds.is_multiple_of(2);
        let subject = Subject::open(plan, 1000 + report.rounds, read_only)?;
        for thread in 0..plan.threads {
            let number = self.next[usize::try_from(thread).unwrap_or(0)];
            let under_way = slots_of(plan, thread, number);
            let acknowledged = self.differs(plan, &subject, thread, None, report)?;
            let Some(difference) = acknowledged else { continue };
            if let Some(other) =
                self.differs(plan, &subject, thread, Some((number, &under_way)), report)?
            {
                return Err(Failure::Mismatch(format!(
                    "thread {thread}, of which {} operations were acknowledged: {difference}; nor is it the state one \
                     operation later: {other}",
                    number - 1
                )));
            }
            self.advance(plan, thread, number, report);
        }
        if !read_only {
            sound(&subject)?;
        }
        Ok(())
    }

    /// How the database differs from what the thread's acknowledged operations leave (and the one under way, if given).
    fn differs(
        &self,
        plan: &Plan,
        subject: &Subject,
        thread: u64,
        under_way: Option<(Number, &[u64])>,
        report: &mut Report,
    ) -> Result<Option<String>, Failure> {
        for index in 0..plan.slots {
            let slot = index * plan.threads + thread;
            let number = match under_way {
                Some((number, slots)) if slots.contains(&slot) => number,
                _ => self.slots[usize::try_from(slot).unwrap_or(0)],
            };
            let expected = value(plan, slot, number);
            for (keyspace_index, keyspace) in subject.keyspaces.iter().enumerate() {
                let expected = expected.as_deref().filter(|_| lives_in(slot, keyspace_index));
                let found = keyspace.get(&key(slot))?;
                report.checks += 1;
                if found.as_deref() != expected {
                    return Ok(Some(format!(
                        "slot {slot} in {:?} holds {}, expected {}",
                        keyspace.name(),
                        describe(found.as_deref()),
                        describe(expected)
                    )));
                }
            }
        }
        Ok(None)
    }
}

fn describe(value: Option<&[u8]>) -> String {
    match value.map(|value| (value, value.get(8..16).and_then(|bytes| bytes.try_into().ok()))) {
        None => "nothing".to_owned(),
        Some((value, None)) => format!("{} bytes of nobody", value.len()),
        Some((value, Some(number))) => {
            format!("{} bytes of operation {}", value.len(), u64::from_le_bytes(number))
        }
    }
}
