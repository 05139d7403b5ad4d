//! One connection through the proxy: a thread that moves bytes both ways.

use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::event::PollFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use super::client::{ClientId, Sniffed, Sniffer};
use super::flow::{Flow, Turn, Written};
use super::proxy::Shared;
use super::rule::{Active, Way};
use super::stage::End;
use super::wake::Waker;
use crate::proxy::Toxic;

/// Bytes that are read at once.
const READ: usize = 128 * 1024;

/// How long one waits for the other side of the proxy to answer.
const CONNECT: Duration = Duration::from_secs(10);

/// How long what still comes is read after a connection was closed by the proxy: closed with bytes unread, it would be a reset,
/// which takes away what was delivered before.
const LINGER: Duration = Duration::from_secs(2);

/// What others may know of a connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: u64,
    /// The generation of rules that it found.
    pub(super) born: u64,
    pub(super) peer: SocketAddr,
    pub(super) waker: Waker,
    pub(super) killed: AtomicBool,
    pub(super) client: Mutex<Option<ClientId>>,
    /// Bytes that were delivered, up and down.
    pub(super) bytes: [AtomicU64; 2],
}

impl Connection {
    pub(super) fn new(id: u64, born: u64, peer: SocketAddr, waker: Waker) -> Self {
        let killed = AtomicBool::new(false);
        Self { id, born, peer, waker, killed, client: Mutex::default(), bytes: Default::default() }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// As its ends wanted, or by the proxy's owner.
    Closed,
    /// One of its ends was reset, and so the other.
    Aborted,
    /// By a toxic.
    Reset,
    /// It came during a partition.
    Refused,
    /// Nobody answered where it was to go.
    Unreachable,
}

/// Connects a client to where it shall go, and serves it until it ends.
pub(super) fn serve(shared: &Shared, connection: &Connection, client: TcpStream) -> Outcome {
    let prepared = client.set_nonblocking(true).and_then(|()| client.set_nodelay(true));
    let server = match prepared {
        Ok(()) => connect(connection, shared.upstream()),
        Err(_) => Err(Outcome::Aborted),
    };
    match server {
        Ok(server) => {
            let mut pump = Pump::new(shared, connection, [client, server]);
            let outcome = pump.run();
            pump.account();
            if outcome != Outcome::Closed {
                pump.sockets.iter().for_each(abort_on_close);
            }
            outcome
        }
        Err(outcome) => {
            abort_on_close(&client);
            outcome
        }
    }
}

/// Lets the end of a socket be a reset.
pub(super) fn abort_on_close(socket: &TcpStream) {
    // What cannot be reset is closed.
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

fn connect(connection: &Connection, to: SocketAddr) -> Result<TcpStream, Outcome> {
    let unreachable = |_| Outcome::Unreachable;
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)
        .map_err(|_| Outcome::Unreachable)?;
    match rustix::net::connect(&socket, &to) {
        Ok(()) => {}
        Err(rustix::io::Errno::INPROGRESS) => {
            let end = Instant::now() + CONNECT;
            loop {
                let left = end.saturating_duration_since(Instant::now());
                let [ready] = connection
                    .waker
                    .wait([(&socket, PollFlags::OUT)], Some(left))
                    .map_err(unreachable)?;
                if connection.killed.load(Ordering::Acquire) {
                    return Err(Outcome::Closed);
                }
                if !ready.is_empty() {
                    break;
                }
                if left.is_zero() {
                    return Err(Outcome::Unreachable);
                }
            }
            match sockopt::socket_error(&socket) {
                Ok(Ok(())) => {}
                _ => return Err(Outcome::Unreachable),
            }
        }
        Err(_) => return Err(Outcome::Unreachable),
    }
    let socket = TcpStream::from(socket);
    socket.set_nodelay(true).map_err(unreachable)?;
    Ok(socket)
}

/// The smallest buffer of a socket. One that is smaller than two segments of the loopback device (64 KiB) makes senders wait for timers, and Linux never opens the
/// window of a connection again whose buffer was set once: what had been thin for a moment would stay slow.
const NARROWEST: usize = 128 * 1024;

/// Moves the bytes. Of all pairs the first is the client, or the way up from it.
struct Pump<'a> {
    shared: &'a Shared,
    connection: &'a Connection,
    sockets: [TcpStream; 2],
    flows: [Flow; 2],
    /// Whether a socket may have bytes, or the end.
    readable: [bool; 2],
    /// Whether a socket may take bytes.
    writable: [bool; 2],
    /// Whether a socket was found to be gone by writing to it.
    gone: [bool; 2],
    /// Whether a socket's buffer is small, so that a sender feels a bandwidth.
    narrow: [bool; 2],
    /// The generation of rules that is at work.
    seen: Option<u64>,
    sniffer: Option<Sniffer>,
    /// Until when what still comes is read.
    closing: Option<Instant>,
    buffer: Box<[u8]>,
}

impl<'a> Pump<'a> {
    fn new(shared: &'a Shared, connection: &'a Connection, sockets: [TcpStream; 2]) -> Self {
        Self {
            shared,
            connection,
            sockets,
            flows: [Flow::new(Way::Up), Flow::new(Way::Down)],
            readable: [false; 2],
            writable: [true; 2],
            gone: [false; 2],
            narrow: [false; 2],
            seen: None,
            sniffer: Some(Sniffer::default()),
            closing: None,
            buffer: vec![0; READ].into_boxed_slice(),
        }
    }

    fn run(&mut self) -> Outcome {
        loop {
            match self.turn() {
                Ok(()) if self.flows.iter().all(Flow::is_silent) => return Outcome::Closed,
                Ok(()) => {}
                Err(outcome) => return outcome,
            }
        }
    }

    /// Moves all that can be moved now; waits if there is nothing.
    fn turn(&mut self) -> Result<(), Outcome> {
        if self.connection.killed.load(Ordering::Acquire) {
            return Err(Outcome::Closed);
        }
        let now = Instant::now();
        self.adapt(now)?;
        if self.closing.is_some_and(|end| end <= now) {
            return Err(Outcome::Closed);
        }
        let mut next = self.closing;
        let mut moved = false;
        for way in [0, 1] {
            match self.flows[way].advance(now) {
                Turn::Reset => return Err(Outcome::Reset),
                Turn::On(at) => next = [next, at].into_iter().flatten().min(),
            }
            if self.writable[1 - way] && self.flows[way].has_output() {
                moved |= self.write(way, now)?;
            }
        }
        for way in [0, 1] {
            let room = self.flows[way].room();
            if self.readable[way] && room > 0 {
                self.read(way, room, now)?;
                moved = true;
            }
        }
        self.account();
        if moved || self.flows.iter().all(Flow::is_silent) { Ok(()) } else { self.wait(next, now) }
    }

    /// Puts the rules to work that there are now.
    fn adapt(&mut self, now: Instant) -> Result<(), Outcome> {
        if self.seen == Some(self.shared.generation.load(Ordering::Acquire))
            || self.closing.is_some()
        {
            return Ok(());
        }
        let (generation, rules) = self.shared.rules();
        self.seen = Some(generation);
        let Connection { id, born, ref client, .. } = *self.connection;
        let seed = self.shared.options.seed;
        let client = client.lock().clone();
        let rules: Vec<&Arc<Active>> =
            rules.iter().filter(|rule| rule.covers(seed, id, client.as_ref())).collect();
        if rules.iter().any(|rule| rule.id.0 <= born && rule.rule.toxic == Toxic::Partition) {
            return Err(Outcome::Refused);
        }
        for (flow, way) in self.flows.iter_mut().zip([Way::Up, Way::Down]) {
            let rules: Vec<_> = rules.iter().copied().filter(|rule| rule.is_for(way)).collect();
            flow.adapt(&rules, seed, id, now).map_err(|_| Outcome::Reset)?;
        }
        self.narrow();
        Ok(())
    }

    /// Lets a sender feel a bandwidth after a quarter of a second or [`NARROWEST`], and not after all that the system would keep.
    fn narrow(&mut self) {
        for ((flow, socket), narrow) in self.flows.iter().zip(&self.sockets).zip(&mut self.narrow) {
            let size = match flow.bandwidth() {
                Some(bits) => usize::try_from(bits / 32).unwrap_or(usize::MAX).max(NARROWEST),
                None => usize::MAX,
            };
            if size < 256 * 1024 || *narrow {
                *narrow = size < 256 * 1024;
                // The system cuts what is too much. A buffer of another size is no reason to end a connection.
                let _ = sockopt::set_socket_recv_buffer_size(socket, size.min(4 * 1024 * 1024));
            }
        }
    }

    fn read(&mut self, way: usize, room: usize, now: Instant) -> Result<(), Outcome> {
        let room = room.min(READ);
        let read = (&self.sockets[way]).read(&mut self.buffer[..room]);
        // Rules that were made before these bytes were sent are for them.
        self.adapt(now)?;
        let end = match read {
            Ok(0) if self.gone[way] => End::Reset,
            Ok(0) => End::Finished,
            Ok(bytes) => {
                self.readable[way] = bytes == room;
                if way == 0 {
                    self.sniff(bytes, now)?;
                }
                let to = &self.sockets[1 - way];
                let blocked = match self.flows[way].read(&self.buffer[..bytes], to, now) {
                    Written::Broken => return self.broken(way),
                    _ => self.flows[way].has_output(),
                };
                if blocked {
                    self.writable[1 - way] = false;
                }
                return Ok(());
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                self.readable[way] = false;
                return Ok(());
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(_) => End::Reset,
        };
        self.flows[way].read_end(end, now);
        Ok(())
    }

    /// Looks who speaks.
    fn sniff(&mut self, bytes: usize, now: Instant) -> Result<(), Outcome> {
        let Some(sniffer) = &mut self.sniffer else { return Ok(()) };
        match sniffer.feed(&self.buffer[..bytes]) {
            Sniffed::More => return Ok(()),
            Sniffed::Nobody => {}
            Sniffed::Client(client) => {
                *self.connection.client.lock() = Some(client);
                self.seen = None;
            }
        }
        self.sniffer = None;
        self.adapt(now)
    }

    fn write(&mut self, way: usize, now: Instant) -> Result<bool, Outcome> {
        match self.flows[way].write(&self.sockets[1 - way]) {
            Written::Some(bytes) => {
                self.writable[1 - way] = !self.flows[way].has_output();
                return Ok(bytes > 0);
            }
            Written::Finished => {}
            Written::Broken => self.broken(way)?,
            Written::Reset => return Err(Outcome::Aborted),
            Written::Limit => self.close(now),
        }
        Ok(true)
    }

    /// A receiver is gone. Its other direction tells the sender: what the receiver had sent before comes first.
    fn broken(&mut self, way: usize) -> Result<(), Outcome> {
        let other = 1 - way;
        self.gone[other] = true;
        self.flows[way].discard();
        if self.closing.is_none() && (self.gone[way] || self.flows[other].is_over()) {
            return Err(Outcome::Aborted);
        }
        self.flows[other].spoil();
        Ok(())
    }

    /// Ends the connection in good order: what was delivered stays delivered.
    fn close(&mut self, now: Instant) {
        self.closing = Some(now + LINGER);
        self.flows.iter_mut().for_each(Flow::discard);
        for socket in &self.sockets {
            // Whoever is gone needs not be told.
            let _ = socket.shutdown(Shutdown::Write);
        }
    }

    fn wait(&mut self, next: Option<Instant>, now: Instant) -> Result<(), Outcome> {
        let wanted = [0, 1].map(|socket| {
            let mut wanted = PollFlags::empty();
            wanted.set(PollFlags::IN, self.flows[socket].room() > 0);
            wanted.set(PollFlags::OUT, self.flows[1 - socket].has_output());
            wanted
        });
        let [client, server] = &self.sockets;
        let timeout = next.map(|next| next.saturating_duration_since(now));
        let ready = self
            .connection
            .waker
            .wait([(client, wanted[0]), (server, wanted[1])], timeout)
            .map_err(|_| Outcome::Aborted)?;
        let failed = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
        for socket in [0, 1] {
            self.readable[socket] |= ready[socket].intersects(PollFlags::IN | failed);
            self.writable[socket] |= ready[socket].intersects(PollFlags::OUT | failed);
        }
        Ok(())
    }

    fn account(&mut self) {
        for (flow, bytes) in self.flows.iter_mut().zip(&self.connection.bytes) {
            let written = flow.take_written();
            if written > 0 {
                bytes.fetch_add(written, Ordering::Relaxed);
            }
        }
    }
}
