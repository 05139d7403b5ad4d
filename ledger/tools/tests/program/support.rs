//! Directories, servers, and the program.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use ledger::{
    Node, NodeOptions,
    archive::LsmArchive,
    disk::RealDisk,
    model::{
        Account, Batch, Ledger, Leg, Metadata, Posting, Side, Transaction, Transfer, TransferFlags,
    },
    money::{Amount, Currency},
};
use ledger_api::{
    http::{self, HttpOptions},
    keys::Keys,
    metrics::Metrics,
    service::{Service, ServiceOptions},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

pub const NOW: u64 = 1_700_000_000_000_000_000;
const SECOND: u64 = 1_000_000_000;

/// A directory with every kind of change in it, and generations that went to the archive.
pub fn fill(dir: &Path) {
    let (mut node, _) = open(dir);
    furnish(&mut node);
    node.close().unwrap();
}

/// A node over a directory.
pub fn open(dir: &Path) -> (Node, ledger::Recovery) {
    let disk = RealDisk::open(dir).unwrap();
    let archive = LsmArchive::open(dir.join("archive"), LsmArchive::options()).unwrap();
    let options = NodeOptions {
        generation_entries: 40,
        background: false,
        segment_bytes: 256 << 10,
        ..NodeOptions::default()
    };
    Node::open(Arc::new(disk), Arc::new(archive), options).unwrap()
}

fn furnish(node: &mut Node) {
    let ledger =
        |id, code, exponent| Ledger { id, currency: Currency::new(code, exponent).unwrap() };
    let account = |id: u128| Account {
        id,
        ledger: if id > 10 { 2 } else { 1 },
        code: 1,
        ..Account::default()
    };
    node.commit(
        NOW,
        &[
            Batch::Ledgers(vec![ledger(1, "EUR", 2), ledger(2, "JPY", 0)]),
            Batch::Accounts((1..=14).map(account).collect()),
        ],
    )
    .unwrap();
    for round in 0..60_u128 {
        commit_round(node, round);
    }
}

/// Every kind of change, in two operations (and what time has made expire).
pub fn commit_round(node: &mut Node, round: u128) {
    let transfer = |id: u128, amount: u128| Transfer {
        id,
        debit_account_id: 1 + id % 10,
        credit_account_id: 1 + (id + 3) % 10,
        amount: Amount::new(amount).unwrap(),
        ledger: 1,
        code: 1,
        ..Transfer::default()
    };
    let id = round * 10;
    let clock = NOW + u64::try_from(round).unwrap() * SECOND;
    let resolves = |id, pending_id, amount, flags| Transfer {
        id,
        pending_id,
        amount: Amount::new(amount).unwrap(),
        flags,
        ..Transfer::default()
    };
    let batch = vec![
        transfer(id + 1, 10 + round),
        Transfer { flags: TransferFlags::PENDING, ..transfer(id + 2, 500) },
        Transfer { flags: TransferFlags::PENDING, ..transfer(id + 3, 70) },
        Transfer { flags: TransferFlags::PENDING, timeout: 2, ..transfer(id + 4, 9) },
        Transfer { flags: TransferFlags::PENDING, ..transfer(id + 5, 1) },
        resolves(id + 6, id + 2, 300, TransferFlags::POST_PENDING),
        resolves(id + 7, id + 3, 0, TransferFlags::VOID_PENDING),
        // Refused, and remembered.
        Transfer { credit_account_id: 99, ..transfer(id + 8, 1) },
    ];
    let leg =
        |account_id, side, amount| Leg { account_id, side, amount: Amount::new(amount).unwrap() };
    let transaction = Transaction {
        id: id + 9,
        posting: Posting::Legs(vec![
            leg(1, Side::Debit, 30),
            leg(2, Side::Credit, 10),
            leg(3, Side::Credit, 20),
            leg(11, Side::Debit, 7),
            leg(12, Side::Credit, 7),
        ]),
        user_data_128: 0,
        user_data_64: 0,
        user_data_32: 0,
        code: 2,
        linked: false,
        metadata: Metadata::default(),
        timestamp: 0,
    };
    node.commit(clock, &[Batch::Transfers(batch), Batch::Transactions(vec![transaction])]).unwrap();
}

pub fn ledger(arguments: &[&str]) -> (Option<i32>, Value) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ledger")).args(arguments).arg("--json").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (
        output.status.code(),
        serde_json::from_str(&said)
            .unwrap_or(Value::String(String::from_utf8(output.stderr).unwrap())),
    )
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// All changes of a directory.
#[cfg(feature = "kafka")]
pub fn changes(dir: &Path) -> Vec<ledger::query::Change> {
    let (node, _) = open(dir);
    let all = node.changes(1, usize::MAX).unwrap().changes;
    node.close().unwrap();
    all
}

/// The HTTP face of a server over a directory, in this process.
pub struct Running {
    pub url: String,
    service: Option<Service>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub fn start(dir: &Path, keys: Keys) -> Self {
        let metrics = Arc::new(Metrics::default());
        let (node, _) = open(dir);
        let service = Service::start(node, ServiceOptions::default(), Arc::clone(&metrics));
        let service = service.unwrap();
        let router = http::router(service.desk(), keys, metrics, HttpOptions::default());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = mpsc::channel::<SocketAddr>();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let stop = async { drop(stopped.await) };
                http::serve(listener, router, http::Server::default(), stop).await;
            });
        });
        let url = format!("http://{}", told.recv().unwrap());
        Self { url, service: Some(service), stop: Some(stop), thread: Some(thread) }
    }

    /// A transfer of 5 from account 1 to 2.
    pub fn transfer(&self, id: u128) {
        let body = serde_json::json!({
            "id": id.to_string(), "debit_account_id": "1", "credit_account_id": "2", "amount": "5", "ledger": 1, "code": 1,
        });
        let answer = ureq::post(format!("{}/v1/transfers", self.url))
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .unwrap();
        assert!(answer.status().is_success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let service = self.service.take();
        if let Some(service) = &service {
            service.desk().drain();
        }
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        if let Some(service) = service {
            service.stop().unwrap();
        }
    }
}

/// The program, until it is told to end: what it said then.
pub struct Child(std::process::Child);

impl Child {
    pub fn start(arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_ledger"))
            .args(arguments)
            .arg("--json")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    /// As ctrl-C does.
    pub fn interrupt(mut self) -> Value {
        kill_process(Pid::from_child(&self.0), Signal::INT).unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(self.0.stdout.as_mut().unwrap(), &mut said).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(0), "{said}");
        serde_json::from_str(&said).unwrap()
    }

    #[cfg(feature = "kafka")]
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is so. Whether it ever is decides the test, not when.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(120);
    while !is() {
        assert!(std::time::Instant::now() < end, "{what}: not in two minutes");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// An address that stays, and leads to one server after another.
pub struct Front {
    pub url: String,
    proxy: queue_chaos::proxy::Proxy,
}

impl Front {
    pub fn start() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let proxy = queue_chaos::proxy::Proxy::listen(any, nowhere).unwrap();
        Self { url: format!("http://{}", proxy.local_addr()), proxy }
    }

    pub fn lead_to(&self, url: &str) {
        self.proxy.set_upstream(url.strip_prefix("http://").unwrap().parse().unwrap());
    }
}
