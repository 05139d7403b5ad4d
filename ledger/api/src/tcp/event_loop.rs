//! The thread that has all connections.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, Waker};

use super::TcpOptions;
use super::connection::{Connection, Read, Stage};
use super::flights::Flight;
use super::intake::{Intake, greet};
use super::requests;
use super::transport::Transport;
use crate::Problem;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::service::{Completion, Desk, Port};
use crate::wire::Kind;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// How often slow clients are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// The loop's own things.
pub(super) struct EventLoop {
    poll: Poll,
    /// None when it stops: whoever connects then is refused by the kernel.
    listener: Option<mio::net::TcpListener>,
    connections: HashMap<Token, Connection>,
    next_token: usize,
    desk: Desk,
    metrics: Arc<Metrics>,
    options: TcpOptions,
    stop: Arc<AtomicBool>,
    work: Intake,
    /// Connections that may have something to read.
    ready: Vec<Token>,
    /// Connections that have something to write.
    dirty: Vec<Token>,
    /// Accepting failed for want of descriptors: it is tried again at the next sweep.
    starved: bool,
}

impl EventLoop {
    pub fn new(
        listener: TcpListener,
        desk: Desk,
        keys: Keys,
        metrics: Arc<Metrics>,
        options: TcpOptions,
        stop: Arc<AtomicBool>,
    ) -> std::io::Result<(Self, Arc<Waker>)> {
        let poll = Poll::new()?;
        listener.set_nonblocking(true)?;
        let mut listener = mio::net::TcpListener::from_std(listener);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let wakes = Arc::clone(&waker);
        // A loop that cannot be woken looks within a second.
        let port = Arc::new(Port::new(Box::new(move || drop(wakes.wake()))));
        let work = Intake::new(port, keys, options.deadline);
        let event_loop = Self {
            poll,
            listener: Some(listener),
            connections: HashMap::new(),
            next_token: 2,
            desk,
            metrics,
            options,
            stop,
            work,
            ready: Vec::new(),
            dirty: Vec::new(),
            starved: false,
        };
        Ok((event_loop, waker))
    }

    /// Serves until it is told to stop.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(1_024);
        let mut completions = Vec::new();
        let mut sweep = Instant::now() + SWEEP;
        let mut stopping: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let next = self.work.flights.next_deadline().map_or(sweep, |it| it.min(sweep));
            let patience = if self.ready.is_empty() {
                next.saturating_duration_since(now)
            } else {
                Duration::ZERO
            };
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return,
                _ => {}
            }
            let now = Instant::now();
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(now),
                    WAKER => {}
                    token => {
                        if let Some(connection) = self.connections.get_mut(&token) {
                            if event.is_readable() || event.is_read_closed() || event.is_error() {
                                connection.readable = true;
                                connection.hung_up |= event.is_read_closed();
                                self.ready.push(token);
                            }
                            if event.is_writable() {
                                self.dirty.push(token);
                            }
                        }
                    }
                }
            }
            self.read(now);
            self.work.port.take(&mut completions);
            for completion in completions.drain(..) {
                self.complete(completion);
            }
            self.give_up(now);
            self.write(now);
            if now >= sweep {
                sweep = now + SWEEP;
                self.sweep(now);
            }
            if stopping.is_none() && self.stop.load(Ordering::Acquire) {
                stopping = Some(now + self.options.stop_timeout);
                self.stop_reading();
            }
            if let Some(until) = stopping
                && (self.connections.is_empty() || now >= until)
            {
                return;
            }
        }
    }

    fn accept(&mut self, now: Instant) {
        self.starved = false;
        loop {
            let Some(listener) = &self.listener else { return };
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                // One that was gone before it was accepted, or no descriptors: the others' turn comes.
                Err(_) => {
                    self.starved = true;
                    return;
                }
            };
            if self.connections.len() >= self.options.max_connections {
                self.turn_away(stream);
                continue;
            }
            let _ = stream.set_nodelay(true);
            let Some(transport) = self.transport(stream) else { continue };
            let token = Token(self.next_token);
            self.next_token += 1;
            let mut connection = Connection::new(transport, now);
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(connection.transport.stream(), token, interest).is_ok()
            {
                self.connections.insert(token, connection);
                self.ready.push(token);
                self.metrics.connected("tcp");
            }
        }
    }

    #[cfg(feature = "tls")]
    fn transport(&self, stream: mio::net::TcpStream) -> Option<Transport> {
        Some(match &self.options.tls {
            None => Transport::Plain(stream),
            Some(tls) => Transport::Tls(Box::new((stream, tls.session().ok()?))),
        })
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with TLS")]
    fn transport(&self, stream: mio::net::TcpStream) -> Option<Transport> {
        Some(Transport::Plain(stream))
    }

    /// Says that there are too many, as far as that fits.
    fn turn_away(&self, mut stream: mio::net::TcpStream) {
        use std::io::Write as _;
        let mut frame = Vec::new();
        requests::refused(0, Kind::Hello as u16, &Problem::Busy, &mut frame);
        let _ = stream.write(&frame);
        self.metrics.cut("tcp");
    }

    /// Reads from all that may have something, and hands what they ask to the ledger in one piece.
    fn read(&mut self, now: Instant) {
        let ready = std::mem::take(&mut self.ready);
        for token in ready {
            let Some(connection) = self.connections.get_mut(&token) else { continue };
            if connection.closing {
                self.dirty.push(token);
                continue;
            }
            if !connection.readable {
                continue;
            }
            let work = &mut self.work;
            let read = connection.read(&self.options, now, &mut |connection, header, body| {
                work.take(token, connection, header, body, now)
            });
            match read {
                Ok(Ok(Read::Drained)) => connection.readable = false,
                // When there is room again, it is put back.
                Ok(Ok(Read::More)) => {
                    if connection.has_room(&self.options) {
                        self.ready.push(token);
                    }
                }
                Ok(Err(_)) => {
                    self.close(token);
                    continue;
                }
                Err(problem) => {
                    requests::refused(0, 0, &problem, &mut connection.output);
                    connection.close_politely();
                    self.metrics.cut("tcp");
                }
            }
            if !connection.output.is_empty() || connection.closing {
                self.dirty.push(token);
            }
        }
        if !self.work.requests.is_empty() {
            self.desk.submit(self.work.requests.drain(..));
        }
    }

    /// Appends an answer to its connection's output.
    fn complete(&mut self, completion: Completion) {
        match completion {
            Completion::Committed(tag, answer) => {
                let Some(flight) = self.work.flights.land(tag) else { return };
                self.answer(&flight, |out| match &answer {
                    Ok(answer) => requests::committed(flight.request, flight.kind, answer, out),
                    Err(problem) => requests::refused(flight.request, flight.kind, problem, out),
                });
            }
            Completion::Read(tag, found) => {
                let Some(flight) = self.work.flights.land(tag) else { return };
                self.answer(&flight, |out| match &found {
                    Ok((count, body)) => {
                        requests::found(flight.request, flight.kind, *count, body, out)
                    }
                    Err(problem) => requests::refused(flight.request, flight.kind, problem, out),
                });
            }
            Completion::Admitted(tag, admitted) => {
                let Some(token) = self.work.admissions.remove(&tag) else { return };
                let Some(connection) = self.connections.get_mut(&token) else { return };
                if let Stage::Asked { request, .. } = connection.stage {
                    greet(connection, request, admitted);
                    self.dirty.push(token);
                    self.ready.push(token);
                }
            }
        }
    }

    fn answer(&mut self, flight: &Flight, encode: impl FnOnce(&mut Vec<u8>)) {
        let Some(connection) = self.connections.get_mut(&flight.token) else { return };
        let had_room = connection.has_room(&self.options);
        connection.flights -= 1;
        connection.flight_bytes -= flight.bytes;
        encode(&mut connection.output);
        self.dirty.push(flight.token);
        if !had_room {
            self.ready.push(flight.token);
        }
    }

    /// Answers what was not answered in time.
    fn give_up(&mut self, now: Instant) {
        while let Some((flight, problem)) = self.work.flights.overdue(now) {
            self.answer(&flight, |out| {
                requests::refused(flight.request, flight.kind, &problem, out)
            });
        }
    }

    fn write(&mut self, now: Instant) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for token in dirty.drain(..) {
            let Some(connection) = self.connections.get_mut(&token) else { continue };
            let had_room = connection.has_room(&self.options);
            let wrote = connection.write(now);
            if !had_room && connection.readable {
                self.ready.push(token);
            }
            if wrote.is_err() || connection.is_done(now) {
                self.close(token);
            }
        }
        self.dirty = dirty;
    }

    /// Cuts who is too slow.
    fn sweep(&mut self, now: Instant) {
        let patience = self.options.patience;
        let slow: Vec<Token> = self
            .connections
            .iter()
            .filter(|it| it.1.is_slow(now, patience))
            .map(|it| *it.0)
            .collect();
        for token in slow {
            self.metrics.cut("tcp");
            self.close(token);
        }
        for connection in self.connections.values_mut() {
            connection.shrink();
        }
        if self.starved {
            self.accept(now);
        }
    }

    fn stop_reading(&mut self) {
        self.listener = None;
        for (token, connection) in &mut self.connections {
            connection.closing = true;
            self.dirty.push(*token);
        }
        self.write(Instant::now());
    }

    fn close(&mut self, token: Token) {
        let Some(mut connection) = self.connections.remove(&token) else { return };
        let _ = self.poll.registry().deregister(connection.transport.stream());
        connection.transport.end();
        self.metrics.disconnected("tcp");
    }
}
