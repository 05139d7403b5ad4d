//! Bytes over a socket, plain or by TLS.

use std::io::{self, Read as _, Write as _};

use mio::net::TcpStream;

/// A connection's socket.
pub(super) enum Transport {
    /// As they are.
    Plain(TcpStream),
    /// By TLS.
    #[cfg(feature = "tls")]
    Tls(Box<(TcpStream, tokio_rustls::rustls::ServerConnection)>),
}

impl Transport {
    /// Registers with the loop or away from it.
    pub fn stream(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Self::Tls(both) => &mut both.0,
        }
    }

    /// Whether a read of so many bytes into so much room left nothing behind: a short read from a socket says that it is empty, and that more
    /// will be an event of its own.
    pub fn is_drained(&self, read: usize, room: usize) -> bool {
        match self {
            Self::Plain(_) => read < room,
            #[cfg(feature = "tls")]
            Self::Tls(_) => false,
        }
    }

    /// Reads what is there: 0 at the end.
    pub fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(room),
            #[cfg(feature = "tls")]
            Self::Tls(both) => {
                let (stream, tls) = &mut **both;
                loop {
                    match tls.reader().read(room) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        read => return read,
                    }
                    // What arrived held nothing for the reader, or nothing arrived: `WouldBlock`.
                    if tls.read_tls(stream)? == 0 {
                        return Ok(0);
                    }
                    let processed = tls.process_new_packets();
                    if tls.wants_write() {
                        // A handshake's answer, or an alert that says why it fails. What does not go now goes with the next write.
                        match tls.write_tls(stream) {
                            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                                return Err(error);
                            }
                            _ => {}
                        }
                    }
                    processed.map_err(io::Error::other)?;
                }
            }
        }
    }

    /// Writes what the socket takes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(both) => {
                let (stream, tls) = &mut **both;
                while tls.wants_write() {
                    tls.write_tls(stream)?;
                }
                if tls.is_handshaking() {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                let taken = tls.writer().write(bytes)?;
                while tls.wants_write() {
                    match tls.write_tls(stream) {
                        Ok(_) => {}
                        // It was taken; the rest goes before the next.
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                }
                Ok(taken)
            }
        }
    }

    /// Whether everything that was taken is on its way.
    pub fn is_flushed(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            #[cfg(feature = "tls")]
            Self::Tls(both) => !both.1.wants_write(),
        }
    }

    /// Sends what was taken and is not on its way.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            #[cfg(feature = "tls")]
            Self::Tls(both) => {
                let (stream, tls) = &mut **both;
                while tls.wants_write() {
                    tls.write_tls(stream)?;
                }
                Ok(())
            }
        }
    }

    /// Says that nothing more will come.
    pub fn end(&mut self) {
        #[cfg(feature = "tls")]
        if let Self::Tls(both) = self {
            both.1.send_close_notify();
            // The client may be gone already.
            let _ = both.1.write_tls(&mut both.0);
        }
        let _ = self.stream().shutdown(std::net::Shutdown::Write);
    }
}
