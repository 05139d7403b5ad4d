//! From frames to what is under way.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Token;

use super::admission::Admission;
use super::connection::{Connection, Stage};
use super::flights::{Flight, Flights};
use super::requests;
use crate::Problem;
use crate::keys::{Keys, Scope};
use crate::service::{Port, Request};
use crate::wire::{self, Header, Hello, Kind, MAX_BODY_BYTES};

/// What taking a frame changes beside its connection.
pub(super) struct Intake {
    /// What is under way.
    pub flights: Flights,
    /// What was taken in this round, and is to be handed in.
    pub requests: Vec<Request>,
    /// Where answers come.
    pub port: Arc<Port>,
    /// Keys that are being looked at, and for whom.
    pub admissions: HashMap<u64, Token>,
    admission: Admission,
    deadline: Duration,
}

impl Intake {
    pub fn new(port: Arc<Port>, keys: Keys, deadline: Duration) -> Self {
        Self {
            flights: Flights::default(),
            requests: Vec::new(),
            admission: Admission::new(keys, Arc::clone(&port)),
            port,
            admissions: HashMap::new(),
            deadline,
        }
    }

    /// Takes a frame: a hello, or a request that is handed in with the others of this round.
    pub fn take(
        &mut self,
        token: Token,
        connection: &mut Connection,
        header: &Header,
        body: &[u8],
        now: Instant,
    ) -> Result<(), Problem> {
        let Stage::Admitted(scope) = connection.stage else {
            return self.hello(token, connection, header, body);
        };
        let deadline = match header.deadline_ms {
            0 => self.deadline,
            milliseconds => Duration::from_millis(milliseconds.into()).min(self.deadline),
        };
        let deadline = now + deadline;
        let tag = self.flights.next();
        match requests::request(header, body, scope, deadline, &self.port, tag) {
            Ok(request) => {
                let claim = request.claim.clone();
                // Some hundred bytes, beside the events, for whatever keeps a request.
                let bytes = body.len() + 256;
                connection.flights += 1;
                connection.flight_bytes += bytes;
                let (request_number, kind) = (header.request, header.kind);
                self.flights.add(
                    tag,
                    Flight { token, request: request_number, kind, claim, deadline, bytes },
                );
                self.requests.push(request);
            }
            Err(problem) => {
                requests::refused(header.request, header.kind, &problem, &mut connection.output);
            }
        }
        Ok(())
    }

    fn hello(
        &mut self,
        token: Token,
        connection: &mut Connection,
        header: &Header,
        body: &[u8],
    ) -> Result<(), Problem> {
        if header.kind != Kind::Hello as u16 {
            return Err(Problem::BadFrame("the first frame of a connection is a hello".to_owned()));
        }
        let tag = self.flights.next();
        // What is no text is nobody's key.
        let key = std::str::from_utf8(body).unwrap_or("?");
        match self.admission.ask(key, tag) {
            Some(admitted) => greet(connection, header.request, admitted),
            None => {
                connection.stage = Stage::Asked { request: header.request, tag };
                self.admissions.insert(tag, token);
            }
        }
        Ok(())
    }
}

/// Answers a hello.
pub(super) fn greet(connection: &mut Connection, request: u64, admitted: Result<Scope, Problem>) {
    let kind = Kind::Hello as u16;
    match admitted {
        Ok(scope) => {
            connection.stage = Stage::Admitted(scope);
            let at = wire::begin(&mut connection.output, request, kind, 0, 0);
            let max_events = ledger::model::MAX_EVENTS as u32;
            let hello = Hello { max_body: MAX_BODY_BYTES as u32, max_events, scope };
            hello.encode(&mut connection.output);
            wire::finish(&mut connection.output, at, 0);
        }
        Err(problem) => {
            connection.stage = Stage::Silent;
            requests::refused(request, kind, &problem, &mut connection.output);
            connection.close_politely();
        }
    }
}
