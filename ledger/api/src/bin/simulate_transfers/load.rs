//! Load, and what it measures.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use hdrhistogram::Histogram;
use ledger_api::client::{Client, ClientOptions};

use crate::arguments::{Arguments, Face, Profile};
use crate::face::{Asking, Codes};
use crate::live::Live;
use crate::profile::Requests;
use crate::report::Report;
use crate::{Done, accounts};

/// Sends transfers, and says how that went.
pub fn run(arguments: &Arguments) -> Done {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let address = arguments.server.unwrap_or_else(|| match arguments.face {
        Face::Tcp => local(7070),
        Face::Http => local(7080),
    });
    if arguments.face == Face::Http && arguments.profile == Profile::MultiCurrency {
        return Err("the profile multi-currency is for the binary face".into());
    }
    let setup = Setup::new(arguments, address)?;
    setup.accounts(arguments)?;

    let live = Live::new(arguments.length(), arguments.transfers, arguments.rate);
    let done = AtomicBool::new(false);
    let begun = Instant::now();
    let results = std::thread::scope(|scope| {
        let watcher = (!arguments.json).then(|| scope.spawn(|| live.watch(&done)));
        let workers: Vec<_> = (0..arguments.connections)
            .map(|worker| {
                let (live, setup) = (&live, &setup);
                scope.spawn(move || {
                    let worked = work(arguments, setup, worker.into(), live);
                    if worked.is_err() {
                        live.stop();
                    }
                    worked
                })
            })
            .collect();
        let results: Vec<_> =
            workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        if let Some(watcher) = watcher {
            watcher.thread().unpark();
        }
        results
    });
    let seconds = begun.elapsed().as_secs_f64();
    let mut requests = histogram()?;
    let mut others = Codes::new();
    for result in results {
        let (measured, refused) = result.map_err(|_| "a worker panicked")??;
        requests.add(measured)?;
        for (code, count) in refused {
            *others.entry(code).or_default() += count;
        }
    }
    let balanced = setup.is_balanced()?;
    let report = Report { seconds, transfers: live.total(), requests, others, balanced };
    report.print(arguments);
    if balanced { Ok(()) } else { Err("the trial balance is none".into()) }
}

fn histogram() -> Done<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 3_600_000_000, 3)?)
}

fn work(
    arguments: &Arguments,
    setup: &Setup,
    worker: u64,
    live: &Live,
) -> Done<(Histogram<u64>, Codes)> {
    let mut asking = setup.connect()?;
    let mut requests = Requests::new(arguments, worker);
    let mut measured = histogram()?;
    let mut others = Codes::new();
    loop {
        let batch = requests.next();
        let transfers = batch.len() as u64;
        if !live.goes_on(transfers) {
            return Ok((measured, others));
        }
        let begun = Instant::now();
        asking.ask(&batch, &mut others)?;
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        measured.saturating_record(took);
        live.answered(transfers);
    }
}

/// How to reach the server.
enum Setup {
    Tcp(ClientOptions),
    Http(SocketAddr, String),
}

impl Setup {
    fn new(arguments: &Arguments, address: SocketAddr) -> Done<Self> {
        let key = arguments.api_key();
        Ok(match arguments.face {
            Face::Tcp => {
                // A server that is not there is said soon.
                let patience = std::time::Duration::from_secs(10);
                let deadline = std::time::Duration::from_secs(30);
                Self::Tcp(
                    ClientOptions::new(address).key(key).deadline(deadline).patience(patience),
                )
            }
            Face::Http => Self::Http(address, key),
        })
    }

    fn connect(&self) -> Done<Asking> {
        match self {
            Self::Tcp(options) => Asking::tcp(options),
            Self::Http(address, key) => Asking::http(*address, key),
        }
    }

    fn accounts(&self, arguments: &Arguments) -> Done {
        match self {
            Self::Tcp(options) => {
                let client = Client::new(options.clone());
                let ledgers = if arguments.profile == Profile::MultiCurrency {
                    accounts::LEDGERS.len()
                } else {
                    1
                };
                accounts::create(&client, ledgers, arguments.accounts.into())
            }
            Self::Http(address, key) => {
                let Asking::Http(mut http) = Asking::http(*address, key)? else { return Ok(()) };
                accounts::create_by_http(&mut http, arguments.accounts.into())
            }
        }
    }

    fn is_balanced(&self) -> Done<bool> {
        match self {
            Self::Tcp(options) => {
                let trials = Client::new(options.clone()).trial_balance()?;
                Ok(trials.iter().all(|it| it.totals.are_balanced()))
            }
            Self::Http(address, key) => {
                let Asking::Http(mut http) = Asking::http(*address, key)? else { return Ok(false) };
                let (_, body) = http.send("GET", "/v1/trial-balance", "")?;
                let trial: serde_json::Value = serde_json::from_slice(&body)?;
                Ok(trial.get("balanced").and_then(serde_json::Value::as_bool) == Some(true))
            }
        }
    }
}
