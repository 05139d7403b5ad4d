//! Who may ask: users with passwords, over basic authentication.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Passwords that are verified at a time: each takes 19 MiB.
const AT_A_TIME: usize = 2;

/// Users, and the hashes of their passwords.
///
/// That a password is right is found out once, which takes some 20 ms, and then known by a keyed digest in memory.
#[derive(Clone)]
pub struct Users(Arc<Inner>);

struct Inner {
    hashes: HashMap<String, String>,
    /// What the password of somebody unknown is compared with, so that it takes as long.
    nobody: String,
    /// Of this process alone.
    key: [u8; 32],
    known: Mutex<HashMap<String, [u8; 32]>>,
    permits: Semaphore,
}

/// Why there are no users.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// Which.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// A line is none of a user.
    #[error(
        "line {line} of {path} is no user: expected NAME:HASH, as `schema-registry hash-password NAME` writes it"
    )]
    Line {
        /// The file.
        path: String,
        /// The line.
        line: usize,
    },
    /// The system has no random numbers, or no memory.
    #[error("cannot hash a password: {reason}")]
    Hash {
        /// Why not.
        reason: String,
    },
}

/// What is kept of a password: Argon2id, with a salt of its own. Takes some 20 ms and 19 MiB.
///
/// # Errors
///
/// [`AuthError::Hash`].
pub fn hash_password(password: &str) -> Result<String, AuthError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|it| it.to_string()).map_err(|it| AuthError::Hash { reason: it.to_string() })
}

impl Users {
    /// The users of a file: `NAME:HASH` on each line; `#` begins a comment.
    ///
    /// # Errors
    ///
    /// [`AuthError`].
    pub fn read(path: &Path) -> Result<Self, AuthError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| AuthError::Read { path: shown.clone(), error })?;
        let mut hashes = HashMap::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let user = line.split_once(':').filter(|it| PasswordHash::new(it.1).is_ok());
            let (name, hash) =
                user.ok_or_else(|| AuthError::Line { path: shown.clone(), line: at + 1 })?;
            hashes.insert(name.to_owned(), hash.to_owned());
        }
        Self::new(hashes)
    }

    /// Users by name, with hashes of [`hash_password`].
    ///
    /// # Errors
    ///
    /// [`AuthError::Hash`].
    pub fn new(hashes: HashMap<String, String>) -> Result<Self, AuthError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|it| AuthError::Hash { reason: it.to_string() })?;
        Ok(Self(Arc::new(Inner {
            hashes,
            nobody: hash_password("nobody")?,
            key,
            known: Mutex::default(),
            permits: Semaphore::new(AT_A_TIME),
        })))
    }

    /// Whether a request has the name and password of a user.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> bool {
        let Some((name, password)) = credentials(headers) else { return false };
        let digest = self.digest(&name, &password);
        let known = self.0.known.lock().get(&name).copied();
        if known.is_some_and(|it| it.ct_eq(&digest).into()) {
            return true;
        }
        let Ok(_permit) = self.0.permits.acquire().await else { return false };
        let users = self.clone();
        let asked = name.clone();
        let right = tokio::task::spawn_blocking(move || users.verify(&asked, &password)).await;
        let right = right.unwrap_or(false);
        if right {
            self.0.known.lock().insert(name, digest);
        }
        right
    }

    fn verify(&self, name: &str, password: &str) -> bool {
        let hash = self.0.hashes.get(name);
        let Ok(parsed) = PasswordHash::new(hash.unwrap_or(&self.0.nobody)) else { return false };
        let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        right && hash.is_some()
    }

    /// The key is of one length and in front: digests of others cannot be made of those that are known.
    fn digest(&self, name: &str, password: &str) -> [u8; 32] {
        let inner = Sha256::new()
            .chain_update(self.0.key)
            .chain_update((name.len() as u64).to_be_bytes())
            .chain_update(name)
            .chain_update(password)
            .finalize();
        Sha256::new().chain_update(self.0.key).chain_update(inner).finalize().into()
    }
}

/// The name and password that a request has.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
