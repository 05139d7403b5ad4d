//! Ketama: the ring of memcached's clients.
//!
//! Jones's libketama (2007) gave each server some 160 points: MD5 digests of its name with a number behind it, four points a digest. The
//! clients that followed differ in how a server's name is written, in how weights are rounded, and in who keeps a point that two
//! servers claim.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::points::{Points, Ties};
use super::{Locate, MemcachedHash, checked_names, checked_points, checked_total};
use crate::hash::md5;
use crate::{Error, Result};

/// Whose ketama.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KetamaDialect {
    /// libketama, the original. A server is named by its line in the server file, `host:port`, and weighted by the number of megabytes
    /// beside it.
    Libketama,
    /// libmemcached with `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED`, and what builds on it (`OPT_LIBKETAMA_COMPATIBLE` of PHP's
    /// memcached). The default port, 11211, is left out of a server's name.
    Libmemcached,
    /// libmemcached with `MEMCACHED_BEHAVIOR_KETAMA` or `MEMCACHED_DISTRIBUTION_CONSISTENT`, neither weighted: 100 points a
    /// server, each one hash by the function that keys are hashed with, [`MemcachedHash::OneAtATime`] unless it was set. All weights must
    /// be 1: others make libmemcached weighted.
    LibmemcachedUnweighted,
    /// libmemcached with `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED` and then `MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA_SPY`, which was
    /// meant to be compatible with spymemcached: servers are named `/host:port`. No spymemcached names them so.
    LibmemcachedSpy,
    /// spymemcached's `KetamaNodeLocator` with `Format.SPYMEMCACHED`, the default. A server is named as Java writes its address:
    /// `10.0.0.1:11211` if it was given as an address, `cache1/10.0.0.1:11211` if it was found by name, for which
    /// [`KetamaServer::host`] then is `cache1/10.0.0.1`. (Since version 14, Java puts brackets around addresses of IPv6, and
    /// `/<unresolved>` behind names that it could not find.)
    Spymemcached,
    /// spymemcached's `KetamaNodeLocator` with `Format.LIBMEMCACHED`. The default port, 11211, is left out of a server's name.
    SpymemcachedAsLibmemcached,
    /// twemproxy (nutcracker) with `distribution: ketama`. A server is named by its alias if it has one, else by host and port, of which
    /// the port 11211 is left out.
    Twemproxy,
}

/// A server, as a client of memcached is configured with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KetamaServer<'a> {
    /// Its name or address as configured: it is hashed as it is written. A path if it is a socket.
    pub host: &'a str,
    /// Its port; 0 for the path of a socket.
    pub port: u16,
    /// Its weight; 1 where nobody gave any.
    pub weight: u32,
    /// The name that twemproxy was given behind the weight; the other dialects know none.
    pub alias: Option<&'a str>,
}

impl<'a> KetamaServer<'a> {
    /// A server of weight 1, without an alias.
    #[must_use]
    pub const fn new(host: &'a str, port: u16) -> Self {
        Self { host, port, weight: 1, alias: None }
    }

    /// The same with another weight.
    #[must_use]
    pub const fn weight(self, weight: u32) -> Self {
        Self { weight, ..self }
    }

    /// The same with an alias.
    #[must_use]
    pub const fn alias(self, alias: &'a str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// What it is called by `dialect`, before the number of the digest.
    fn label(&self, dialect: KetamaDialect) -> Result<String> {
        let Self { host, port, .. } = *self;
        if self.alias.is_some() && dialect != KetamaDialect::Twemproxy {
            return Err(Error::InvalidParameter {
                parameter: "alias",
                found: format!("{:?}", self.alias),
                allowed: "left out: only twemproxy gives its servers names of their own",
            });
        }
        Ok(match dialect {
            KetamaDialect::Libketama | KetamaDialect::Spymemcached => format!("{host}:{port}"),
            KetamaDialect::LibmemcachedSpy => format!("/{host}:{port}"),
            KetamaDialect::Twemproxy if self.alias.is_some() => self.alias.unwrap_or(host).into(),
            // A socket's name ends where its port would begin.
            KetamaDialect::Twemproxy if port == 0 => format!("{host}:"),
            _ if port == 11211 => host.into(),
            _ => format!("{host}:{port}"),
        })
    }

    /// What [`Locate::nodes`] calls it.
    fn name(&self) -> String {
        match self.alias {
            Some(alias) => alias.into(),
            None if self.port == 0 => self.host.into(),
            None => format!("{}:{}", self.host, self.port),
        }
    }
}

/// The ring of libketama, libmemcached, spymemcached or twemproxy.
///
/// ```
/// use hash_ring::compat::{Ketama, KetamaDialect, KetamaServer, Locate};
///
/// let servers = [KetamaServer::new("10.0.1.1", 11211).weight(600), KetamaServer::new("10.0.1.2", 11211).weight(300)];
/// let ring = Ketama::new(KetamaDialect::Libmemcached, &servers)?;
/// assert_eq!(ring.locate(b"SVa_]_V41)"), Some("10.0.1.1:11211"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// A lookup takes the hash of the key (MD5: some 100 ns) and some 5 ns; a server takes some 2 KiB. Removing a server moves its keys
/// alone, *nearly*: since weights are rounded by their part of the whole, where they differ other servers' points may come or go.
///
/// **Verified** with 1,000 keys and more in each case of `tests/vectors/ketama.txt`, ports, sockets, weights, colliding points and bytes
/// beyond ASCII among them: libmemcached 1.1.4, twemproxy 0.5.0, spymemcached 2.12.3, and libketama as the Python package `ketama` 0.1.1
/// has it, of which every point is compared; and with the expectations of libmemcached's and spymemcached's own tests.
///
/// **Not matched.** libketama has room for names of 21 bytes, port included; we for more. What a client does when a server is down: build the ring of
/// the others, which is what libmemcached and twemproxy do where they eject hosts; for spymemcached see
/// [`spymemcached_sequence`](Self::spymemcached_sequence). libmemcached's `MEMCACHED_BEHAVIOR_SORT_HOSTS` and prefixes that are hashed
/// with the key: sort and prepend. twemproxy's `hash_tag`: hash what is between the two characters. Where the C library's `qsort` is not
/// stable (musl's, for one), twemproxy and libketama give a point that two servers claim to either of them; we give it to the first, as
/// glibc does.
#[derive(Clone, Debug)]
pub struct Ketama {
    names: Box<[Box<str>]>,
    points: Points<u32>,
    key_hash: MemcachedHash,
    dialect: KetamaDialect,
}

impl Ketama {
    /// The ring of `servers`, in the order in which the program was configured with them, with keys hashed by MD5, or for
    /// [`KetamaDialect::LibmemcachedUnweighted`] by its default.
    ///
    /// # Errors
    /// As for [`with_key_hash`](Self::with_key_hash).
    pub fn new(dialect: KetamaDialect, servers: &[KetamaServer<'_>]) -> Result<Self> {
        let key_hash = match dialect {
            KetamaDialect::LibmemcachedUnweighted => MemcachedHash::OneAtATime,
            _ => MemcachedHash::Md5,
        };
        Self::with_key_hash(dialect, key_hash, servers)
    }

    /// The same with keys hashed by another function. That moves the points too for [`KetamaDialect::LibmemcachedUnweighted`], and for
    /// spymemcached where no weights are given.
    ///
    /// spymemcached has two rings for equal weights, which differ if rounding takes points off: this is the one without weights. Give all
    /// of them a weight above 1 for the other.
    ///
    /// # Errors
    /// [`DuplicateName`](Error::DuplicateName), [`NameLength`](Error::NameLength), [`TooManyNodes`](Error::TooManyNodes);
    /// [`InvalidWeight`](Error::InvalidWeight) for a weight of 0; [`InvalidParameter`](Error::InvalidParameter) for an alias where
    /// there are none, for weights where there are none, and for weights whose sum the other program cannot count.
    pub fn with_key_hash(
        dialect: KetamaDialect,
        key_hash: MemcachedHash,
        servers: &[KetamaServer<'_>],
    ) -> Result<Self> {
        use KetamaDialect::{LibmemcachedUnweighted, Spymemcached, SpymemcachedAsLibmemcached};
        let texts: Vec<String> = servers.iter().map(KetamaServer::name).collect();
        let names = checked_names(texts.iter().map(String::as_str))?;
        let spymemcached = matches!(dialect, Spymemcached | SpymemcachedAsLibmemcached);
        let most = if spymemcached { i32::MAX as u64 } else { u64::from(u32::MAX) };
        let total = checked_total(servers.iter().map(|server| u64::from(server.weight)), most)?;
        let weighted = servers.iter().any(|server| server.weight != 1);
        if weighted && dialect == LibmemcachedUnweighted {
            return Err(Error::InvalidParameter {
                parameter: "weight",
                found: "another than 1".into(),
                allowed: "1 for every server: with other weights libmemcached is weighted",
            });
        }
        checked_points(servers.len() as u64 * 160)?;

        let mut points = Vec::with_capacity(servers.len() * 160);
        for (index, server) in servers.iter().enumerate() {
            let index = index as u32;
            let label = server.label(dialect)?;
            if dialect == LibmemcachedUnweighted {
                single_points(&mut points, &label, 100, key_hash, index);
            } else if spymemcached && !weighted {
                match key_hash {
                    MemcachedHash::Md5 => digest_points(&mut points, &label, 40, index),
                    _ => single_points(&mut points, &label, 160, key_hash, index),
                }
            } else {
                let digests = match dialect {
                    KetamaDialect::Libketama => {
                        digests_libketama(server.weight, total, servers.len())
                    }
                    _ => digests_libmemcached(server.weight, total, servers.len()),
                };
                digest_points(&mut points, &label, digests, index);
            }
        }
        let ties = if spymemcached { Ties::Last } else { Ties::First };
        Ok(Self { names, points: Points::new(points, ties), key_hash, dialect })
    }

    /// The owner of a place on the ring, as an index into [`nodes`](Locate::nodes).
    #[inline]
    #[must_use]
    pub fn locate_hash(&self, hash: u32) -> Option<usize> {
        self.points.owner(hash).map(|owner| owner as usize)
    }

    /// The nodes that spymemcached asks for a key, one after the other, if the first of them are down and its failure mode is
    /// `Redistribute`: seven, not all of them different.
    ///
    /// The hashes that it tries are made with the key hash, so this is of no use for the other dialects. Allocates a buffer for the key.
    pub fn spymemcached_sequence(&self, key: &[u8]) -> impl Iterator<Item = usize> {
        let mut hash = self.key_hash.hash(key);
        let mut numbered = Vec::with_capacity(key.len() + 1);
        let key = Box::<[u8]>::from(key);
        (0..7u8).filter_map(move |attempt| {
            let owner = self.locate_hash(hash);
            numbered.clear();
            numbered.push(b'0' + attempt);
            numbered.extend_from_slice(&key);
            hash = hash.wrapping_add(self.key_hash.hash(&numbered));
            owner
        })
    }

    /// The points of the ring in ascending order, each with the index of its owner.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (u32, usize)> {
        self.points.iter().map(|(point, owner)| (point, owner as usize))
    }

    /// Whose ring it is.
    #[must_use]
    pub const fn dialect(&self) -> KetamaDialect {
        self.dialect
    }
}

impl Locate for Ketama {
    fn nodes(&self) -> &[Box<str>] {
        &self.names
    }

    fn locate_index(&self, key: &[u8]) -> Option<usize> {
        self.locate_hash(self.key_hash.hash(key))
    }

    fn heap_bytes(&self) -> usize {
        self.points.heap_bytes()
    }
}

/// How many digests libketama makes for a server: its part is rounded to a `float`, multiplied as a `double`, and rounded to a `float`
/// once more.
fn digests_libketama(weight: u32, total: u64, servers: usize) -> u32 {
    let part = weight as f32 / total as f32;
    (f64::from(part) * 40.0 * f64::from(servers as f32)) as f32 as u32
}

/// How many digests the others make for a server: all is computed in `float`. They add 0.0000000001 before they round down, which
/// is too little to reach the next integer from any `float` below it.
fn digests_libmemcached(weight: u32, total: u64, servers: usize) -> u32 {
    let part = weight as f32 / total as f32;
    (part * 160.0 / 4.0 * servers as f32) as u32
}

/// Calls `point` with `label` and each number below `count` behind it.
fn numbered(label: &str, count: u32, mut point: impl FnMut(&[u8])) {
    let mut text = String::with_capacity(label.len() + 11);
    text.push_str(label);
    text.push('-');
    let start = text.len();
    for number in 0..count {
        text.truncate(start);
        // Writing to a string cannot fail.
        let _ = write!(text, "{number}");
        point(text.as_bytes());
    }
}

/// Four points of every digest.
fn digest_points(points: &mut Vec<(u32, u32)>, label: &str, digests: u32, index: u32) {
    numbered(label, digests, |text| {
        let digest = md5(text);
        points.extend(
            digest.as_chunks::<4>().0.iter().map(|word| (u32::from_le_bytes(*word), index)),
        );
    });
}

/// One point of every hash.
fn single_points(
    points: &mut Vec<(u32, u32)>,
    label: &str,
    count: u32,
    hash: MemcachedHash,
    index: u32,
) {
    numbered(label, count, |text| points.push((hash.hash(text), index)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of how many equal weights each arithmetic takes points off: the vectors have 47 and 61 of them.
    #[test]
    fn rounding_takes_points_of_equal_weights() {
        let lost = |digests: fn(u32, u64, usize) -> u32| -> Vec<usize> {
            (1..100).filter(|servers| digests(1, *servers as u64, *servers) < 40).collect()
        };
        assert_eq!(lost(digests_libketama), [61]);
        assert_eq!(lost(digests_libmemcached), [25, 47, 50, 55, 61, 71, 94]);
    }

    /// Addresses as in spymemcached's KetamaNodeKeyFormatterTest (dustin/java-memcached-client).
    #[test]
    fn spymemcacheds_names() {
        let spy =
            |host, port| KetamaServer::new(host, port).label(KetamaDialect::Spymemcached).unwrap();
        let lib = |host, port| {
            KetamaServer::new(host, port).label(KetamaDialect::SpymemcachedAsLibmemcached).unwrap()
        };
        assert_eq!(spy("localhost/127.0.0.1", 11211), "localhost/127.0.0.1:11211");
        assert_eq!(spy("1.2.3.4", 11211), "1.2.3.4:11211");
        assert_eq!(lib("localhost", 11211), "localhost");
        assert_eq!(lib("localhost", 11212), "localhost:11212");
    }
}
