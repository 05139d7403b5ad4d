//! Writes a history while it happens.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::format::{LONGEST_LINE, LONGEST_LIST, write_line, write_steps};
use super::series::together;
use super::{Run, Sink, Step, What};
use crate::id::ProducerId;
use crate::{Error, Result};

/// Bytes that go to the file at once.
const CHUNK: usize = 256 << 10;
/// Chunks that wait for the file before recorders do.
const WAITING: usize = 16;
/// After this time at most an event is given to the system, so that a history can be followed, and says most when the process is killed.
const LINGER: Duration = Duration::from_millis(200);

/// Writes a history to a file, by a thread of its own.
///
/// Recorders ([`sink`](Self::sink)) leave finished lines in memory: at most some 5 MB, then they wait for the file. No event is ever dropped,
/// unless the file cannot be written: then all that come are, nobody waits, and [`finish`](Self::finish) says why. A recorder takes well under a microsecond
/// while the file keeps up.
///
/// ```
/// use queue_chaos::history::{Reader, Run, Writer, What};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("history.jsonl");
/// let run = Run { version: queue_chaos::history::VERSION, name: "a note".into(), seed: 0, cluster: "embedded".into(), started: 0, topics: vec![], partitions: vec![] };
/// let writer = Writer::create(&path, run)?;
/// let sink = writer.sink();
/// sink.record(sink.now(), What::Note { text: "hello".into() });
/// assert_eq!(writer.finish()?, 2);
///
/// let events = Reader::open(&path)?.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(events[1].what, What::Note { text: "hello".into() });
/// assert_eq!(events[2].what, What::End { events: 2 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Creates the file, or empties the one that is there, and writes the first line. The run begins now.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn create(path: &Path, run: Run) -> Result<Self> {
        let file = |source| Error::File { path: path.to_path_buf(), source };
        let out = File::create(path).map_err(file)?;
        let queue = Arc::new(Queue {
            began: Instant::now(),
            state: Mutex::new(State { current: Vec::with_capacity(CHUNK), ..State::default() }),
            work: Condvar::new(),
            room: Condvar::new(),
        });
        queue.record(0, What::Run(run));
        let thread = std::thread::Builder::new()
            .name("history".into())
            .spawn({
                let queue = Arc::clone(&queue);
                move || queue.write_to(out)
            })
            .map_err(file)?;
        Ok(Self { path: path.to_path_buf(), queue, thread: Some(thread) })
    }

    /// Takes events for this history, from any number of threads. It may be kept longer than the writer; what it takes after [`finish`](Self::finish) is not
    /// written.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn Sink> {
        Arc::clone(&self.queue) as Arc<dyn Sink>
    }

    /// Writes the last line, and waits until all is on the disk. Returns the number of events before the last.
    ///
    /// # Errors
    /// [`Error::File`], if anything could not be written since the history began: the file is whole up to some line then, and has no
    /// [`What::End`]. Also if an event was not fit to be read again: longer than 1 MiB, or with a number that JSON has not (NaN); the rest is there then.
    pub fn finish(mut self) -> Result<u64> {
        let events = self.queue.close(true);
        self.join();
        let mut state = self.queue.lock();
        match state.failed.take().or(state.refused.take()) {
            Some(source) => Err(Error::File { path: self.path.clone(), source }),
            None => Ok(events),
        }
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            self.queue.lock().failed.get_or_insert_with(|| io::Error::other("its thread panicked"));
        }
    }
}

/// A writer that is not finished leaves a history that is whole but for its last line.
impl Drop for Writer {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.queue.close(false);
            self.join();
        }
    }
}

/// What recorders and the thread share.
#[derive(Debug)]
struct Queue {
    began: Instant,
    state: Mutex<State>,
    /// There is something to be written.
    work: Condvar,
    /// There is room again, or nobody needs it any more.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Lines that are being gathered.
    current: Vec<u8>,
    /// Chunks that wait, oldest first.
    full: VecDeque<Vec<u8>>,
    /// Chunks to be used again.
    free: Vec<Vec<u8>>,
    /// Events taken.
    events: u64,
    /// Nothing more is taken.
    closed: bool,
    /// Why the file cannot be written.
    failed: Option<io::Error>,
    /// Whether it has failed; stays when the reason is taken.
    broken: bool,
    /// Why an event was not taken.
    refused: Option<io::Error>,
}

impl Sink for Queue {
    fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    fn record(&self, at: u64, what: What) {
        self.write(|lines| self.line(at, &what, lines));
    }

    fn record_steps(&self, producer: ProducerId, steps: &mut Vec<Step>) {
        self.write(|lines| {
            let mut rest = &steps[..];
            while !rest.is_empty() {
                let (these, others) = rest.split_at(together(rest));
                // They are numbers: they always have a text.
                let _ = write_steps(producer, these, &mut lines.bytes);
                self.end_line(lines, these.len() as u64);
                rest = others;
            }
            steps.clear();
        });
    }
}

/// Finished lines that wait to be taken together.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Events in them.
    count: u64,
}

/// Whether an event can be read again. JSON has no word for NaN and infinities.
fn check(what: &What) -> io::Result<()> {
    let What::Sample(it) = what else { return Ok(()) };
    if [it.sent, it.acked, it.read, it.lag_seconds].iter().all(|it| it.is_finite()) {
        return Ok(());
    }
    let what = format!("a sample with a number that JSON has not: {it:?}");
    Err(io::Error::new(io::ErrorKind::InvalidData, what))
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines are made outside the lock; in memory that a thread keeps.
    fn write(&self, make: impl FnOnce(&mut Lines)) {
        thread_local! {
            static LINES: RefCell<Lines> = const { RefCell::new(Lines { bytes: Vec::new(), count: 0 }) };
        }
        LINES.with_borrow_mut(|lines| {
            make(lines);
            self.take_all(lines);
            if lines.bytes.capacity() > 2 * CHUNK {
                lines.bytes = Vec::new();
            }
        });
    }

    /// Makes an event's line, or more of a long poll.
    fn line(&self, at: u64, what: &What, lines: &mut Lines) {
        if let What::Poll { c, to, r } = what
            && r.len() > LONGEST_LIST
        {
            for r in r.chunks(LONGEST_LIST) {
                self.line(at, &What::Poll { c: *c, to: *to, r: r.to_vec() }, lines);
            }
            return;
        }
        let begin = lines.bytes.len();
        let made = check(what).and_then(|()| Ok(write_line(at, what, &mut lines.bytes)?));
        let long = lines.bytes.len() - begin;
        match made {
            Ok(()) if long < LONGEST_LINE => {
                self.end_line(lines, 1);
                return;
            }
            Ok(()) => self.refuse(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("an event of {long} bytes at {at} us; readers take 1 MiB"),
            )),
            Err(error) => self.refuse(error),
        }
        lines.bytes.truncate(begin);
    }

    fn end_line(&self, lines: &mut Lines, events: u64) {
        lines.bytes.push(b'\n');
        lines.count += events;
        if lines.bytes.len() >= CHUNK / 4 {
            self.take_all(lines);
        }
    }

    fn take_all(&self, lines: &mut Lines) {
        if lines.count > 0 {
            self.take(&lines.bytes, lines.count);
            lines.bytes.clear();
            lines.count = 0;
        }
    }

    fn refuse(&self, why: io::Error) {
        self.lock().refused.get_or_insert(why);
    }

    /// Takes lines, when there is room for them.
    fn take(&self, lines: &[u8], count: u64) {
        let mut state = self.lock();
        loop {
            if state.closed || state.broken {
                return;
            }
            if state.current.is_empty() || state.current.len() + lines.len() <= CHUNK {
                state.current.extend_from_slice(lines);
                state.events += count;
                return;
            }
            if state.full.len() < WAITING {
                let next = state.free.pop().unwrap_or_else(|| Vec::with_capacity(CHUNK));
                let full = std::mem::replace(&mut state.current, next);
                state.full.push_back(full);
                self.work.notify_one();
            } else {
                state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Takes nothing more. With an end, the last line is added.
    fn close(&self, end: bool) -> u64 {
        let at = self.now();
        let mut state = self.lock();
        let events = state.events;
        if end && !state.closed && !state.broken {
            // An end is two numbers: it always has a text.
            let _ = write_line(at, &What::End { events }, &mut state.current);
            state.current.push(b'\n');
        }
        state.closed = true;
        self.work.notify_one();
        self.room.notify_all();
        events
    }

    /// The thread: writes what comes, until it is closed or the file fails.
    fn write_to(&self, mut out: File) {
        let written = loop {
            let Some(mut chunk) = self.next() else { break sync(&out) };
            if let Err(error) = out.write_all(&chunk) {
                break Err(error);
            }
            if chunk.capacity() <= 2 * CHUNK {
                chunk.clear();
                self.lock().free.push(chunk);
            }
            self.room.notify_all();
        };
        if let Err(error) = written {
            let mut state = self.lock();
            state.failed = Some(error);
            state.broken = true;
            state.current = Vec::new();
            state.full.clear();
            state.free.clear();
            self.room.notify_all();
        }
    }

    /// What is to be written next; nothing when all is.
    fn next(&self) -> Option<Vec<u8>> {
        let mut state = self.lock();
        let mut idle = false;
        loop {
            if let Some(chunk) = state.full.pop_front() {
                return Some(chunk);
            }
            if (idle || state.closed) && !state.current.is_empty() {
                let next = state.free.pop().unwrap_or_default();
                return Some(std::mem::replace(&mut state.current, next));
            }
            if state.closed {
                return None;
            }
            let waited = self.work.wait_timeout(state, LINGER);
            let (next, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = next;
            idle = timeout.timed_out();
        }
    }
}

/// All on the disk, where there is one: a pipe has none, and says so.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}
