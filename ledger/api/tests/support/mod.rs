//! Servers, and who asks them.
#![allow(dead_code, reason = "not every test needs all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

pub mod frames;
#[cfg(feature = "grpc")]
pub mod transport;
pub mod web;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ledger::archive::MemoryArchive;
use ledger::disk::MemoryDisk;
use ledger::model::{Account, AccountFlags, Ledger, Transfer};
use ledger::money::{Amount, Currency};
use ledger::{Node, NodeOptions};
use ledger_api::client::{Client, ClientOptions};
#[cfg(feature = "grpc")]
use ledger_api::grpc;
use ledger_api::http::{self, HttpOptions};
use ledger_api::keys::{self, Keys, Scope};
use ledger_api::metrics::Metrics;
use ledger_api::service::{Desk, Request, Service, ServiceOptions};
use ledger_api::tcp::{TcpOptions, TcpServer};
use rustix::process::{Pid, Signal, kill_process};

/// What a server in this process is like.
pub struct Setup {
    pub service: ServiceOptions,
    pub tcp: TcpOptions,
    pub http: HttpOptions,
    #[cfg(feature = "grpc")]
    pub grpc: grpc::GrpcOptions,
    #[cfg(feature = "grpc")]
    pub grpc_server: grpc::Server,
    pub keys: Keys,
    pub disk: Arc<MemoryDisk>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            service: ServiceOptions::default(),
            tcp: TcpOptions::default(),
            http: HttpOptions::default(),
            #[cfg(feature = "grpc")]
            grpc: grpc::GrpcOptions::default(),
            #[cfg(feature = "grpc")]
            grpc_server: grpc::Server::default(),
            keys: Keys::open(),
            disk: Arc::new(MemoryDisk::new()),
        }
    }
}

/// A server in this process with a disk in memory, which stops when it is dropped.
pub struct Server {
    pub tcp: SocketAddr,
    pub http: SocketAddr,
    #[cfg(feature = "grpc")]
    pub grpc: SocketAddr,
    pub desk: Desk,
    pub disk: Arc<MemoryDisk>,
    binary: Option<TcpServer>,
    service: Option<Service>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Small segments: a disk in memory need not hold 64 MiB of zeros.
pub fn node_options() -> NodeOptions {
    NodeOptions { segment_bytes: 4 << 20, ..NodeOptions::default() }
}

impl Server {
    pub fn start() -> Self {
        Self::with(Setup::default())
    }

    pub fn with(setup: Setup) -> Self {
        let archive = Arc::new(MemoryArchive::new());
        let disk = Arc::clone(&setup.disk);
        let (node, _) = Node::open(setup.disk, archive, node_options()).unwrap();
        let metrics = Arc::new(Metrics::default());
        let service = Service::start(node, setup.service, Arc::clone(&metrics)).unwrap();
        let desk = service.desk();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (keys, counted) = (setup.keys.clone(), Arc::clone(&metrics));
        let binary = TcpServer::start(listener, desk.clone(), keys, counted, setup.tcp).unwrap();
        #[cfg(feature = "grpc")]
        let face = grpc::Grpc::new(
            desk.clone(),
            setup.keys.clone(),
            Arc::clone(&metrics),
            setup.grpc.clone(),
        );
        #[cfg(feature = "grpc")]
        let grpc_server = setup.grpc_server.clone();
        #[cfg(feature = "grpc")]
        let called = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        #[cfg(feature = "grpc")]
        let grpc_address = called.local_addr().unwrap();
        #[cfg(feature = "grpc")]
        called.set_nonblocking(true).unwrap();
        #[cfg(feature = "grpc")]
        let drained = desk.clone();
        let router = http::router(desk.clone(), setup.keys, metrics, setup.http);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let stop = async { drop(stopped.await) };
                let web = http::serve(listener, router, http::Server::default(), stop);
                #[cfg(feature = "grpc")]
                {
                    let called = tokio::net::TcpListener::from_std(called).unwrap();
                    let stop = async move { drained.drained().await };
                    tokio::join!(web, grpc::serve(called, face, grpc_server, stop));
                }
                #[cfg(not(feature = "grpc"))]
                web.await;
            });
        });
        Self {
            tcp: binary.address(),
            http: told.recv().unwrap(),
            #[cfg(feature = "grpc")]
            grpc: grpc_address,
            desk,
            disk,
            binary: Some(binary),
            service: Some(service),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// With a ledger of euros (1), one of yen (2), and accounts: 1 to 4 plain, 5 without overdraft, 6 closed, all in 1; 21 and 22 in 2.
    pub fn with_accounts(setup: Setup) -> Self {
        let server = Self::with(setup);
        furnish(&server.client());
        server
    }

    pub fn options(&self) -> ClientOptions {
        ClientOptions::new(self.tcp)
            .patience(Duration::from_secs(600))
            .deadline(Duration::from_secs(600))
    }

    pub fn client(&self) -> Client {
        Client::new(self.options())
    }

    pub fn web(&self) -> web::Web {
        web::Web::new(self.http)
    }

    /// Stops the binary face in order, and then the ledger.
    pub fn stop(&mut self) -> ledger::Result<()> {
        self.desk.drain();
        drop(self.stop.take());
        drop(self.binary.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        self.service.take().map_or(Ok(()), Service::stop)
    }

    /// Stops the ledger's thread in its tracks until the gate is opened; returns when it stands.
    pub fn hold(&self) -> Gate {
        let (open, opened) = mpsc::channel::<()>();
        let (stands, stood) = mpsc::channel();
        let reading = move |_: Result<&Node, _>| {
            stands.send(()).unwrap();
            // Also if the gate is dropped.
            let _ = opened.recv();
        };
        self.desk.submit(std::iter::once(Request::read(Box::new(reading), None)));
        stood.recv().unwrap();
        Gate(open)
    }
}

/// Lets the ledger's thread go on when it is dropped.
pub struct Gate(mpsc::Sender<()>);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Makes the ledgers and accounts of [`Server::with_accounts`].
pub fn furnish(client: &Client) {
    let ledgers = [
        Ledger { id: 1, currency: Currency::new("EUR", 2).unwrap() },
        Ledger { id: 2, currency: Currency::new("JPY", 0).unwrap() },
    ];
    let account = |id, ledger| Account { id, ledger, code: 1, ..Account::default() };
    let mut accounts: Vec<Account> = (1..=6).map(|id| account(id, 1)).collect();
    accounts[4].flags = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
    accounts[5].flags = AccountFlags::CLOSED;
    accounts.extend([account(21, 2), account(22, 2)]);
    for outcome in client.create_ledgers(&ledgers).unwrap() {
        assert!(outcome.code.is_success(), "{outcome:?}");
    }
    for outcome in client.create_accounts(&accounts).unwrap() {
        assert!(outcome.code.is_success(), "{outcome:?}");
    }
}

/// From now on the disk refuses to sync.
pub fn fail_syncs(disk: &MemoryDisk) {
    use ledger::disk::memory::{Fault, OperationKind};
    let error = Fault::Fail(std::io::ErrorKind::Other);
    disk.on_operation(move |it| (it.kind == OperationKind::Sync).then_some(error));
}

pub fn units(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

/// A transfer of so much from 1 to 2.
pub fn transfer(id: u128, amount: u128) -> Transfer {
    Transfer {
        id,
        debit_account_id: 1,
        credit_account_id: 2,
        amount: units(amount),
        ledger: 1,
        code: 1,
        ..Transfer::default()
    }
}

/// Keys of every scope, in the order of [`Scope::ALL`].
pub fn keys() -> (Keys, Vec<String>) {
    let made = Scope::ALL.map(|scope| keys::create(scope.name(), scope).unwrap());
    let (texts, kept): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    (Keys::new(kept).unwrap(), texts)
}

/// Where the program listens for gRPC, if it can.
pub const GRPC: &str = if cfg!(feature = "grpc") { "127.0.0.1:0" } else { "none" };

/// The program as a child process, which is killed when it is dropped.
pub struct Program {
    pub child: Child,
    pub tcp: SocketAddr,
    pub http: SocketAddr,
    pub grpc: Option<SocketAddr>,
}

impl Program {
    pub fn command(dir: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledger_api"));
        let own = [
            "--http",
            "127.0.0.1:0",
            "--tcp",
            "127.0.0.1:0",
            "--grpc",
            GRPC,
            "--segment",
            "4",
            "--timeout",
            "600",
            "--data",
        ];
        command.args(own).arg(dir).args(arguments);
        command
    }

    pub fn start(dir: &Path, arguments: &[&str]) -> Self {
        let mut child = Self::command(dir, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut tcp, mut http, mut grpc) = (None, None, None);
        for line in lines {
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix("tcp ") {
                tcp = Some(address.parse().unwrap());
            } else if let Some(address) = line.strip_prefix("grpc ") {
                grpc = Some(address.parse().unwrap());
            } else if let Some((scheme, address)) = line.split_once(' ')
                && scheme.starts_with("http")
            {
                http = Some(address.parse().unwrap());
                break;
            }
        }
        let (tcp, http) = (tcp.expect("it did not start"), http.expect("it did not start"));
        Self { child, tcp, http, grpc }
    }

    pub fn client(&self) -> Client {
        // No disk is so slow that a retry is needed: what happened then would be found again, and called so.
        let minutes = Duration::from_secs(600);
        Client::new(ClientOptions::new(self.tcp).deadline(minutes).patience(minutes))
    }

    /// `SIGKILL`, and what is left behind is the kernel's.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `SIGTERM`; returns when it is gone, with its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
