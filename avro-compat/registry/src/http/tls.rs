//! HTTPS.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// A certificate and its key, ready for clients: TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or has not what it should.
    #[error("cannot read {what} from {path}: {reason}")]
    Read {
        /// What.
        what: &'static str,
        /// Which file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The key is another certificate's, or of no known kind.
    #[error("the certificate and the key make no server: {0}")]
    Config(#[from] tokio_rustls::rustls::Error),
}

impl Tls {
    /// The certificate chain and the private key of two PEM files.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let failed = |what, path: &Path, reason: &dyn std::fmt::Display| TlsError::Read {
            what,
            path: path.display().to_string(),
            reason: reason.to_string(),
        };
        let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
        let chain: Vec<_> = chain.map_err(|it| failed("a certificate", certificate, &it))?;
        if chain.is_empty() {
            return Err(failed("a certificate", certificate, &"there is none in it"));
        }
        let private = PrivateKeyDer::from_pem_file(key);
        let private = private.map_err(|it| failed("a private key", key, &it))?;
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, private)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}
