//! From the command line to a server, until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::archive::{Archive, LsmArchive};
use ledger::disk::RealDisk;
use ledger::{Node, NodeOptions};
#[cfg(feature = "grpc")]
use ledger_api::grpc;
use ledger_api::http::{self, HttpOptions};
use ledger_api::keys::{self, Keys};
use ledger_api::metrics::Metrics;
use ledger_api::service::{Desk, Service, ServiceOptions};
use ledger_api::tcp::{TcpOptions, TcpServer};

use super::arguments::Serve;
use super::log;
use crate::Done;

/// Serves until SIGINT or SIGTERM, or until the ledger stops.
pub fn serve(serve: Serve) -> Done {
    let keys = match &serve.keys {
        Some(file) => Keys::new(keys::read(file)?)?,
        None => Keys::open(),
    };
    let faces = Faces::new(&serve)?;
    for address in [Some(serve.tcp), Some(serve.http), serve.grpc.0].into_iter().flatten() {
        may_listen(address, &keys, faces.has_tls(), serve.insecure)?;
    }
    // Before the directory is touched: a port that is taken is said at once.
    let bind = |address: SocketAddr| {
        std::net::TcpListener::bind(address)
            .map_err(|it| format!("cannot listen on {address}: {it}"))
    };
    let sockets = Sockets {
        tcp: bind(serve.tcp)?,
        web: bind(serve.http)?,
        #[cfg(feature = "grpc")]
        grpc: serve.grpc.0.map(bind).transpose()?,
    };

    let (node, archive) = open(&serve)?;
    let metrics = Arc::new(Metrics::default());
    metrics.watch_archive(Arc::clone(&archive));
    let mut options = ServiceOptions::default();
    options.max_requests = serve.max_requests;
    let service = Service::start(node, options, Arc::clone(&metrics))?;
    let ended = run(&serve, faces, keys, &service, metrics, sockets);
    // In any case: what was acknowledged is durable, and a checkpoint makes the next start fast.
    let stopped = service.stop();
    ended?;
    stopped?;
    // The ledger is gone, so nobody else has it: the next start need not read all ids.
    if let Some(archive) = Arc::into_inner(archive) {
        archive.close()?;
    }
    log::info("stopped", &[]);
    Ok(())
}

/// Keys keep others out, TLS keeps what they say from being read on the way.
fn may_listen(address: SocketAddr, keys: &Keys, tls: bool, insecure: bool) -> Done {
    if address.ip().is_loopback() || insecure || (tls && !keys.is_open()) {
        return Ok(());
    }
    let missing = match (keys.is_open(), tls) {
        (true, true) => "API keys (--keys)",
        (false, _) => "TLS (--tls-certificate and --tls-key, in a build with the feature tls)",
        (true, false) => {
            "API keys (--keys) and TLS (--tls-certificate and --tls-key, in a build with the feature tls)"
        }
    };
    Err(format!(
        "{address} can be reached from other machines, and that takes {missing}; or say --insecure"
    )
    .into())
}

fn open(serve: &Serve) -> Done<(Node, Arc<LsmArchive>)> {
    let disk = Arc::new(RealDisk::open(&serve.data)?);
    let begun = Instant::now();
    let archive = Arc::new(LsmArchive::open(serve.data.join("archive"), LsmArchive::options())?);
    let options = NodeOptions {
        segment_bytes: serve.segment << 20,
        generation_entries: serve.generation as usize,
        ..NodeOptions::default()
    };
    let archive_took = begun.elapsed();
    let (node, recovery) = Node::open(disk, Arc::clone(&archive) as Arc<dyn Archive>, options)?;
    let took = begun.elapsed();
    let snapshot = recovery.snapshot.map_or(0, |it| it.op);
    log::info(
        "opened",
        &[
            ("data", &serve.data.display()),
            ("op", &recovery.tail.op),
            ("snapshot_op", &snapshot),
            ("replayed", &recovery.replayed),
            ("torn_end", &recovery.trimmed.is_some()),
            ("accounts", &node.state().accounts().len()),
            ("archive_ms", &archive_took.as_millis()),
            ("log_ms", &(took - archive_took).as_millis()),
        ],
    );
    for damaged in &recovery.passed_over {
        log::error("a snapshot is damaged; the log made up for it", &[("snapshot", damaged)]);
    }
    Ok((node, archive))
}

/// Where the faces listen.
struct Sockets {
    tcp: std::net::TcpListener,
    web: std::net::TcpListener,
    #[cfg(feature = "grpc")]
    grpc: Option<std::net::TcpListener>,
}

/// What the faces share.
struct Faces {
    #[cfg(feature = "tls")]
    tls: Option<ledger_api::Tls>,
}

impl Faces {
    #[cfg(feature = "tls")]
    fn new(serve: &Serve) -> Done<Self> {
        let both = serve.tls_certificate.as_ref().zip(serve.tls_key.as_ref());
        let tls =
            both.map(|(certificate, key)| ledger_api::Tls::read(certificate, key)).transpose()?;
        Ok(Self { tls })
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unnecessary_wraps, reason = "as with TLS")]
    fn new(_: &Serve) -> Done<Self> {
        Ok(Self {})
    }

    fn has_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    fn tcp(&self, serve: &Serve) -> TcpOptions {
        let mut options = TcpOptions::default();
        options.deadline = Duration::from_secs(serve.timeout);
        #[cfg(feature = "tls")]
        options.tls.clone_from(&self.tls);
        options
    }

    #[cfg(feature = "grpc")]
    fn grpc(serve: &Serve, desk: Desk, keys: Keys, metrics: Arc<Metrics>) -> grpc::Grpc {
        let mut options = grpc::GrpcOptions::default();
        options.timeout = Duration::from_secs(serve.timeout);
        options.log = |line| log::error("request failed", &[("what", &line)]);
        grpc::Grpc::new(desk, keys, metrics, options)
    }

    #[cfg(feature = "grpc")]
    fn grpc_server(&self) -> grpc::Server {
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "as with TLS"))]
        let mut server = grpc::Server::default();
        #[cfg(feature = "tls")]
        server.tls.clone_from(&self.tls);
        server
    }

    fn http(&self) -> http::Server {
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "as with TLS"))]
        let mut server = http::Server::default();
        #[cfg(feature = "tls")]
        server.tls.clone_from(&self.tls);
        server
    }
}

fn run(
    serve: &Serve,
    faces: Faces,
    keys: Keys,
    service: &Service,
    metrics: Arc<Metrics>,
    sockets: Sockets,
) -> Done {
    let desk = service.desk();
    let counted = Arc::clone(&metrics);
    let options = faces.tcp(serve);
    let binary = TcpServer::start(sockets.tcp, desk.clone(), keys.clone(), counted, options)?;
    let mut options = HttpOptions::default();
    options.timeout = Duration::from_secs(serve.timeout);
    options.log = |line| log::error("request failed", &[("what", &line)]);
    let router = http::router(desk.clone(), keys.clone(), Arc::clone(&metrics), options);
    #[cfg(feature = "grpc")]
    let face = Faces::grpc(serve, desk.clone(), keys.clone(), metrics);

    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    runtime.block_on(async {
        let listener = asynchronous(sockets.web)?;
        let address = listener.local_addr()?;
        let stop = stopped(&desk)?;
        let scheme = if faces.has_tls() { "https" } else { "http" };
        let keys = if keys.is_open() {
            "none: everybody on this machine may do everything"
        } else {
            "required"
        };
        log::print(&format!("data {}", serve.data.display()));
        log::print(&format!("tcp {}", binary.address()));
        #[cfg(feature = "grpc")]
        let called = sockets.grpc.map(asynchronous).transpose()?;
        #[cfg(feature = "grpc")]
        if let Some(listener) = &called {
            let address = listener.local_addr()?;
            log::print(&format!("grpc {address}"));
            log::info("listening", &[("grpc", &address)]);
        }
        log::print(&format!("{scheme} {address}"));
        log::info("listening", &[("tcp", &binary.address()), (scheme, &address), ("keys", &keys)]);
        let web = http::serve(listener, router, faces.http(), stop);
        #[cfg(feature = "grpc")]
        if let Some(listener) = called {
            let stop = {
                let desk = desk.clone();
                async move { desk.drained().await }
            };
            let calls = grpc::serve(listener, face, faces.grpc_server(), stop);
            tokio::join!(web, calls);
            return Ok(());
        }
        web.await;
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    log::info("stopping", &[]);
    binary.stop();
    Ok(())
}

fn asynchronous(listener: std::net::TcpListener) -> std::io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

/// Done at SIGINT or SIGTERM, which are listened to from the call on, or when the ledger's thread has ended.
fn stopped(desk: &Desk) -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let desk = desk.clone();
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = desk.ended() => {}
        }
        desk.drain();
    })
}
