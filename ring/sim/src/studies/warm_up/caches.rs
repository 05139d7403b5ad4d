//! A cache on each node, and requests.

use super::Question;
use crate::cluster::Cluster;
use crate::keys::Keys;
use crate::lru::Lru;
use crate::progress::Progress;
use crate::random::Random;
use crate::zipf::Zipf;

/// The purpose of the random numbers: all schemes see the same requests.
const REQUESTS: u64 = 0x5741_524D;

/// Who owns each key. Looked up once: a key is asked for many times.
#[derive(Debug)]
pub(super) struct Owners {
    /// Before the change.
    pub before: Vec<u32>,
    /// After it.
    pub after: Vec<u32>,
}

impl Owners {
    /// Of the first `count` keys.
    pub(super) fn of(old: &Cluster, new: &Cluster, keys: Keys, count: u32) -> Self {
        let of = |cluster: &Cluster| {
            (0..count).map(|key| cluster.owner(keys.hash(u64::from(key)))).collect()
        };
        Self { before: of(old), after: of(new) }
    }
}

/// Caches by the number of their nodes, and the requests that come.
#[derive(Debug)]
pub(super) struct Caches {
    caches: Vec<Option<Lru>>,
    capacity: u32,
    zipf: Zipf,
    random: Random,
    requests: u64,
    window: u64,
}

impl Caches {
    /// Cold ones.
    pub(super) fn new(question: &Question, seed: u64, cluster: &Cluster) -> Self {
        let mut caches = Self {
            caches: Vec::new(),
            capacity: question.capacity as u32,
            zipf: Zipf::new(question.keys, question.exponent),
            random: Random::new(seed, REQUESTS),
            requests: question.requests,
            window: question.window,
        };
        caches.change(cluster);
        caches
    }

    /// New nodes come with cold caches, and who is not there any more takes its cache along.
    pub(super) fn change(&mut self, cluster: &Cluster) {
        let mut old = std::mem::take(&mut self.caches);
        old.resize_with(cluster.joined() as usize, || None);
        self.caches.resize_with(old.len(), || None);
        for node in cluster.nodes() {
            let cache = old[node as usize].take();
            self.caches[node as usize] = Some(cache.unwrap_or_else(|| Lru::new(self.capacity)));
        }
    }

    /// A phase; how many requests reached the origin in each window. With `peers`, a node that lacks a key asks that owner of it first.
    pub(super) fn run(
        &mut self,
        owners: &[u32],
        peers: Option<&[u32]>,
        progress: &mut Progress,
        done: u64,
    ) -> Vec<u64> {
        let mut windows = Vec::with_capacity((self.requests / self.window) as usize);
        for window in 0..self.requests / self.window {
            let misses = (0..self.window).filter(|_| self.reaches_origin(owners, peers)).count();
            windows.push(misses as u64);
            progress.at(done + (window + 1) * self.window);
        }
        windows
    }

    fn reaches_origin(&mut self, owners: &[u32], peers: Option<&[u32]>) -> bool {
        let key = self.zipf.rank(&mut self.random) as u32;
        let owner = owners[key as usize];
        let hit = self.caches[owner as usize].as_mut().is_some_and(|cache| cache.request(key));
        if hit {
            return false;
        }
        let Some(peer) = peers.map(|owners| owners[key as usize]) else { return true };
        let asked = self.caches[peer as usize].as_ref().filter(|_| peer != owner);
        !asked.is_some_and(|cache| cache.contains(key))
    }
}
