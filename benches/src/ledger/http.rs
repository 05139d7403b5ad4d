//! The least that a client of HTTP/1.1 can be: one connection that is kept, one request at a time.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ledger::model::Transfer;

use super::Result;

/// A connection.
#[derive(Debug)]
pub struct Web {
    stream: TcpStream,
    request: String,
    response: Vec<u8>,
}

impl Web {
    /// Connects.
    ///
    /// # Errors
    /// The system's.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, request: String::new(), response: Vec::new() })
    }

    /// Asks for a transfer, and waits until it is created.
    ///
    /// # Errors
    /// The connection's; any other answer than `201 Created`.
    pub fn transfer(&mut self, transfer: &Transfer) -> Result<()> {
        let Transfer { id, debit_account_id, credit_account_id, amount, ledger, code, .. } =
            transfer;
        let body = format!(
            r#"{{"id":"{id}","debit_account_id":"{debit_account_id}","credit_account_id":"{credit_account_id}","amount":"{amount}","ledger":{ledger},"code":{code}}}"#
        );
        self.request.clear();
        write!(
            self.request,
            "POST /v1/transfers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        self.stream.write_all(self.request.as_bytes())?;
        self.response.clear();
        let mut chunk = [0; 4096];
        loop {
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            self.response.extend_from_slice(&chunk[..read]);
            if let Some(response) = whole(&self.response)? {
                let created = response.starts_with("HTTP/1.1 201 ");
                return if created {
                    Ok(())
                } else {
                    Err(format!("not created: {response}").into())
                };
            }
        }
    }
}

/// A response, once all of it is there.
fn whole(bytes: &[u8]) -> Result<Option<&str>> {
    let text = std::str::from_utf8(bytes)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    match length {
        Some(length) => Ok((body.len() >= length?).then_some(text)),
        None => Err("a response that does not say how long it is".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_when_its_body_is() {
        let text = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        for end in 0..text.len() {
            assert_eq!(whole(&text.as_bytes()[..end]).unwrap(), None, "{end}");
        }
        assert_eq!(whole(text.as_bytes()).unwrap(), Some(text));
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
