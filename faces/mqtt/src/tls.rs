//! TLS from files of certificates, by rustls and ring.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate with its key, read from files, and read again when they were renewed.
#[derive(Debug, Clone)]
pub struct Tls {
    certificates: PathBuf,
    key: PathBuf,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or is no PEM.
    #[error("{file}: {error}")]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or are of a kind that is not known.
    #[error("certificate and key cannot be used: {0}")]
    Pair(#[from] rustls::Error),
}

impl Tls {
    /// Reads a chain of certificates, the server's own first, and its key.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub fn from_files(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let current = Arc::new(RwLock::new(read(certificates, key)?));
        Ok(Self { certificates: certificates.to_owned(), key: key.to_owned(), current })
    }

    /// Reads the files again; connections from now on use them.
    ///
    /// # Errors
    /// [`TlsError`]; the certificate in use stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let renewed = read(&self.certificates, &self.key)?;
        *self.current.write().expect("no holder panics") = renewed;
        Ok(())
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().expect("no holder panics"))
    }
}

fn read(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let fault = |file: &Path| {
        let file = file.to_owned();
        move |error| TlsError::File { file, error }
    };
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect).map_err(fault(certificates))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(fault(key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
