//! Clients that ask as fast as they are answered.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger::codec::{TRANSFER_OUTCOME_BYTES, transfer_bytes};
use ledger::model::MAX_EVENTS;
use ledger_api::client::Connection;
use ledger_api::wire::{Header, Kind};

use super::Result;
use super::http::Web;
use super::requests::{Accounts, Requests};
use super::server::Server;

/// How many batches each connection has under way: while one group is made durable, the next one is there.
const PIPELINED: usize = 4;

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Full batches, 2 connections, some under way on each.
    Batches,
    /// One transfer at a time on each of 16 connections.
    Singles,
    /// The same as JSON over HTTP.
    Http,
}

impl Shape {
    fn connections(self) -> u64 {
        match self {
            Self::Batches => 2,
            Self::Singles | Self::Http => 16,
        }
    }
}

/// What became of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Transfers that were acknowledged.
    pub transfers: u64,
    /// What they came to.
    pub amount: u128,
    /// What was asked for besides, and not answered: only if the server was killed.
    pub unanswered: u128,
    /// From the first request to the last answer.
    pub seconds: f64,
}

impl Tally {
    /// Transfers a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.transfers as f64 / self.seconds.max(f64::EPSILON)
    }
}

/// What whoever watches a load can see and say.
#[derive(Debug, Default)]
pub struct Course {
    acknowledged: AtomicU64,
    stop: AtomicBool,
    killed: AtomicBool,
}

impl Course {
    /// How many transfers were acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// From now on nobody wonders if the server is gone.
    pub fn expect_kill(&self) {
        self.killed.store(true, Ordering::Release);
    }

    /// Whether all clients have ended, or somebody wants them to.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Asks until `watch` returns; then for nothing more, and waits for the answers. `first` numbers the clients: the same ones ask the same again.
///
/// # Errors
/// A client's: any answer but success; a connection that is lost, unless a kill was expected. What `watch` says.
pub fn run(
    server: &Server,
    shape: Shape,
    accounts: Accounts,
    first: u64,
    watch: impl FnOnce(&Course) -> Result<()>,
) -> Result<Tally> {
    let course = Course::default();
    let mut clients = Vec::new();
    for number in 0..shape.connections() {
        let client = match shape {
            Shape::Batches => Client::Batches(server.connect()?),
            Shape::Singles => Client::Single(server.connect()?),
            Shape::Http => Client::Http(Web::connect(server.ready.http)?),
        };
        clients.push((client, Requests::new(accounts, first + number)));
    }
    let begun = Instant::now();
    let tallies: Vec<Result<Tally>> = std::thread::scope(|scope| {
        let ask = |(mut client, mut requests): (Client, Requests)| {
            let course = &course;
            scope.spawn(move || {
                let mut tally = Tally::default();
                let asked = client.ask(&mut requests, course, &mut tally);
                if asked.is_err() {
                    course.stop.store(true, Ordering::Release);
                }
                match asked {
                    Err(error) if !course.killed.load(Ordering::Acquire) => Err(error),
                    _ => Ok(tally),
                }
            })
        };
        let threads: Vec<_> = clients.into_iter().map(ask).collect();
        let watched = watch(&course);
        course.stop.store(true, Ordering::Release);
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<Tally>>| match thread.join() {
            Ok(tally) => tally,
            Err(_) => Err("a client panicked".into()),
        };
        let mut tallies: Vec<Result<Tally>> = threads.into_iter().map(join).collect();
        tallies.extend(watched.err().map(Err));
        tallies
    });
    let mut total = Tally { seconds: begun.elapsed().as_secs_f64(), ..Tally::default() };
    for tally in tallies {
        let tally = tally?;
        total.transfers += tally.transfers;
        total.amount += tally.amount;
        total.unanswered += tally.unanswered;
    }
    Ok(total)
}

/// A watch that waits.
pub fn for_a_while(time: Duration) -> impl FnOnce(&Course) -> Result<()> {
    move |course| {
        let begun = Instant::now();
        while begun.elapsed() < time && !course.is_over() {
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// A client of one thread.
enum Client {
    Batches(Connection),
    Single(Connection),
    Http(Web),
}

impl Client {
    fn ask(&mut self, requests: &mut Requests, course: &Course, tally: &mut Tally) -> Result<()> {
        let goes_on = || !course.stop.load(Ordering::Relaxed);
        match self {
            Self::Batches(connection) => batches(connection, requests, course, tally),
            Self::Single(connection) => {
                while goes_on() {
                    let transfer = requests.transfer();
                    tally.unanswered = transfer.amount.get();
                    connection.send(Kind::Transfers, 1, |out| {
                        out.extend_from_slice(&transfer_bytes(&transfer));
                    });
                    connection.receive(|header, body| all_well(header, body, 1))?.answer??;
                    tally.acknowledge(course, 1, transfer.amount.get());
                }
                Ok(())
            }
            Self::Http(web) => {
                while goes_on() {
                    let transfer = requests.transfer();
                    tally.unanswered = transfer.amount.get();
                    web.transfer(&transfer)?;
                    tally.acknowledge(course, 1, transfer.amount.get());
                }
                Ok(())
            }
        }
    }
}

impl Tally {
    fn acknowledge(&mut self, course: &Course, transfers: u64, amount: u128) {
        self.transfers += transfers;
        self.amount += amount;
        self.unanswered -= amount;
        course.acknowledged.fetch_add(transfers, Ordering::Relaxed);
    }
}

fn batches(
    connection: &mut Connection,
    requests: &mut Requests,
    course: &Course,
    tally: &mut Tally,
) -> Result<()> {
    let mut under_way: VecDeque<(u64, u128)> = VecDeque::new();
    loop {
        while under_way.len() < PIPELINED && !course.stop.load(Ordering::Relaxed) {
            let mut amount = 0;
            let number = connection.send(Kind::Transfers, MAX_EVENTS as u32, |out| {
                out.reserve(MAX_EVENTS * 128);
                for _ in 0..MAX_EVENTS {
                    let transfer = requests.transfer();
                    amount += transfer.amount.get();
                    out.extend_from_slice(&transfer_bytes(&transfer));
                }
            });
            under_way.push_back((number, amount));
            tally.unanswered += amount;
            connection.flush()?;
        }
        if under_way.is_empty() {
            return Ok(());
        }
        let received = connection.receive(|header, body| all_well(header, body, MAX_EVENTS))?;
        received.answer??;
        let at = under_way.iter().position(|(number, _)| *number == received.request);
        let Some((_, amount)) = at.and_then(|at| under_way.remove(at)) else {
            return Err(format!(
                "an answer to request {}, which is not under way",
                received.request
            )
            .into());
        };
        tally.acknowledge(course, MAX_EVENTS as u64, amount);
    }
}

/// Whether so many transfers were answered, all of them with success.
fn all_well(header: &Header, body: &[u8], transfers: usize) -> Result<()> {
    let (outcomes, rest) = body.as_chunks::<TRANSFER_OUTCOME_BYTES>();
    if header.count as usize != transfers || outcomes.len() != transfers || !rest.is_empty() {
        return Err(format!("{} bytes answer {transfers} transfers", body.len()).into());
    }
    // The code is in front; 0 is success.
    match outcomes.iter().find(|outcome| outcome[..2] != [0, 0]) {
        None => Ok(()),
        Some(refused) => {
            let code = u16::from_le_bytes([refused[0], refused[1]]);
            Err(format!("a transfer was refused with code {code}").into())
        }
    }
}
