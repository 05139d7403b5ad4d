//! A client that threads share.
//!
//! There is no thread of its own: whoever finds a connection free takes what waits, of everybody, sends it as one batch, and hands the answers out. While a
//! batch is under way the next one gathers by itself: the busier, the larger, and the cheaper each event.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::model::{Batch, MAX_EVENTS, Reply};
use parking_lot::{Condvar, Mutex};

use super::calls::{self, Call};
use super::{ClientError, ClientOptions, Connection};
use crate::Problem;

/// The first and the longest pause before asking again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// A server, for any number of threads. Cheap to clone.
///
/// Whatever fails on the way (the connection, a full queue, a deadline) is asked again with the same ids, for as long as
/// [`ClientOptions::patience`] says. What had happened the first time is then answered as [`Code::Exists`](ledger::model::Code::Exists), with the same
/// timestamp and balances: [`Code::is_success`](ledger::model::Code::is_success) is what to ask.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    options: ClientOptions,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: VecDeque<Arc<Call>>,
    /// Connections that nobody uses; `None` is one that is not made yet.
    free: Vec<Option<Connection>>,
}

impl Client {
    /// A client of a server. Connects when it is first used.
    #[must_use]
    pub fn new(options: ClientOptions) -> Self {
        let free = (0..options.connections.max(1)).map(|_| None).collect();
        let state = Mutex::new(State { waiting: VecDeque::new(), free });
        Self(Arc::new(Shared { options, state, changed: Condvar::new() }))
    }

    /// Makes a batch happen, together with what other threads ask meanwhile.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. [`Problem::Unknown`] if it gave up without knowing.
    pub fn commit(&self, batch: Batch) -> Result<Reply, ClientError> {
        if batch.is_empty() || batch.len() > MAX_EVENTS {
            let found = format!("{} events, from 1 to {MAX_EVENTS} are possible", batch.len());
            return Err(Problem::TooLarge(found).into());
        }
        let call = Arc::new(Call::new(batch));
        let mut state = self.0.state.lock();
        state.waiting.push_back(Arc::clone(&call));
        loop {
            if let Some(answer) = call.answer() {
                return answer;
            }
            if !state.waiting.is_empty()
                && let Some(mut connection) = state.free.pop()
            {
                let group = calls::gather(&mut state.waiting);
                drop(state);
                self.serve(&mut connection, &group);
                state = self.0.state.lock();
                state.free.push(connection);
                self.0.changed.notify_all();
            } else {
                self.0.changed.wait(&mut state);
            }
        }
    }

    /// Asks something that changes nothing, on a connection that nobody uses.
    pub(super) fn ask<T>(
        &self,
        mut ask: impl FnMut(&mut Connection) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut state = self.0.state.lock();
        let mut connection = loop {
            match state.free.pop() {
                Some(connection) => break connection,
                None => self.0.changed.wait(&mut state),
            }
        };
        drop(state);
        let answer = self.retry(&mut connection, &mut ask);
        self.0.state.lock().free.push(connection);
        self.0.changed.notify_all();
        answer
    }

    /// Sends a group as one batch; one by one if the server says that one of them makes no sense.
    fn serve(&self, connection: &mut Option<Connection>, group: &[Arc<Call>]) {
        let batch = calls::join(group);
        let answer = self.retry(connection, &mut |it| it.commit(&batch));
        match answer {
            Err(ClientError::Problem(problem)) if !problem.is_retried() && group.len() > 1 => {
                for call in group {
                    call.put(self.retry(connection, &mut |it| it.commit(call.batch())));
                }
            }
            answer => calls::hand_out(answer, group),
        }
    }

    /// Tries until it is answered, or patience ends.
    fn retry<T>(
        &self,
        connection: &mut Option<Connection>,
        ask: &mut dyn FnMut(&mut Connection) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let until = Instant::now() + self.0.options.patience;
        let mut pause = PAUSES.0;
        let mut unknown = false;
        loop {
            let made = match connection.take() {
                Some(made) => Ok(made),
                None => Connection::connect(&self.0.options),
            };
            let connected = made.is_ok();
            let failed = match made.map(|mut it| (ask(&mut it), it)) {
                Err(error) => error,
                Ok((answer, it)) => match answer {
                    Err(error @ (ClientError::Connection { .. } | ClientError::Answer(_))) => error,
                    answer => {
                        *connection = Some(it);
                        match answer {
                            Err(error) => error,
                            answer => return answer,
                        }
                    }
                },
            };
            if !failed.is_retried() {
                return Err(failed);
            }
            // A server that refuses says that nothing happened; everything else leaves it open.
            unknown |= connected
                && !matches!(
                    failed,
                    ClientError::Problem(Problem::Busy | Problem::Expired | Problem::Closing)
                );
            if Instant::now() + pause >= until {
                return Err(if unknown { Problem::Unknown.into() } else { failed });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}
