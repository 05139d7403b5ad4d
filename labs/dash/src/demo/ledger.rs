//! `ledger_api`, and money that moves.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ledger::archive::LsmArchive;
use ledger::disk::RealDisk;
use ledger::model::{Account, Ledger as Book, Transfer};
use ledger::money::{Amount, Currency};
use ledger::{Node, NodeOptions};
use ledger_api::client::{Client, ClientOptions};
use ledger_api::http::{self, HttpOptions};
use ledger_api::keys::Keys;
use ledger_api::metrics::Metrics;
use ledger_api::service::{Service, ServiceOptions};
use ledger_api::tcp::{TcpOptions, TcpServer};

use super::serve::Serving;
use crate::pace::Paced;
use crate::{Error, Result};

const PART: &str = "ledger";
const ACCOUNTS: u128 = 50;
/// Transfers of a batch, and how often there is one: two thousand a second.
const BATCH: u128 = 40;
const EVERY: Duration = Duration::from_millis(20);
/// Entries in memory, few, so that the archive has work: with the buffer of its database, a flush every few seconds.
const GENERATION: usize = 2_048;
const BUFFER: usize = 1 << 18;

/// A ledger under load. Its parts end in the order in which they stand here: load, faces, ledger.
pub struct Ledger {
    _load: Paced,
    web: Serving,
    _binary: TcpServer,
    _service: Service,
}

impl Ledger {
    pub fn start(address: SocketAddr, directory: &Path) -> Result<Self> {
        let failed = Error::demo(PART);
        let disk = RealDisk::open(directory).map_err(&failed)?;
        let options = LsmArchive::options().write_buffer_bytes(BUFFER);
        let archive = LsmArchive::open(directory.join("archive"), options).map_err(&failed)?;
        let archive = Arc::new(archive);
        let options = NodeOptions {
            segment_bytes: 4 << 20,
            generation_entries: GENERATION,
            ..NodeOptions::default()
        };
        let (node, _) = Node::open(Arc::new(disk), archive.clone(), options).map_err(&failed)?;
        let metrics = Arc::new(Metrics::default());
        metrics.watch_archive(archive);
        let service = Service::start(node, ServiceOptions::default(), Arc::clone(&metrics));
        let service = service.map_err(&failed)?;
        let desk = service.desk();
        let socket = std::net::TcpListener::bind((address.ip(), 0)).map_err(Error::demo(PART))?;
        let (keys, counted) = (Keys::open(), Arc::clone(&metrics));
        let binary = TcpServer::start(socket, desk.clone(), keys, counted, TcpOptions::default());
        let binary = binary.map_err(Error::demo(PART))?;
        let router = http::router(desk, Keys::open(), metrics, HttpOptions::default());
        let web = Serving::start(PART, address, |listener, stop| {
            http::serve(listener, router, http::Server::default(), stop)
        })?;
        let load = load(Client::new(ClientOptions::new(binary.address())))?;
        Ok(Self { _load: load, web, _binary: binary, _service: service })
    }

    pub fn address(&self) -> SocketAddr {
        self.web.address()
    }
}

fn load(client: Client) -> Result<Paced> {
    let failed = Error::demo(PART);
    let currency = Currency::new("EUR", 2).map_err(Error::demo(PART))?;
    client.create_ledgers(&[Book { id: 1, currency }]).map_err(&failed)?;
    let account = |id| Account { id, ledger: 1, code: 1, ..Account::default() };
    client.create_accounts(&(1..=ACCOUNTS).map(account).collect::<Vec<_>>()).map_err(&failed)?;
    let one = Amount::new(1).ok_or_else(|| Error::demo(PART)("one cent is too much"))?;
    Paced::start("load: ledger", EVERY, move |number| {
        let transfers: Vec<Transfer> = (0..BATCH)
            .map(|at| {
                let id = u128::from(number) * BATCH + at + 1;
                // The last one of each batch goes to an account that there is not.
                let other =
                    if at + 1 == BATCH { ACCOUNTS + 1 } else { (id + 1 + at % 7) % ACCOUNTS + 1 };
                Transfer {
                    id,
                    debit_account_id: id % ACCOUNTS + 1,
                    credit_account_id: other,
                    amount: one,
                    ledger: 1,
                    code: 1,
                    ..Transfer::default()
                }
            })
            .collect();
        // A ledger that has stopped shows on the page.
        let _ = client.create_transfers(&transfers);
    })
}
