//! One connection of one thread.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use ledger::codec;
use ledger::model::{Batch, Reply};

use super::{ClientError, ClientOptions};
use crate::Problem;
use crate::wire::{self, Header, Hello, Input, Kind, MAX_REPLY_BYTES};

/// How much longer than its deadline an answer is waited for: the way there and back.
const SLACK: Duration = Duration::from_secs(5);

/// A connection that has been greeted. Requests are written when [`flush`](Self::flush) or [`receive`](Self::receive) is called, and answered in any
/// order.
pub struct Connection {
    stream: Box<dyn Stream>,
    options: ClientOptions,
    input: Input,
    output: Vec<u8>,
    next_request: u64,
    hello: Hello,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// An answer.
#[derive(Debug)]
pub struct Received<T> {
    /// To which request.
    pub request: u64,
    /// What it says.
    pub answer: Result<T, Problem>,
}

impl Connection {
    /// Connects, and says hello.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: no connection, or no valid key.
    pub fn connect(options: &ClientOptions) -> Result<Self, ClientError> {
        let stream = open(options)
            .map_err(|error| ClientError::Connection { address: options.address, error })?;
        // What is in here before the server has answered is not looked at.
        let hello = Hello { max_body: 0, max_events: 0, scope: crate::keys::Scope::Read };
        let mut connection = Self {
            stream,
            options: options.clone(),
            input: Input::default(),
            output: Vec::new(),
            next_request: 1,
            hello,
        };
        let key = options.key.as_bytes().to_vec();
        connection.send(Kind::Hello, 0, |out| out.extend_from_slice(&key));
        let greeted = connection.receive(|_, body| Hello::decode(body))?;
        connection.hello = greeted.answer??;
        Ok(connection)
    }

    /// What the server said to the hello.
    #[must_use]
    pub fn hello(&self) -> Hello {
        self.hello
    }

    /// Adds a request, and says its number. `encode` appends its body.
    pub fn send(&mut self, kind: Kind, count: u32, encode: impl FnOnce(&mut Vec<u8>)) -> u64 {
        let request = self.next_request;
        self.next_request += 1;
        let deadline = u32::try_from(self.options.deadline.as_millis()).unwrap_or(u32::MAX).max(1);
        let at = wire::begin(&mut self.output, request, kind as u16, 0, deadline);
        encode(&mut self.output);
        wire::finish(&mut self.output, at, count);
        request
    }

    /// Adds a batch, and says its number.
    ///
    /// # Errors
    ///
    /// [`Problem::BadRequest`] for a tick, which is nobody's to send.
    pub fn send_batch(&mut self, batch: &Batch) -> Result<u64, Problem> {
        let kind = Kind::from_number(batch.kind())
            .ok_or_else(|| Problem::BadRequest("a tick is not for clients".to_owned()))?;
        // More than fits is refused by the server.
        let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        Ok(self.send(kind, count, |out| codec::encode(batch, out)))
    }

    /// Writes what was added.
    ///
    /// # Errors
    ///
    /// [`ClientError::Connection`]; then the connection is of no more use.
    pub fn flush(&mut self) -> Result<(), ClientError> {
        let written = self.stream.write_all(&self.output).and_then(|()| self.stream.flush());
        self.output.clear();
        // What one large batch took is given back.
        self.output.shrink_to(2 << 20);
        written.map_err(|error| self.lost(error))
    }

    /// Waits for the next answer. `read` is given its header and its body, unless it is a problem.
    ///
    /// # Errors
    ///
    /// [`ClientError::Connection`], [`ClientError::Answer`]; then the connection is of no more use.
    pub fn receive<T>(
        &mut self,
        read: impl FnOnce(&Header, &[u8]) -> T,
    ) -> Result<Received<T>, ClientError> {
        if !self.output.is_empty() {
            self.flush()?;
        }
        let mut read = Some(read);
        loop {
            let frame = self.input.frame(MAX_REPLY_BYTES);
            if let Some((header, body)) = frame.map_err(|it| ClientError::Answer(it.to_string()))? {
                let answer = match header.problem {
                    0 => read.take().map(|read| read(&header, body)).ok_or(Problem::Unknown),
                    number => Err(Problem::from_wire(number, &String::from_utf8_lossy(body))),
                };
                self.input.done(header.length);
                return Ok(Received { request: header.request, answer });
            }
            let room = self.input.room();
            match self.stream.read(room) {
                Ok(0) => return Err(self.lost(std::io::ErrorKind::UnexpectedEof.into())),
                Ok(bytes) => self.input.arrived(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Waits for the next answer to a batch.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub fn receive_reply(&mut self) -> Result<Received<Reply>, ClientError> {
        let received =
            self.receive(|header, body| codec::decode_reply(header.kind, header.count, body))?;
        let Received { request, answer } = received;
        let answer = match answer {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => return Err(ClientError::Answer(error.to_string())),
            Err(problem) => Err(problem),
        };
        Ok(Received { request, answer })
    }

    /// Sends one request and waits for its answer; nothing else may be under way.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn call<T>(
        &mut self,
        kind: Kind,
        count: u32,
        encode: impl FnOnce(&mut Vec<u8>),
        decode: impl FnOnce(&Header, &[u8]) -> Result<T, Problem>,
    ) -> Result<T, ClientError> {
        let request = self.send(kind, count, encode);
        let received = self.receive(decode)?;
        if received.request != request && received.request != 0 {
            let other = received.request;
            return Err(ClientError::Answer(format!("request {request} was answered as {other}")));
        }
        match received.answer? {
            Ok(found) => Ok(found),
            Err(problem) => Err(ClientError::Answer(problem.to_string())),
        }
    }

    /// Sends one batch and waits for its answer; nothing else may be under way.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn commit(&mut self, batch: &Batch) -> Result<Reply, ClientError> {
        let kind = Kind::from_number(batch.kind())
            .ok_or_else(|| Problem::BadRequest("a tick is not for clients".to_owned()))?;
        let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        let reply = self.call(
            kind,
            count,
            |out| codec::encode(batch, out),
            |header, body| Ok(codec::decode_reply(header.kind, header.count, body)?),
        )?;
        let answers = match &reply {
            Reply::Ledgers(all) | Reply::Accounts(all) => all.len(),
            Reply::Transfers(all) => all.len(),
            Reply::Transactions(all) => all.len(),
            Reply::Tick => 0,
        };
        if answers == batch.len() {
            return Ok(reply);
        }
        Err(ClientError::Answer(format!("{answers} answers to {} events", batch.len())))
    }

    fn lost(&self, error: std::io::Error) -> ClientError {
        ClientError::Connection { address: self.options.address, error }
    }
}

fn open(options: &ClientOptions) -> std::io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect_timeout(&options.address, options.deadline.max(SLACK))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(options.deadline + SLACK))?;
    stream.set_write_timeout(Some(options.deadline + SLACK))?;
    #[cfg(feature = "tls")]
    if let Some(trust) = &options.trust {
        return Ok(Box::new(trust.wrap(stream, options.address)?));
    }
    Ok(Box::new(stream))
}
