//! What the proxy costs: a stream and a ping-pong through it, against the same without it.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use queue_chaos::proxy::{Direction, Proxy, Rule, Toxic};

const STREAM: usize = 4 << 30;

fn sink() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            thread::spawn(move || {
                let mut buffer = vec![0; 256 * 1024];
                while client.read(&mut buffer).unwrap() > 0 {}
                client.write_all(b"!").unwrap();
            });
        }
    });
    address
}

fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            client.set_nodelay(true).unwrap();
            thread::spawn(move || {
                let mut buffer = vec![0; 4096];
                loop {
                    let n = client.read(&mut buffer).unwrap();
                    if n == 0 {
                        break;
                    }
                    client.write_all(&buffer[..n]).unwrap();
                }
            });
        }
    });
    address
}

fn stream(to: SocketAddr) -> f64 {
    let mut socket = TcpStream::connect(to).unwrap();
    let buffer = vec![7; 256 * 1024];
    let start = Instant::now();
    for _ in 0..STREAM / buffer.len() {
        socket.write_all(&buffer).unwrap();
    }
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    socket.read_exact(&mut [0]).unwrap();
    STREAM as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn ping(to: SocketAddr) -> f64 {
    let mut socket = TcpStream::connect(to).unwrap();
    socket.set_nodelay(true).unwrap();
    let mut times: Vec<f64> = (0..20_000)
        .map(|_| {
            let start = Instant::now();
            socket.write_all(&[1; 100]).unwrap();
            socket.read_exact(&mut [0; 100]).unwrap();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let (sink, echo) = (sink(), echo());
    let to = |upstream| Proxy::listen("127.0.0.1:0".parse().unwrap(), upstream).unwrap();
    let (thin, thick) = (to(echo), to(sink));
    for _ in 0..3 {
        let (direct, through) = (stream(sink), stream(thick.local_addr()));
        println!(
            "stream: direct {direct:.0} MB/s, proxy {through:.0} MB/s ({:.2}x)",
            through / direct
        );
        let (direct, through) = (ping(echo), ping(thin.local_addr()));
        println!(
            "ping-pong, median: direct {direct:.1} us, proxy {through:.1} us (+{:.1} us)",
            through - direct
        );
    }
    let rule = thick.add(Rule::new(
        Toxic::Latency {
            delay: std::time::Duration::from_millis(20),
            jitter: std::time::Duration::ZERO,
        },
        Direction::Both,
    ));
    println!("stream under 20 ms: {:.0} MB/s", stream(thick.local_addr()));
    thick.remove(rule);
}
