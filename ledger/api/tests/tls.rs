//! TLS of all faces.
#![cfg(feature = "tls")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "what fails shall fail the test, and what does not run shall say so"
)]

mod support;

use std::path::Path;
use std::process::Command;

use ledger::model::Code;
use ledger_api::client::{Client, ClientOptions, Connection};
use ledger_api::{Tls, Trust};
use support::{Program, furnish, transfer};

/// A certificate for 127.0.0.1 and its key; none, if nobody can make one here.
fn certificate(dir: &Path) -> Option<(String, String)> {
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=test",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ])
        .output();
    if made.as_ref().is_ok_and(|it| it.status.success()) {
        return Some((certificate, key));
    }
    eprintln!("SKIPPED: no openssl to make a certificate");
    None
}

/// The operation that a server is at, asked by gRPC; none, if it could not be asked.
#[cfg(feature = "grpc")]
fn grpc_status(address: std::net::SocketAddr, certificate: &str) -> Option<u64> {
    use std::sync::Arc;

    use ledger_api::grpc::v1;
    use ledger_api::grpc::v1::ledger_client::LedgerClient;
    use support::transport::Transport;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

    let mut roots = RootCertStore::empty();
    for found in CertificateDer::pem_file_iter(certificate).unwrap() {
        roots.add(found.unwrap()).unwrap();
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let name = ServerName::IpAddress(address.ip().into());
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let transport = Transport::over(stream).await.ok()?;
        let origin = "https://localhost".parse().unwrap();
        let mut client = LedgerClient::with_origin(transport, origin);
        Some(client.status(v1::StatusRequest {}).await.unwrap().into_inner().op)
    })
}

#[test]
fn all_faces_speak_tls_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = certificate(dir.path()) else { return };
    let data = dir.path().join("data");
    let program = Program::start(&data, &["--tls-certificate", &certificate, "--tls-key", &key]);
    let mut options = ClientOptions::new(program.tcp).patience(std::time::Duration::from_secs(30));
    options.trust = Some(Trust::read(Path::new(&certificate)).unwrap());
    let client = Client::new(options.clone());
    furnish(&client);
    // Larger than any buffer on the way, in both directions.
    let all: Vec<_> = (1..=8_190).map(|id| transfer(id, 1)).collect();
    let outcomes = client.create_transfers(&all).unwrap();
    assert!(outcomes.len() == all.len() && outcomes.iter().all(|it| it.code == Code::Ok));
    // Many at once.
    let mut connection = Connection::connect(&options).unwrap();
    for id in 10_001..=10_100 {
        connection.send_batch(&ledger::model::Batch::Transfers(vec![transfer(id, 1)])).unwrap();
    }
    for _ in 0..100 {
        connection.receive_reply().unwrap().answer.unwrap();
    }
    // Plain bytes, and somebody whom this client does not trust.
    let mut plain = options.clone();
    plain.trust = None;
    assert!(Connection::connect(&plain).is_err());
    let other = tempfile::tempdir().unwrap();
    let (foreign, _) = self::certificate(other.path()).unwrap();
    options.trust = Some(Trust::read(Path::new(&foreign)).unwrap());
    assert!(Connection::connect(&options).is_err());
    #[cfg(feature = "grpc")]
    {
        let address = program.grpc.unwrap();
        assert_eq!(grpc_status(address, &certificate), Some(client.status().unwrap().op));
        assert_eq!(grpc_status(address, &foreign), None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use ledger_api::grpc::v1;
            let transport = support::transport::Transport::connect(address).await.unwrap();
            let origin = "http://localhost".parse().unwrap();
            let mut plain = v1::ledger_client::LedgerClient::with_origin(transport, origin);
            assert!(plain.status(v1::StatusRequest {}).await.is_err());
        });
    }

    let curl = |arguments: &[&str]| {
        Command::new("curl").args(["-sS", "--max-time", "30"]).args(arguments).output()
    };
    let url = format!("https://{}/health", program.http);
    match curl(&["--cacert", &certificate, &url]) {
        Err(_) => eprintln!("SKIPPED: no curl"),
        Ok(answer) => {
            assert_eq!(String::from_utf8_lossy(&answer.stdout), r#"{"status":"ok"}"#, "{answer:?}");
            assert!(
                !curl(&[&url.replace("https", "http")]).unwrap().status.success(),
                "plain HTTP"
            );
        }
    }
    assert_eq!(client.find_entries(&[8_190]).unwrap().len(), 1);
    assert_eq!(program.terminate(), Some(0));
}

#[test]
fn files_that_are_no_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty.pem");
    assert!(
        Tls::read(&path, &path)
            .err()
            .unwrap()
            .to_string()
            .starts_with("cannot read a certificate from")
    );
    std::fs::write(&path, "").unwrap();
    assert!(Tls::read(&path, &path).err().unwrap().to_string().contains("there is none in it"));
    assert!(Trust::read(&path).is_err());
}
