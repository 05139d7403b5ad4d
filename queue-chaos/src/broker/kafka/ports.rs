//! Ports for nodes.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

/// Ports that are free now, and that the system does not give to connections: a node that is down leaves its port to nobody, so that a port from the range of those
/// may be taken when it comes back, at worst by a client that tries to reach it and is connected to itself.
///
/// Which ports are tried is drawn anew each time, and none is given twice in the life of a process, so that clusters side by side do not meet.
pub(super) fn free(count: usize) -> io::Result<Vec<SocketAddr>> {
    static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

    const FIRST: u16 = 10_000;
    let end = first_of_connections().unwrap_or(32_768).max(FIRST + 1000);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    let random = RandomState::new();
    let mut found = Vec::new();
    for attempt in 0..10_000u32 {
        if found.len() == count {
            return Ok(found);
        }
        let port = FIRST + (random.hash_one(attempt) % u64::from(end - FIRST)) as u16;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if !given.contains(&port) && TcpListener::bind(address).is_ok() {
            given.insert(port);
            found.push(address);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, format!("no free port from {FIRST} to {end}")))
}

/// Linux's range begins at 32768 if nobody has changed it.
fn first_of_connections() -> Option<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    range.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let mut all = free(40).unwrap();
        all.extend(free(40).unwrap());
        let different: HashSet<SocketAddr> = all.iter().copied().collect();
        assert_eq!(different.len(), 80);
        assert!(all.iter().all(|address| address.ip().is_loopback()));
    }
}
