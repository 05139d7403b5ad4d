//! Ours: each algorithm of `hash-ring` beside the rivals of its kind.

use hash_ring::{
    Anchor, Balance, Jump, JumpBack, KeyHash, Maglev, MaglevBuild, MultiProbe, NodeId, Placement,
    Rendezvous, Ring, Tokens, Weight, jump_back_hash, jump_hash, jump_hash_batch,
};

use super::case::{ALLOCATED_POINTS, Case, IMBALANCE, Kind};
use super::contestant::{Built, Contestant, Placed, sum};
use super::{Result, hashes};

/// What measurements call us.
pub const NAME: &str = "hash-ring";

/// Ours of a kind: `hash-ring` is the one in the gates.
#[must_use]
pub fn contestants(kind: Kind) -> Vec<Contestant> {
    let one = |name, build| Contestant { name, build };
    match kind {
        Kind::Ring => vec![
            one("hash-ring", |case| by_hash(ring(case)?)),
            one("hash-ring/by-key", |case| by_key(ring(case)?)),
        ],
        Kind::Jump => vec![
            one("hash-ring", |case| Ok(Box::new(Buckets(case.buckets(), jump_hash)))),
            one("hash-ring/batch", |case| Ok(Box::new(Batches(case.buckets())))),
            one("hash-ring/jump-back", |case| {
                Ok(Box::new(Buckets(case.buckets(), jump_back_hash)))
            }),
            one("hash-ring/nodes", |case| by_hash(added(Jump::default(), case)?)),
            one("hash-ring/jump-back+nodes", |case| by_hash(added(JumpBack::default(), case)?)),
        ],
        Kind::Maglev => vec![
            one("hash-ring", |case| by_hash(maglev(case)?)),
            one("hash-ring/by-key", |case| by_key(maglev(case)?)),
        ],
        Kind::Anchor => vec![
            one("hash-ring", |case| by_hash(anchor(case)?)),
            one("hash-ring/by-key", |case| by_key(anchor(case)?)),
        ],
        Kind::MultiProbe => vec![
            one("hash-ring", |case| by_key(multi_probe(case)?)),
            one("hash-ring/by-hash", |case| by_hash(multi_probe(case)?)),
        ],
        Kind::Rendezvous => vec![
            one("hash-ring", |case| by_hash(rendezvous(case)?)),
            one("hash-ring/by-key", |case| by_key(rendezvous(case)?)),
        ],
    }
}

fn weighted(case: &Case) -> impl Iterator<Item = (&str, Weight)> + Clone {
    case.names.iter().map(|name| (name.as_str(), Weight::ONE))
}

fn added<P: Placement>(mut placement: P, case: &Case) -> Result<P> {
    for (name, weight) in weighted(case) {
        placement.add(name, weight)?;
    }
    Ok(placement)
}

/// The ring that the gates are about.
///
/// # Errors
/// None for the cases there are.
pub fn ring(case: &Case) -> Result<Ring> {
    let tokens = Tokens::Allocated(ALLOCATED_POINTS);
    Ok(Ring::with_nodes(tokens, KeyHash::default(), weighted(case))?)
}

fn maglev(case: &Case) -> Result<Maglev> {
    let build = MaglevBuild::MinimalDisruption;
    Ok(Maglev::of_nodes(case.slots, build, KeyHash::default(), weighted(case))?)
}

fn anchor(case: &Case) -> Result<Anchor> {
    added(Anchor::new(usize::from(case.capacity), KeyHash::default())?, case)
}

fn rendezvous(case: &Case) -> Result<Rendezvous> {
    Ok(Rendezvous::with_nodes(KeyHash::default(), weighted(case))?)
}

fn multi_probe(case: &Case) -> Result<MultiProbe> {
    Ok(MultiProbe::with_nodes(case.probes, 1, KeyHash::default(), weighted(case))?)
}

/// How uneven ours is: the highest load in relation to the mean, where the parameters decide that. Exact but for multi-probe hashing, of
/// which a sample is taken.
///
/// # Errors
/// If that is above [`IMBALANCE`]: the run is worthless then.
pub fn imbalance(case: &Case) -> Result<Option<f64>> {
    let balance = match case.kind {
        Kind::Ring => Balance::of(&ring(case)?)?,
        Kind::Maglev => Balance::of(&maglev(case)?)?,
        Kind::MultiProbe => {
            // Off by less than half a percent for the most loaded of 1000.
            Balance::sampled(&multi_probe(case)?, hashes(0xba1a, 20_000_000))
        }
        Kind::Jump | Kind::Anchor | Kind::Rendezvous => return Ok(None),
    };
    let found = balance.max_over_mean();
    if found > IMBALANCE {
        let (kind, nodes) = (case.kind, case.nodes());
        return Err(format!(
            "{kind}, {nodes} nodes: ours is at {found:.3} times the mean, and {IMBALANCE} was promised"
        )
        .into());
    }
    Ok(Some(found))
}

/// Looked up by hash.
struct ByHash<P>(P);

/// Looked up by the bytes of the hash, which are hashed once more: for rivals that hash whatever they are given.
struct ByKey<P>(P);

fn by_hash<'c, P: Placement + 'c>(placement: P) -> Result<Built<'c>> {
    Ok(Box::new(ByHash(placement)))
}

fn by_key<'c, P: Placement + 'c>(placement: P) -> Result<Built<'c>> {
    Ok(Box::new(ByKey(placement)))
}

impl<P: Placement> Placed<'_> for ByHash<P> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.0.locate(hash).map_or(0, NodeId::index))
    }

    fn add(&mut self, name: &String) -> Result<()> {
        self.0.add(name, Weight::ONE)?;
        Ok(())
    }
}

impl<P: Placement> Placed<'_> for ByKey<P> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.0.locate_key(&hash.to_le_bytes()).map_or(0, NodeId::index))
    }

    fn add(&mut self, name: &String) -> Result<()> {
        self.0.add(name, Weight::ONE)?;
        Ok(())
    }
}

/// A function from a hash and a number of buckets to a bucket.
struct Buckets<F>(u32, F);

impl<F: Fn(u64, u32) -> u32> Placed<'_> for Buckets<F> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| (self.1)(hash, self.0) as usize)
    }

    fn add(&mut self, _: &String) -> Result<()> {
        Err("jump hash holds no nodes".into())
    }
}

/// Jump hash of many at a time.
struct Batches(u32);

impl Placed<'_> for Batches {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        let mut buckets = [0; 1024];
        let mut total = 0u64;
        for batch in hashes.chunks(buckets.len()) {
            let buckets = &mut buckets[..batch.len()];
            jump_hash_batch(batch, self.0, buckets);
            total = buckets.iter().fold(total, |total, bucket| total + u64::from(*bucket));
        }
        total
    }

    fn add(&mut self, _: &String) -> Result<()> {
        Err("jump hash holds no nodes".into())
    }
}
