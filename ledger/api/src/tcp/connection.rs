//! One connection: what was read, what is to be written, and what may be asked.

use std::io;
use std::time::{Duration, Instant};

use super::TcpOptions;
use super::transport::Transport;
use crate::Problem;
use crate::keys::Scope;
use crate::wire::{HEADER_BYTES, Header, Input, MAX_BODY_BYTES};

/// How much is read from one connection before others have their turn.
const TURN: usize = 4 << 20;
/// How long a client is heard out that was told goodbye.
const LINGER: Duration = Duration::from_secs(2);
/// The longest body of a hello: a key.
const MAX_HELLO: usize = 1 << 10;

/// How far a client has introduced itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its hello has not come.
    Silent,
    /// Its key is being looked at: the request's number, and that of the look.
    Asked {
        /// The client's number for its hello.
        request: u64,
        /// The loop's number for the verification.
        tag: u64,
    },
    /// It may ask.
    Admitted(Scope),
}

/// A client.
pub(super) struct Connection {
    pub transport: Transport,
    pub stage: Stage,
    /// Answers that were not written yet, from `written` on.
    pub output: Vec<u8>,
    written: usize,
    pub input: Input,
    /// Whether the socket may have something to read.
    pub readable: bool,
    /// Whether an event said that the client has ended: the end is behind whatever is there, and there will be no further event.
    pub hung_up: bool,
    /// Nothing is read any more; when everything is answered and written, it is the end.
    pub closing: bool,
    /// Requests under way, and how much they take.
    pub flights: usize,
    pub flight_bytes: usize,
    /// Since when it is expected to send the rest of a frame.
    pub owes_since: Option<Instant>,
    /// Since when it fetches nothing.
    pub stuck_since: Option<Instant>,
    /// Whether the client has said that nothing more will come.
    ended: bool,
    /// Whether the client is heard out before the end.
    polite: bool,
    /// Since when this side has nothing more to say, and only hears the client out: to close at once would throw away what is still on
    /// its way to it.
    lingers_since: Option<Instant>,
}

/// Who takes frames.
pub(super) type Take<'a> = dyn FnMut(&mut Connection, &Header, &[u8]) -> Result<(), Problem> + 'a;

/// What reading came to.
pub(super) enum Read {
    /// There may be more; it is somebody else's turn.
    More,
    /// Nothing is there.
    Drained,
}

impl Connection {
    pub fn new(transport: Transport, now: Instant) -> Self {
        Self {
            transport,
            stage: Stage::Silent,
            output: Vec::new(),
            written: 0,
            input: Input::default(),
            readable: true,
            hung_up: false,
            closing: false,
            flights: 0,
            flight_bytes: 0,
            owes_since: Some(now),
            stuck_since: None,
            ended: false,
            polite: false,
            lingers_since: None,
        }
    }

    /// The longest body that is taken at this stage.
    pub fn max_body(&self) -> usize {
        if matches!(self.stage, Stage::Admitted(_)) { MAX_BODY_BYTES } else { MAX_HELLO }
    }

    /// Whether more requests may be taken.
    pub fn has_room(&self, options: &TcpOptions) -> bool {
        !self.closing
            && !matches!(self.stage, Stage::Asked { .. })
            && self.flights < options.max_flights
            && self.flight_bytes < options.max_flight_bytes
            && self.output.len() - self.written < options.max_unsent_bytes
    }

    /// Reads what is there and gives every whole frame to `take`, as long as there is room for requests.
    ///
    /// # Errors
    ///
    /// [`Problem::BadFrame`] if what came is no frame; an error of the socket as `Ok(Err(_))`.
    pub fn read(
        &mut self,
        options: &TcpOptions,
        now: Instant,
        take: &mut Take<'_>,
    ) -> Result<io::Result<Read>, Problem> {
        let mut turn = 0;
        loop {
            self.take_frames(options, now, take)?;
            if !self.has_room(options) {
                return Ok(Ok(Read::More));
            }
            if turn >= TURN {
                return Ok(Ok(Read::More));
            }
            let room = self.input.room();
            let size = room.len();
            match self.transport.read(room) {
                Ok(0) => {
                    // Half a frame will never be whole; what is under way is answered.
                    self.closing = true;
                    self.ended = true;
                    return Ok(Ok(Read::Drained));
                }
                Ok(bytes) => {
                    self.input.arrived(bytes);
                    turn += bytes;
                    if !self.hung_up && self.transport.is_drained(bytes, size) {
                        self.take_frames(options, now, take)?;
                        // Frames that there was no room for are looked at when there is.
                        let left = !self.has_room(options);
                        return Ok(Ok(if left { Read::More } else { Read::Drained }));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Ok(Read::Drained));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    fn take_frames(
        &mut self,
        options: &TcpOptions,
        now: Instant,
        take: &mut Take<'_>,
    ) -> Result<(), Problem> {
        // Out of the way, so that the rest of the connection can be changed while a frame is looked at.
        let mut input = std::mem::take(&mut self.input);
        let mut taken = Ok(());
        while self.has_room(options) {
            match input.frame(self.max_body()) {
                Ok(Some((header, body))) => {
                    let length = header.length;
                    taken = take(self, &header, body);
                    input.done(length);
                    if taken.is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(problem) => {
                    taken = Err(problem);
                    break;
                }
            }
        }
        self.input = input;
        let owes = !self.input.is_empty() || self.stage == Stage::Silent;
        self.owes_since = match (owes && self.has_room(options), self.owes_since) {
            (true, None) => Some(now),
            (true, since) => since,
            (false, _) => None,
        };
        taken
    }

    /// Writes what the socket takes.
    ///
    /// # Errors
    ///
    /// What the socket says.
    pub fn write(&mut self, now: Instant) -> io::Result<()> {
        loop {
            let rest = self.output.get(self.written..).unwrap_or_default();
            let wrote = if rest.is_empty() {
                self.transport.flush().map(|()| 0)
            } else {
                self.transport.write(rest)
            };
            match wrote {
                Ok(0) if rest.is_empty() => {
                    self.output.clear();
                    self.written = 0;
                    self.stuck_since = None;
                    return Ok(());
                }
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => {
                    self.written += bytes;
                    self.stuck_since = None;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stuck_since.get_or_insert(now);
                    // What was sent takes memory for nothing.
                    if self.written > (1 << 20) {
                        self.output.drain(..self.written);
                        self.written = 0;
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether everything was written.
    pub fn is_flushed(&self) -> bool {
        self.written == self.output.len() && self.transport.is_flushed()
    }

    /// Whether it can be closed: nothing is left to answer, and the client has ended or was heard out.
    pub fn is_done(&mut self, now: Instant) -> bool {
        let asked = matches!(self.stage, Stage::Asked { .. });
        if !self.closing || self.flights > 0 || asked || !self.is_flushed() {
            return false;
        }
        if self.ended || !self.polite {
            return true;
        }
        if self.lingers_since.is_none() {
            self.lingers_since = Some(now);
            self.transport.end();
        }
        self.hear_out()
    }

    /// Says goodbye after the answers, to a client that may be in the middle of saying something.
    pub fn close_politely(&mut self) {
        self.closing = true;
        self.polite = true;
    }

    /// Reads what nobody looks at; true when there will be nothing more.
    fn hear_out(&mut self) -> bool {
        let mut room = [0; 4_096];
        for _ in 0..64 {
            match self.transport.read(&mut room) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return true,
            }
        }
        false
    }

    /// Whether it has made others wait for too long.
    pub fn is_slow(&self, now: Instant, patience: Duration) -> bool {
        let long =
            |since: Option<Instant>| since.is_some_and(|it| now.duration_since(it) > patience);
        if self.lingers_since.is_some_and(|it| now.duration_since(it) > LINGER) {
            return true;
        }
        // A closing one owes nothing but the fetching of its answers.
        long(self.stuck_since) || (!self.closing && long(self.owes_since))
    }

    /// Gives memory back that a large frame or answer took.
    pub fn shrink(&mut self) {
        self.input.shrink();
        if self.output.is_empty() && self.output.capacity() > (HEADER_BYTES << 10) {
            self.output = Vec::new();
        }
    }
}
