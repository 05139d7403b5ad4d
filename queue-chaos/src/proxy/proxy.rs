//! The proxy itself: its listener, its rules, and the list of its connections.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rustix::event::PollFlags;

use super::Toxic;
use super::client::ClientId;
use super::connection::{Connection, Outcome, abort_on_close, serve};
use super::rule::{Active, Rule, RuleId};
use super::wake::Waker;
use crate::{Error, Result};

/// What a proxy is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many connections it has at most: further ones are refused, and counted. Each is a thread, with a buffer of 128 KiB.
    pub connections: usize,
    /// What random choices come from: jitter, sizes of slices, which connections a fraction means.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 1024, seed: 0 }
    }
}

/// What a proxy has done so far. Bytes are counted a moment after they were delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Connections that are open.
    pub open: usize,
    /// Connections that came, with those that were not let in.
    pub total: u64,
    /// Those that were not let in: there were too many, or a partition.
    pub refused: u64,
    /// Those that ended because nobody answered where they were to go.
    pub unreachable: u64,
    /// Those that were reset by a toxic, or because one was taken away that had swallowed bytes.
    pub reset: u64,
    /// Bytes that were delivered from clients.
    pub bytes_up: u64,
    /// Bytes that were delivered to clients.
    pub bytes_down: u64,
}

/// An open connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenConnection {
    /// Counted from 0, in the order in which they came.
    pub id: u64,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// Who it said it is, in its first Kafka request.
    pub client: Option<ClientId>,
    /// Bytes that were delivered from the client.
    pub bytes_up: u64,
    /// Bytes that were delivered to the client.
    pub bytes_down: u64,
}

/// A TCP proxy on the loopback interface, with [rules](Rule) that change while connections are open.
///
/// Dropping it closes all connections; when that returns, its port is free and its threads have ended.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    local: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

/// What the threads of a proxy share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    upstream: Mutex<SocketAddr>,
    rules: Mutex<Rules>,
    /// That of the rules, to look at between two chunks.
    pub(super) generation: AtomicU64,
    stopped: AtomicBool,
    /// Of the thread that listens.
    waker: Waker,
    list: Mutex<List>,
    /// Called when a connection has ended.
    ended: Condvar,
}

#[derive(Debug)]
struct Rules {
    /// Goes up with each change. A rule's number is that of the generation which it began.
    generation: u64,
    active: Arc<[Arc<Active>]>,
}

#[derive(Debug, Default)]
struct List {
    open: BTreeMap<u64, Arc<Connection>>,
    /// Those whose threads can be joined.
    finished: Vec<u64>,
    /// Of all connections that are not open any more.
    past: Statistics,
}

impl Shared {
    pub(super) fn upstream(&self) -> SocketAddr {
        *self.upstream.lock()
    }

    pub(super) fn rules(&self) -> (u64, Arc<[Arc<Active>]>) {
        let rules = self.rules.lock();
        (rules.generation, Arc::clone(&rules.active))
    }

    /// Makes a new list of rules from the old one, and tells all connections.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Arc<Active>>, u64) -> T) -> T {
        let mut rules = self.rules.lock();
        let mut active = rules.active.to_vec();
        let result = change(&mut active, rules.generation + 1);
        rules.active = active.into();
        rules.generation += 1;
        self.generation.store(rules.generation, Ordering::Release);
        drop(rules);
        self.list.lock().open.values().for_each(|connection| connection.waker.wake());
        result
    }
}

impl Proxy {
    /// Listens on a loopback address; port 0 is any that is free.
    ///
    /// # Errors
    /// [`Error::Network`] if the address is not one of this machine's loopback, or is taken.
    pub fn listen(address: SocketAddr, upstream: SocketAddr) -> Result<Self> {
        Self::listen_with(address, upstream, Options::default())
    }

    /// The same, with other options.
    ///
    /// # Errors
    /// As [`listen`](Self::listen).
    pub fn listen_with(
        address: SocketAddr,
        upstream: SocketAddr,
        options: Options,
    ) -> Result<Self> {
        let failed = |source| Error::Network { what: format!("a proxy on {address}"), source };
        if !address.ip().is_loopback() {
            let why = "it listens on loopback addresses alone: 127.0.0.1 or [::1]";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, why)));
        }
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            options,
            upstream: Mutex::new(upstream),
            rules: Mutex::new(Rules { generation: 0, active: Arc::new([]) }),
            generation: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            waker: Waker::new().map_err(failed)?,
            list: Mutex::default(),
            ended: Condvar::new(),
        });
        let threads =
            Listener { shared: Arc::clone(&shared), listener, threads: HashMap::new(), next: 0 };
        let listener = thread::Builder::new()
            .name(format!("proxy {}", local.port()))
            .spawn(|| threads.run())
            .map_err(failed)?;
        Ok(Self { shared, local, listener: Some(listener) })
    }

    /// Where clients connect.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Where connections go.
    #[must_use]
    pub fn upstream(&self) -> SocketAddr {
        self.shared.upstream()
    }

    /// Sends connections that come from now on elsewhere.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        *self.shared.upstream.lock() = upstream;
    }

    /// Adds a rule, behind those that there are. Bytes that are sent after this returns are under it, on open connections too.
    pub fn add(&self, rule: Rule) -> RuleId {
        self.shared.change(|rules, generation| {
            let id = RuleId(generation);
            rules.push(Arc::new(Active::new(id, rule, Instant::now())));
            id
        })
    }

    /// Takes a rule away; false if there is none of that name. Bytes that it held back are delivered now. Connections of
    /// which it had swallowed bytes are reset: the rest would be another stream than the one that was sent.
    pub fn remove(&self, id: RuleId) -> bool {
        self.shared.change(|rules, _| {
            let before = rules.len();
            rules.retain(|rule| rule.id != id);
            rules.len() < before
        })
    }

    /// Takes all rules away, as [`remove`](Self::remove) does.
    pub fn clear(&self) {
        self.shared.change(|rules, _| rules.clear());
    }

    /// The rules, in the order in which they work.
    #[must_use]
    pub fn rules(&self) -> Vec<(RuleId, Rule)> {
        self.shared.rules().1.iter().map(|rule| (rule.id, rule.rule.clone())).collect()
    }

    /// What it has done so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let list = self.shared.list.lock();
        let bytes = |way: usize| -> u64 {
            list.open.values().map(|connection| connection.bytes[way].load(Ordering::Relaxed)).sum()
        };
        Statistics {
            open: list.open.len(),
            total: list.past.total + list.open.len() as u64,
            bytes_up: list.past.bytes_up + bytes(0),
            bytes_down: list.past.bytes_down + bytes(1),
            ..list.past
        }
    }

    /// The open connections, the oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<OpenConnection> {
        let list = self.shared.list.lock();
        let open = |connection: &Arc<Connection>| OpenConnection {
            id: connection.id,
            peer: connection.peer,
            client: connection.client.lock().clone(),
            bytes_up: connection.bytes[0].load(Ordering::Relaxed),
            bytes_down: connection.bytes[1].load(Ordering::Relaxed),
        };
        list.open.values().map(open).collect()
    }

    /// Closes all connections that are open, and returns when they are. Bytes that are on their way are lost.
    pub fn close_all(&self) {
        let mut list = self.shared.list.lock();
        let last = list.open.keys().next_back().copied();
        list.kill();
        // Later ones are none of these.
        while list.open.keys().next().copied().zip(last).is_some_and(|(first, last)| first <= last)
        {
            self.shared.ended.wait(&mut list);
        }
    }
}

impl List {
    fn kill(&self) {
        for connection in self.open.values() {
            connection.killed.store(true, Ordering::Release);
            connection.waker.wake();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.shared.waker.wake();
        if let Some(listener) = self.listener.take() {
            // It has no reason to panic; if it did, that has been reported.
            let _ = listener.join();
        }
    }
}

/// The thread that listens, and joins the others.
struct Listener {
    shared: Arc<Shared>,
    listener: TcpListener,
    threads: HashMap<u64, JoinHandle<()>>,
    next: u64,
}

impl Listener {
    fn run(mut self) {
        let mut wanted = PollFlags::IN;
        loop {
            // Without free descriptors nothing can be accepted for some time.
            let pause = wanted.is_empty().then_some(Duration::from_millis(50));
            let ready = self.shared.waker.wait([(&self.listener, wanted)], pause);
            let finished = std::mem::take(&mut self.shared.list.lock().finished);
            for id in finished {
                self.join(id);
            }
            if self.shared.stopped.load(Ordering::Acquire) {
                break;
            }
            wanted = PollFlags::IN;
            if ready.is_ok_and(|[ready]| ready.is_empty()) {
                continue;
            }
            match self.listener.accept() {
                Ok((client, peer)) => self.accept(client, peer),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) if e.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(_) => wanted = PollFlags::empty(),
            }
        }
        self.shared.list.lock().kill();
        let open: Vec<u64> = self.threads.keys().copied().collect();
        for id in open {
            self.join(id);
        }
    }

    fn join(&mut self, id: u64) {
        if let Some(thread) = self.threads.remove(&id) {
            // As above.
            let _ = thread.join();
        }
    }

    fn accept(&mut self, client: TcpStream, peer: SocketAddr) {
        let id = self.next;
        self.next += 1;
        let (born, rules) = self.shared.rules();
        let seed = self.shared.options.seed;
        let under = |toxic: &dyn Fn(&Toxic) -> bool| {
            rules.iter().any(|rule| toxic(&rule.rule.toxic) && rule.covers(seed, id, None))
        };
        let full = self.shared.list.lock().open.len() >= self.shared.options.connections;
        let outcome = if full || under(&|toxic| *toxic == Toxic::Partition) {
            Outcome::Refused
        } else if under(&|toxic| matches!(toxic, Toxic::Reset { after } if after.is_zero())) {
            Outcome::Reset
        } else if let Ok(waker) = Waker::new() {
            self.spawn(Connection::new(id, born, peer, waker), client);
            return;
        } else {
            Outcome::Refused
        };
        abort_on_close(&client);
        self.shared.list.lock().past.count(outcome);
    }

    fn spawn(&mut self, connection: Connection, client: TcpStream) {
        let id = connection.id;
        let connection = Arc::new(connection);
        self.shared.list.lock().open.insert(id, Arc::clone(&connection));
        let entry =
            Entry { shared: Arc::clone(&self.shared), connection, outcome: Outcome::Refused };
        let thread = thread::Builder::new().name(format!("proxy {id}")).stack_size(256 * 1024);
        // Without a thread it is refused: its line in the list is gone then.
        if let Ok(thread) = thread.spawn(move || entry.serve(client)) {
            self.threads.insert(id, thread);
        }
    }
}

/// A line in the list of connections, for as long as its thread lives, however that ends.
struct Entry {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    outcome: Outcome,
}

impl Entry {
    fn serve(mut self, client: TcpStream) {
        self.outcome = serve(&self.shared, &self.connection, client);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut list = self.shared.list.lock();
        let List { open, finished, past } = &mut *list;
        let id = self.connection.id;
        open.remove(&id);
        finished.push(id);
        past.bytes_up += self.connection.bytes[0].load(Ordering::Relaxed);
        past.bytes_down += self.connection.bytes[1].load(Ordering::Relaxed);
        past.count(self.outcome);
        drop(list);
        self.shared.ended.notify_all();
        self.shared.waker.wake();
    }
}

impl Statistics {
    fn count(&mut self, outcome: Outcome) {
        self.total += 1;
        match outcome {
            Outcome::Closed | Outcome::Aborted => {}
            Outcome::Reset => self.reset += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Unreachable => self.unreachable += 1,
        }
    }
}
