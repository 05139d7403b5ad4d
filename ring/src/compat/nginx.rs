//! nginx: `hash KEY consistent` in an `upstream` block.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::crc32::{START, crc32, update};
use super::points::{Points, Ties};
use super::{Locate, checked_names, checked_points, checked_total};
use crate::Result;

/// The ring of nginx's `hash ... consistent`, of the http and the stream module: made to be that of Perl's Cache::Memcached::Fast.
///
/// A server has 160 points for each unit of weight: CRC-32 of host, a zero byte, port and the point before. Since each point follows
/// from the one before by a linear function, a server's points stand in the same pattern as another's, shifted: the balance is worse than
/// that of as many random points.
///
/// ```
/// use hash_ring::compat::{Locate, NginxRing};
///
/// let ring = NginxRing::new([("10.0.0.1:8080", 1), ("10.0.0.2:8080", 2)])?;
/// assert_eq!(ring.locate(b"/index.html"), Some("10.0.0.1:8080"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// A lookup takes the CRC of the key and some 5 ns; a unit of weight takes some 2 KiB. Removing a server moves its keys alone.
///
/// **Verified** with nginx 1.22.1: 1,000 keys and more in each case of `tests/vectors/nginx.txt`: addresses, names, sockets, weights,
/// servers with and without ports.
///
/// **Not matched.** A server name that resolves to several addresses is one server here; nginx takes turns among its addresses. nginx
/// skips servers that are down, failed or full to the next points: build the ring of the others, which gives the same but for
/// `down` servers. With one server, and for the empty key, nginx does not hash: for the empty key we answer `None`, since nginx takes
/// turns. Where the C library's `qsort` is not stable (musl's, for one), a point that two servers claim goes to either of them; we
/// give it to the first, as glibc does.
#[derive(Clone, Debug)]
pub struct NginxRing {
    names: Box<[Box<str>]>,
    points: Points<u32>,
}

impl NginxRing {
    /// Points of a unit of weight.
    const POINTS: u64 = 160;

    /// The ring of servers, each with what stands behind `server` in the configuration (`10.0.0.1:8080`, `cache1`,
    /// `unix:/run/cache`) and its `weight`, in the order of the configuration.
    ///
    /// # Errors
    /// [`DuplicateName`](crate::Error::DuplicateName), [`NameLength`](crate::Error::NameLength),
    /// [`TooManyNodes`](crate::Error::TooManyNodes); [`InvalidWeight`](crate::Error::InvalidWeight) for a weight of 0;
    /// [`InvalidParameter`](crate::Error::InvalidParameter) for more than 2^28 points.
    pub fn new<'a>(servers: impl IntoIterator<Item = (&'a str, u32)>) -> Result<Self> {
        let servers: Vec<(&str, u32)> = servers.into_iter().collect();
        let names = checked_names(servers.iter().map(|(name, _)| *name))?;
        let total = checked_total(servers.iter().map(|(_, weight)| u64::from(*weight)), u64::MAX)?;
        let mut points = Vec::with_capacity(checked_points(total.saturating_mul(Self::POINTS))?);
        for (index, (name, weight)) in servers.iter().enumerate() {
            let (host, port) = split(name);
            let base = update(update(update(START, host), &[0]), port);
            let mut point = 0u32;
            for _ in 0..u64::from(*weight) * Self::POINTS {
                point = !update(base, &point.to_le_bytes());
                points.push((point, index as u32));
            }
        }
        Ok(Self { names, points: Points::new(points, Ties::First) })
    }

    /// The owner of a place on the ring, as an index into [`nodes`](Locate::nodes).
    #[inline]
    #[must_use]
    pub fn locate_hash(&self, hash: u32) -> Option<usize> {
        self.points.owner(hash).map(|owner| owner as usize)
    }
}

impl Locate for NginxRing {
    fn nodes(&self) -> &[Box<str>] {
        &self.names
    }

    fn locate_index(&self, key: &[u8]) -> Option<usize> {
        if key.is_empty() { None } else { self.locate_hash(crc32(key)) }
    }

    fn heap_bytes(&self) -> usize {
        self.points.heap_bytes()
    }
}

/// Host and port as nginx takes them apart: a port is what stands behind the last colon, if it is digits only (or nothing).
fn split(server: &str) -> (&[u8], &[u8]) {
    let bytes = server.as_bytes();
    if let Some((scheme, path)) = bytes.split_at_checked(5)
        && scheme.eq_ignore_ascii_case(b"unix:")
    {
        return (path, b"");
    }
    let digits = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, port) = bytes.split_at(bytes.len() - digits);
    match rest.split_last() {
        Some((b':', host)) => (host, port),
        _ => (bytes, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        let cases: [(&str, &str, &str); 8] = [
            ("10.0.0.1:8080", "10.0.0.1", "8080"),
            ("10.0.0.1", "10.0.0.1", ""),
            ("cache", "cache", ""),
            ("cache:", "cache", ""),
            ("[::1]:80", "[::1]", "80"),
            ("[::1]", "[::1]", ""),
            ("UNIX:/run/a:1", "/run/a:1", ""),
            ("80", "80", ""),
        ];
        for (server, host, port) in cases {
            assert_eq!(split(server), (host.as_bytes(), port.as_bytes()), "{server}");
        }
    }
}
