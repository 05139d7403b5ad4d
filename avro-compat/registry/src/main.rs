//! The server: `schema-registry --help`.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use avro_compat::check::Profile;
use clap::{Args, Parser, Subcommand, ValueEnum};
use schema_registry::http::{self, HttpOptions, Server, ServerError, Users, hash_password};
use schema_registry::registry::{Registry, RegistryOptions};
use schema_registry::store::Store;

const EXAMPLES: &str = "\
Examples:
  schema-registry --data /var/lib/schema-registry
  curl -s -X POST -H 'Content-Type: application/vnd.schemaregistry.v1+json' \\
      --data '{\"schema\": \"{\\\"type\\\": \\\"string\\\"}\"}' http://127.0.0.1:8081/subjects/tweets-value/versions
  curl -s http://127.0.0.1:8081/subjects/tweets-value/versions/latest

  With users:
  printf %s \"$PASSWORD\" | schema-registry hash-password ada >> users
  schema-registry --users users

Exit codes: 0 stopped by SIGINT or SIGTERM; 1 it could not start; 2 wrong arguments.";

/// A schema registry for Avro with Confluent's REST interface, in one process, on one directory.
#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Reads a password from standard input, and writes a line for a file of users.
    HashPassword {
        /// The user's name.
        name: String,
    },
}

#[derive(Args)]
struct Serve {
    /// The directory with the registry; it is made if there is none.
    #[arg(long, default_value = "schema-registry-data", value_name = "DIRECTORY")]
    data: PathBuf,
    /// Where to listen. Port 0 is any that is free; the address is printed.
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// By whose rules schemas are compared.
    #[arg(long, value_enum, default_value_t = ProfileName::Spec)]
    profile: ProfileName,
    /// The longest schema, in bytes, with all that it refers to.
    #[arg(long, default_value_t = 1 << 20, value_name = "BYTES")]
    max_schema_bytes: usize,
    /// The longest body of a request, in bytes.
    #[arg(long, default_value_t = 8 << 20, value_name = "BYTES")]
    max_body_bytes: usize,
    /// How many requests are worked on at a time.
    #[arg(long, default_value_t = 256, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    max_requests: u16,
    /// How long a request may take, in seconds.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Who may ask: a file with NAME:HASH on each line, as hash-password writes them. Everybody, if there is none.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Listen where other machines reach it, without --users or without TLS.
    #[arg(long)]
    insecure: bool,
    /// The certificate chain, in PEM, for HTTPS.
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    /// The specification's: a schema is refused exactly if some value could not be read.
    Spec,
    /// Those of Java's SchemaCompatibility, right or wrong, as in Confluent's registry.
    Java,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::HashPassword { name }) => hash(&name),
        None => start(cli.serve),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log(&format!("schema-registry: {error}"));
            ExitCode::FAILURE
        }
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

#[expect(clippy::print_stderr, reason = "this is where a program's errors go")]
fn log(line: &str) {
    eprintln!("{line}");
}

#[expect(clippy::print_stdout, reason = "this is what the program is asked for")]
fn print(line: &str) {
    println!("{line}");
}

fn hash(name: &str) -> Done {
    if name.is_empty() || name.contains(':') || name.starts_with('#') {
        return Err("a name has no colon, does not begin with #, and is not empty".into());
    }
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err("there is no password on standard input".into());
    }
    print(&format!("{name}:{}", hash_password(password)?));
    Ok(())
}

fn start(serve: Serve) -> Done {
    let mut registry = RegistryOptions::default();
    registry.profile = match serve.profile {
        ProfileName::Spec => Profile::Spec,
        ProfileName::Java => Profile::Java,
    };
    registry.max_schema_bytes = serve.max_schema_bytes;
    let mut options = HttpOptions::default();
    options.max_body_bytes = serve.max_body_bytes;
    options.max_requests = serve.max_requests.into();
    options.timeout = Duration::from_secs(serve.timeout);
    options.users = serve.users.as_deref().map(Users::read).transpose()?;
    options.log = log;
    let server = server(&serve)?;
    may_listen(serve.listen, serve.users.is_some(), &server, serve.insecure)?;

    let (store, state) = Store::open(&serve.data)?;
    let registry = Arc::new(Registry::new(store.clone(), state, registry));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Each waits for the disk, or is the work that a client has given up on.
        .max_blocking_threads(usize::from(serve.max_requests) + 8)
        .build()?;
    runtime.block_on(async {
        let error = |error| ServerError::Listen { address: serve.listen, error };
        let listener = tokio::net::TcpListener::bind(serve.listen).await.map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        let stop = stopped()?;
        print(&format!("listening on {address}"));
        http::serve(listener, http::router(registry, options), server, stop).await;
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    drop(runtime);
    store.close()?;
    Ok(())
}

/// Users keep others out, TLS keeps their passwords from being read on the way.
fn may_listen(address: SocketAddr, users: bool, server: &Server, insecure: bool) -> Done {
    #[cfg(feature = "tls")]
    let tls = server.tls.is_some();
    #[cfg(not(feature = "tls"))]
    let tls = {
        let _ = server;
        false
    };
    if address.ip().is_loopback() || insecure || (users && tls) {
        return Ok(());
    }
    let missing = match (users, tls) {
        (false, true) => "users (--users)",
        (true, _) => "TLS (--tls-certificate and --tls-key, in a build with the feature tls)",
        (false, false) => {
            "users (--users) and TLS (--tls-certificate and --tls-key, in a build with the feature tls)"
        }
    };
    Err(format!(
        "{address} can be reached from other machines, and that takes {missing}; or say --insecure"
    )
    .into())
}

#[cfg(feature = "tls")]
fn server(serve: &Serve) -> Result<Server, Box<dyn std::error::Error>> {
    let mut server = Server::default();
    if let (Some(certificate), Some(key)) = (&serve.tls_certificate, &serve.tls_key) {
        server.tls = Some(http::Tls::read(certificate, key)?);
    }
    Ok(server)
}

#[cfg(not(feature = "tls"))]
fn server(_: &Serve) -> Result<Server, Box<dyn std::error::Error>> {
    Ok(Server::default())
}

/// Done at SIGINT or SIGTERM. They are listened to from the call on.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
