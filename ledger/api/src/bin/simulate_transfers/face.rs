//! The two ways to ask.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ledger::model::{Batch, Reply, Transfer, TransferFlags};
use ledger_api::client::{ClientOptions, Connection};

use crate::Done;

/// How many events had which code.
pub type Codes = BTreeMap<String, u64>;

/// A connection to one of the faces.
pub enum Asking {
    /// The binary protocol.
    Tcp(Box<Connection>),
    /// HTTP.
    Http(Http),
}

impl Asking {
    /// By the binary protocol.
    pub fn tcp(options: &ClientOptions) -> Done<Self> {
        Ok(Self::Tcp(Box::new(Connection::connect(options)?)))
    }

    /// By HTTP.
    pub fn http(address: SocketAddr, key: &str) -> Done<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let authorization =
            if key.is_empty() { String::new() } else { format!("Authorization: Bearer {key}\r\n") };
        Ok(Self::Http(Http {
            stream: BufReader::new(stream),
            address,
            authorization,
            body: String::new(),
        }))
    }

    /// Sends a request and waits for the answer. What is no success is counted by its code.
    pub fn ask(&mut self, batch: &Batch, others: &mut Codes) -> Done {
        match self {
            Self::Tcp(connection) => {
                let codes = connection.commit(batch)?;
                let mut other = |name: String| *others.entry(name).or_default() += 1;
                match codes {
                    Reply::Transfers(all) => {
                        all.iter()
                            .filter(|it| !it.code.is_success())
                            .for_each(|it| other(it.code.name()));
                    }
                    Reply::Transactions(all) => {
                        all.iter()
                            .filter(|it| !it.code.is_success())
                            .for_each(|it| other(it.code.name()));
                    }
                    _ => {}
                }
                Ok(())
            }
            Self::Http(http) => http.ask(batch, others),
        }
    }
}

/// As much HTTP as it takes.
pub struct Http {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    authorization: String,
    body: String,
}

impl Http {
    fn ask(&mut self, batch: &Batch, others: &mut Codes) -> Done {
        let Batch::Transfers(transfers) = batch else {
            return Err("over HTTP only transfers are sent".into());
        };
        self.body.clear();
        match transfers.as_slice() {
            [one] => write_transfer(one, &mut self.body),
            all => {
                for (at, it) in all.iter().enumerate() {
                    self.body.push(if at == 0 { '[' } else { ',' });
                    write_transfer(it, &mut self.body);
                }
                self.body.push(']');
            }
        }
        let body = std::mem::take(&mut self.body);
        let answer = self.send("POST", "/v1/transfers", &body);
        self.body = body;
        let (status, body) = answer?;
        let count = match status {
            200 | 201 if transfers.len() == 1 => return Ok(()),
            200 => serde_json::from_slice::<Vec<serde_json::Value>>(&body)?,
            409 | 422 => vec![serde_json::from_slice(&body)?],
            _ => return Err(format!("HTTP {status}: {}", String::from_utf8_lossy(&body)).into()),
        };
        for outcome in count {
            let code = outcome.get("code").and_then(|it| it.as_str()).unwrap_or("?");
            if code != "ok" && code != "exists" {
                *others.entry(code.to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Sends a request, and waits for the answer: its status and body.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> Done<(u16, Vec<u8>)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.authorization,
            body.len(),
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> Done<(u16, Vec<u8>)> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
        let status = status.ok_or("the server's answer is no HTTP")?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }
}

fn write_transfer(it: &Transfer, out: &mut String) {
    use std::fmt::Write as _;

    let mut flags = String::new();
    for (name, flag) in TransferFlags::NAMES {
        if it.flags.contains(*flag) {
            flags.push_str(if flags.is_empty() { "\"" } else { ",\"" });
            flags.push_str(&name.to_ascii_lowercase());
            flags.push('"');
        }
    }
    // A string takes whatever is written.
    let _ = write!(
        out,
        "{{\"id\":\"{}\",\"debit_account_id\":\"{}\",\"credit_account_id\":\"{}\",\"amount\":\"{}\",\"ledger\":{},\
         \"code\":{},\"pending_id\":\"{}\",\"timeout\":{},\"flags\":[{flags}]}}",
        it.id,
        it.debit_account_id,
        it.credit_account_id,
        it.amount,
        it.ledger,
        it.code,
        it.pending_id,
        it.timeout
    );
}
