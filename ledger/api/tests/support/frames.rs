//! Frames by hand: what no client would send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ledger_api::Problem;
use ledger_api::wire::{self, HEADER_BYTES, Header, Kind, MAX_REPLY_BYTES};

/// A frame.
pub fn frame(request: u64, kind: u16, count: u32, deadline_ms: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let at = wire::begin(&mut out, request, kind, 0, deadline_ms);
    out.extend_from_slice(body);
    wire::finish(&mut out, at, count);
    out
}

/// A hello with a key.
pub fn hello(key: &str) -> Vec<u8> {
    frame(1, Kind::Hello as u16, 0, 0, key.as_bytes())
}

/// A socket.
pub struct Raw(pub TcpStream);

impl Raw {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        // No test waits so long unless something is wrong.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(stream)
    }

    /// One that has been greeted.
    pub fn greeted(address: SocketAddr, key: &str) -> Self {
        let mut raw = Self::connect(address);
        raw.send(&hello(key));
        let (header, _) = raw.receive().unwrap();
        assert_eq!((header.kind, header.problem), (Kind::Hello as u16, 0));
        raw
    }

    /// What the server does not take is the server's decision.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// The next frame; none if the server closed the connection.
    pub fn receive(&mut self) -> Option<(Header, Vec<u8>)> {
        let mut head = [0; HEADER_BYTES];
        self.0.read_exact(&mut head).ok()?;
        let header = Header::read(&head, MAX_REPLY_BYTES).unwrap();
        let mut whole = head.to_vec();
        whole.resize(HEADER_BYTES + header.length as usize, 0);
        self.0.read_exact(&mut whole[HEADER_BYTES..]).unwrap();
        Header::check(&whole).unwrap();
        Some((header, whole.split_off(HEADER_BYTES)))
    }

    /// The next answer, which is a problem.
    #[track_caller]
    pub fn problem(&mut self) -> Problem {
        let (header, body) = self.receive().expect("the connection is closed");
        Problem::from_wire(header.problem, &String::from_utf8(body).unwrap())
    }

    /// Asserts that the server says goodbye, with nothing more.
    #[track_caller]
    pub fn ends(&mut self) {
        let mut rest = Vec::new();
        // It may also be reset: what was sent behind the garbage is not read.
        let _ = self.0.read_to_end(&mut rest);
        assert_eq!(rest.len(), 0, "{} bytes more", rest.len());
    }
}
