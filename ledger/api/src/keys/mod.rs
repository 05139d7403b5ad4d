//! Who may ask: API keys with scopes.
//!
//! A key is `lk_<name>_<secret>`, the secret 32 random bytes in hexadecimal digits. A file keeps a line for each key: its name, its scope, and an Argon2id
//! hash of the secret. The name is no secret; that a secret is right is found out once (some 20 ms and 19 MiB), and then known by a keyed
//! digest in memory.

mod bearer;
mod file;
mod scope;

use std::collections::HashMap;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use parking_lot::Mutex;
use subtle::ConstantTimeEq;

pub use file::{append, read};
pub use scope::Scope;

/// The longest key that is looked at, in bytes.
pub const MAX_KEY_BYTES: usize = 256;

/// Keys that are verified at a time: each takes 19 MiB.
const AT_A_TIME: usize = 2;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot {what} {path}: {error}")]
    File {
        /// What was tried.
        what: &'static str,
        /// Which file.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// A line is none of a key.
    #[error(
        "line {line} of {path} is no key: expected NAME SCOPE HASH, as `ledger_api key create` writes it"
    )]
    Line {
        /// The file.
        path: String,
        /// The line.
        line: usize,
    },
    /// A name that no key can have.
    #[error("{0:?} is no key's name: from 1 to 32 of a-z, 0-9 and -")]
    Name(String),
    /// The name is taken.
    #[error("there is a key {0:?} in {1}: choose another name, or remove that line")]
    Taken(String, String),
    /// The system has no random numbers, or no memory.
    #[error("cannot make a key: {0}")]
    Hash(String),
}

/// What is kept of a key.
#[derive(Clone)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Argon2id, with a salt of its own.
    pub hash: String,
}

/// Makes a key: what its owner gets, and what is kept of it. Takes some 20 ms and 19 MiB.
///
/// # Errors
///
/// [`KeyError::Name`], [`KeyError::Hash`].
pub fn create(name: &str, scope: Scope) -> Result<(String, Kept), KeyError> {
    let good = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(good) {
        return Err(KeyError::Name(name.chars().take(40).collect()));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|it| KeyError::Hash(it.to_string()))?;
    let secret: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
    let hash = Argon2::default().hash_password(secret.as_bytes());
    let hash = hash.map_err(|it| KeyError::Hash(it.to_string()))?.to_string();
    Ok((format!("lk_{name}_{secret}"), Kept { name: name.to_owned(), scope, hash }))
}

/// The keys of a server. Cheap to clone.
#[derive(Clone, Default)]
pub struct Keys(Option<Arc<Inner>>);

struct Inner {
    kept: HashMap<String, Kept>,
    /// Of this process alone.
    digest_key: [u8; 32],
    known: Mutex<HashMap<String, [u8; 32]>>,
    /// Verifications that may begin.
    permits: Mutex<usize>,
    freed: parking_lot::Condvar,
}

impl Keys {
    /// No keys: everybody may do everything. For a server that only its own machine reaches.
    #[must_use]
    pub fn open() -> Self {
        Self(None)
    }

    /// These keys, and nobody else.
    ///
    /// # Errors
    ///
    /// [`KeyError::Hash`] if the system has no random numbers.
    pub fn new(kept: Vec<Kept>) -> Result<Self, KeyError> {
        let mut digest_key = [0; 32];
        getrandom::fill(&mut digest_key).map_err(|it| KeyError::Hash(it.to_string()))?;
        Ok(Self(Some(Arc::new(Inner {
            kept: kept.into_iter().map(|it| (it.name.clone(), it)).collect(),
            digest_key,
            known: Mutex::default(),
            permits: Mutex::new(AT_A_TIME),
            freed: parking_lot::Condvar::new(),
        }))))
    }

    /// Whether everybody may do everything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.is_none()
    }

    /// What the owner of a key may do, if that can be said at once: `None` if it takes [`admit`](Self::admit).
    #[must_use]
    pub fn recall(&self, key: &str) -> Option<Result<Scope, crate::Problem>> {
        let Some(inner) = &self.0 else { return Some(Ok(Scope::Admin)) };
        let Some((kept, secret)) = inner.find(key) else {
            return Some(Err(crate::Problem::Unauthorized));
        };
        let known = inner.known.lock().get(&kept.name).copied()?;
        known.ct_eq(&inner.digest(secret)).unwrap_u8().eq(&1).then_some(Ok(kept.scope))
    }

    /// What the owner of a key may do. May take some 20 ms, and longer if many ask.
    ///
    /// # Errors
    ///
    /// [`Problem::Unauthorized`](crate::Problem::Unauthorized).
    pub fn admit(&self, key: &str) -> Result<Scope, crate::Problem> {
        if let Some(known) = self.recall(key) {
            return known;
        }
        let found = self.0.as_ref().and_then(|inner| Some((inner, inner.find(key)?)));
        let Some((inner, (kept, secret))) = found else { return Err(crate::Problem::Unauthorized) };
        if !inner.verify(kept, secret) {
            return Err(crate::Problem::Unauthorized);
        }
        inner.known.lock().insert(kept.name.clone(), inner.digest(secret));
        Ok(kept.scope)
    }
}

impl Inner {
    fn find<'a>(&'a self, key: &'a str) -> Option<(&'a Kept, &'a str)> {
        if key.len() > MAX_KEY_BYTES {
            return None;
        }
        let (name, secret) = key.strip_prefix("lk_")?.split_once('_')?;
        Some((self.kept.get(name)?, secret))
    }

    fn verify(&self, kept: &Kept, secret: &str) -> bool {
        let mut permits = self.permits.lock();
        while *permits == 0 {
            self.freed.wait(&mut permits);
        }
        *permits -= 1;
        drop(permits);
        let right = PasswordHash::new(&kept.hash)
            .is_ok_and(|hash| Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok());
        *self.permits.lock() += 1;
        self.freed.notify_one();
        right
    }

    fn digest(&self, secret: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.digest_key, secret.as_bytes()).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    #[test]
    fn a_key_is_what_was_made_and_nothing_near_it() {
        let (key, kept) = create("till-1", Scope::Write).unwrap();
        assert!(!kept.hash.contains(key.rsplit('_').next().unwrap()));
        let keys = Keys::new(vec![kept]).unwrap();
        assert_eq!(keys.recall(&key), None);
        assert_eq!(keys.admit(&key), Ok(Scope::Write));
        assert_eq!(keys.recall(&key), Some(Ok(Scope::Write)));
        let mut near = key.clone();
        near.pop();
        for wrong in ["", "lk_", "lk_till-1_", "lk_nobody_00", &near, &format!("{key}0")] {
            assert_eq!(keys.admit(wrong), Err(Problem::Unauthorized), "{wrong}");
        }
        assert_eq!(keys.admit(&"x".repeat(10_000)), Err(Problem::Unauthorized));
        assert_eq!(Keys::open().admit(""), Ok(Scope::Admin));
    }

    #[test]
    fn names_are_plain() {
        for wrong in ["", "A", "a_b", "a b", "a:b", &"a".repeat(33)] {
            assert!(matches!(create(wrong, Scope::Read), Err(KeyError::Name(_))), "{wrong}");
        }
    }
}
