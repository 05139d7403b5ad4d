//! The program: `dash --help`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use dash::board::{Board, BoardOptions, Watch};
use dash::demo::{Demo, DemoOptions};
use dash::panels::Dashboard;
use dash::target::{DEFAULTS, Target};
use dash::{Error, Result, grafana, http, lab};
use schema_registry::http::Server;

const EXAMPLES: &str = "\
Examples:
  dash --demo                                       our servers under load, in this process, and the page
  dash                                              ledger_api, schema-registry and `queue-chaos lag --listen` at their usual ports
  dash --target ledger=http://127.0.0.1:7080/metrics

Exit codes: 0 stopped by ctrl-C; 1 it could not start; 2 wrong arguments.";

/// One page of live figures: throughput, lag, replication, flushes and compactions, the registry, the ledger.
#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the panels as Grafana's dashboard: what docker/dashboards/ml-systems.json is.
    Grafana,
    /// Lab M1: the demo for a while, and what the panels have shown.
    Lab {
        /// For how long, in seconds.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: u64,
        /// Where its files go.
        #[arg(long, default_value = "out/lab/M1", value_name = "DIRECTORY")]
        out: PathBuf,
    },
}

#[derive(Args)]
struct Serve {
    /// Where the page is. Port 0 is any that is free; the address is printed.
    #[arg(long, default_value = "127.0.0.1:7000", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Listen where other machines reach it: nobody is asked for a password, and whoever looks sees all figures and the URLs of their servers.
    #[arg(long)]
    insecure: bool,
    /// What to scrape, instead of our servers at their usual ports. May be given several times.
    #[arg(long, value_name = "NAME=URL")]
    target: Vec<Target>,
    /// How often to scrape, in milliseconds.
    #[arg(long, default_value_t = 2_000, value_name = "MS", value_parser = clap::value_parser!(u64).range(100..=60_000))]
    every: u64,
    /// Start our servers in this process, at their usual ports, with some load, and a fault now and then.
    #[arg(long)]
    demo: bool,
    /// The demo's servers at ports that are free.
    #[arg(long, requires = "demo")]
    any_port: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => serve(&cli.serve),
        Some(Command::Grafana) => {
            Dashboard::built_in().map(|it| print(grafana::dashboard(&it).trim_end()))
        }
        Some(Command::Lab { seconds, out }) => {
            lab::run(&out, Duration::from_secs(seconds), |event| print(&event.to_string()))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "dash: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the program is asked for. Whoever read it may be gone, which is no reason to end.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn serve(serve: &Serve) -> Result<()> {
    if !serve.listen.ip().is_loopback() && !serve.insecure {
        return Err(Error::Exposed { address: serve.listen });
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(Error::io("start a runtime"))?;
    let _inside = runtime.enter();
    // From here on: who presses ctrl-C while the demo starts ends it in order, too.
    let stop = stopped().map_err(Error::io("listen to signals"))?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind(serve.listen));
    let listener = listener.map_err(Error::io(format!("listen on {}", serve.listen)))?;
    let address = listener.local_addr().map_err(Error::io("listen"))?;

    let ports = if serve.any_port {
        DemoOptions { faults: true, ..DemoOptions::anywhere() }
    } else {
        DemoOptions::default()
    };
    let demo = serve.demo.then(|| Demo::start(&ports)).transpose()?;
    let mut targets = serve.target.clone();
    match &demo {
        Some(demo) => targets.extend(demo.targets()),
        None if targets.is_empty() => {
            targets = DEFAULTS.iter().map(|it| it.parse()).collect::<Result<_>>()?;
        }
        None => {}
    }
    for target in &targets {
        print(&format!("target {} {}", target.name, target.url));
    }
    let options =
        BoardOptions { every: Duration::from_millis(serve.every), ..BoardOptions::default() };
    let board = Arc::new(Board::new(Dashboard::built_in()?, targets, options));
    let watch = Watch::start(Arc::clone(&board))?;
    print(&format!("http://{address}/   (ctrl-C ends it)"));
    let router = http::router(board, address);
    // Bounded as our servers are: how many connections, how long a head may take.
    runtime.block_on(schema_registry::http::serve(listener, router, Server::default(), stop));
    drop(watch);
    drop(demo);
    Ok(())
}

/// Done at SIGINT, SIGTERM or SIGHUP, which are listened to from the call on.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}
