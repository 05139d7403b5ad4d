//! TLS, for all faces and the client: 1.2 and 1.3.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto,
};

/// A certificate and its key, ready for clients.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

/// Why there is no TLS.
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

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |reason: String| TlsError::Read {
        what: "a certificate",
        path: path.display().to_string(),
        reason,
    };
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|it| failed(it.to_string()))?;
    if chain.is_empty() { Err(failed("there is none in it".to_owned())) } else { Ok(chain) }
}

impl Tls {
    /// The certificate chain and the private key of two PEM files.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = chain(certificate)?;
        let private = PrivateKeyDer::from_pem_file(key).map_err(|it| TlsError::Read {
            what: "a private key",
            path: key.display().to_string(),
            reason: it.to_string(),
        })?;
        let config =
            ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, private)?;
        Ok(Self(Arc::new(config)))
    }

    /// For asynchronous sockets.
    pub(crate) fn acceptor(&self) -> tokio_rustls::TlsAcceptor {
        tokio_rustls::TlsAcceptor::from(Arc::clone(&self.0))
    }

    /// For asynchronous sockets on which HTTP/2 is spoken: gRPC's clients want to be told.
    #[cfg(feature = "grpc")]
    pub(crate) fn http2_acceptor(&self) -> tokio_rustls::TlsAcceptor {
        let mut config = ServerConfig::clone(&self.0);
        config.alpn_protocols = vec![b"h2".to_vec()];
        tokio_rustls::TlsAcceptor::from(Arc::new(config))
    }

    /// For one connection.
    pub(crate) fn session(&self) -> Result<ServerConnection, TlsError> {
        Ok(ServerConnection::new(Arc::clone(&self.0))?)
    }
}

/// Whom a client trusts.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Servers whose certificate is vouched for by one of a PEM file's.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read(authorities: &Path) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in chain(authorities)? {
            roots.add(certificate)?;
        }
        let config =
            ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Speaks TLS over a socket, with a server whose certificate names its address.
    pub(crate) fn wrap(
        &self,
        stream: TcpStream,
        address: SocketAddr,
    ) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::IpAddress(address.ip().into());
        let session =
            ClientConnection::new(Arc::clone(&self.0), name).map_err(std::io::Error::other)?;
        Ok(StreamOwned::new(session, stream))
    }
}
