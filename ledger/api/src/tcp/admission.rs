//! Keys that take a while to verify, beside the loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Problem;
use crate::keys::Keys;
use crate::service::{Completion, Port};

/// How many keys wait to be verified: each has a thread, for some 20 ms. More are told to come again.
const MOST: usize = 32;

/// Verifies keys on threads of their own.
pub(super) struct Admission {
    keys: Keys,
    port: Arc<Port>,
    working: Arc<AtomicUsize>,
}

impl Admission {
    pub fn new(keys: Keys, port: Arc<Port>) -> Self {
        Self { keys, port, working: Arc::default() }
    }

    /// What a key may do, if that is known at once; otherwise it is put into the port later, under `tag`.
    pub fn ask(&self, key: &str, tag: u64) -> Option<Result<crate::keys::Scope, Problem>> {
        if let Some(known) = self.keys.recall(key) {
            return Some(known);
        }
        if self.working.fetch_add(1, Ordering::AcqRel) >= MOST {
            self.working.fetch_sub(1, Ordering::AcqRel);
            return Some(Err(Problem::Busy));
        }
        let (keys, port, working) =
            (self.keys.clone(), Arc::clone(&self.port), Arc::clone(&self.working));
        let key = key.to_owned();
        let verify = move || {
            let admitted = keys.admit(&key);
            working.fetch_sub(1, Ordering::AcqRel);
            port.put([Completion::Admitted(tag, admitted)]);
        };
        match std::thread::Builder::new().name("admission".to_owned()).spawn(verify) {
            Ok(_) => None,
            Err(_) => {
                self.working.fetch_sub(1, Ordering::AcqRel);
                Some(Err(Problem::Busy))
            }
        }
    }
}
