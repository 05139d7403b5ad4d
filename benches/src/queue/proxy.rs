//! What the proxy costs.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use queue_chaos::proxy::Proxy;

use super::Result;
use crate::judge::quantile;

/// Bytes of a stream.
const STREAM: usize = 1 << 30;
/// Bytes that are written at once.
const WRITE: usize = 256 << 10;
/// How often a message goes to and fro.
const PINGS: usize = 20_000;
/// Its bytes.
const PING: usize = 100;
/// Passes of which the best is the reading.
const PASSES: usize = 3;

/// A server, without a proxy and behind one.
struct Server {
    direct: SocketAddr,
    proxy: Proxy,
}

impl Server {
    /// Serves each connection by a thread, as long as this process lives.
    fn start(serve: fn(TcpStream) -> std::io::Result<()>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let direct = listener.local_addr()?;
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Whoever ends early is found out by the client.
                thread::spawn(move || serve(client).ok());
            }
        });
        Ok(Self { direct, proxy: Proxy::listen(SocketAddr::from(([127, 0, 0, 1], 0)), direct)? })
    }

    fn behind(&self) -> SocketAddr {
        self.proxy.local_addr()
    }
}

/// Reads to the end, and says so.
fn sink(mut client: TcpStream) -> std::io::Result<()> {
    let mut buffer = vec![0; WRITE];
    loop {
        match client.read(&mut buffer) {
            Ok(0) => return client.write_all(b"!"),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn echo(mut client: TcpStream) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut buffer = [0; PING];
    loop {
        client.read_exact(&mut buffer)?;
        client.write_all(&buffer)?;
    }
}

/// Megabytes (10^6 bytes) a second.
fn stream(to: SocketAddr, bytes: usize) -> Result<f64> {
    let mut socket = TcpStream::connect(to)?;
    let buffer = vec![7; WRITE];
    let began = Instant::now();
    for _ in 0..bytes / WRITE {
        socket.write_all(&buffer)?;
    }
    socket.shutdown(Shutdown::Write)?;
    socket.read_exact(&mut [0])?;
    Ok(bytes as f64 / began.elapsed().as_secs_f64() / 1e6)
}

/// Microseconds to and fro: the median.
fn ping(to: SocketAddr, times: usize) -> Result<f64> {
    let mut socket = TcpStream::connect(to)?;
    socket.set_nodelay(true)?;
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let began = Instant::now();
        socket.write_all(&[1; PING])?;
        socket.read_exact(&mut [0; PING])?;
        taken.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(quantile(&taken, 0.5))
}

/// Megabytes a second of a stream through a proxy, and without it: the best of some passes, in turns.
///
/// # Errors
/// That of a socket.
pub fn streams() -> Result<[f64; 2]> {
    let server = Server::start(sink)?;
    let mut best = [0.0_f64; 2];
    for _ in 0..PASSES {
        for (to, best) in [server.behind(), server.direct].into_iter().zip(&mut best) {
            *best = best.max(stream(to, STREAM)?);
        }
    }
    Ok(best)
}

/// Microseconds of 100 bytes to and fro through a proxy, and without it: the median of the best of some passes, in turns.
///
/// # Errors
/// That of a socket.
pub fn pings() -> Result<[f64; 2]> {
    let server = Server::start(echo)?;
    let mut best = [f64::INFINITY; 2];
    for _ in 0..PASSES {
        for (to, best) in [server.behind(), server.direct].into_iter().zip(&mut best) {
            *best = best.min(ping(to, PINGS)?);
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_both_ways() {
        let server = Server::start(sink).unwrap();
        assert!(stream(server.behind(), 4 * WRITE).unwrap() > 0.0);
        assert_eq!(server.proxy.statistics().bytes_up, 4 * WRITE as u64);
        let server = Server::start(echo).unwrap();
        assert!(ping(server.behind(), 10).unwrap() > 0.0);
        assert!(ping(server.direct, 10).unwrap() > 0.0);
        assert_eq!(server.proxy.statistics().total, 1);
    }
}
