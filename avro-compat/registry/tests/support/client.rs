//! A client that speaks as much HTTP as it takes.
#![allow(dead_code, reason = "not everybody needs all of it")]
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

pub struct Client {
    pub address: SocketAddr,
    headers: Vec<(String, String)>,
    connection: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// That it is this error, with a status that goes with it.
    #[track_caller]
    pub fn refused(&self, code: u64) -> String {
        let body = self.json();
        assert_eq!(body["error_code"], code, "{self:?}");
        assert_eq!(u64::from(self.status), if code > 999 { code / 100 } else { code }, "{self:?}");
        body["message"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new(), connection: None }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, None).unwrap()
    }

    pub fn delete(&mut self, path: &str) -> Reply {
        self.send("DELETE", path, None).unwrap()
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(&body.to_string())).unwrap()
    }

    pub fn put(&mut self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(&body.to_string())).unwrap()
    }

    /// A request on the connection that there is, else on a new one.
    pub fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> std::io::Result<Reply> {
        let address = self.address;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n");
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            if !self.headers.iter().any(|it| it.0.eq_ignore_ascii_case("content-type")) {
                head += "Content-Type: application/vnd.schemaregistry.v1+json\r\n";
            }
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        self.raw(&format!("{head}\r\n{}", body.unwrap_or_default()), method == "HEAD")
    }

    /// Sends bytes, and reads a reply.
    pub fn raw(&mut self, request: &str, head_only: bool) -> std::io::Result<Reply> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(60)))?;
                BufReader::new(stream)
            }
        };
        // A server that refuses may do so before it has read all.
        let sent = connection.get_mut().write_all(request.as_bytes());
        let reply = read_reply(&mut connection, head_only);
        let reply = match (sent, reply) {
            (_, Ok(reply)) => reply,
            (Err(error), Err(_)) | (Ok(()), Err(error)) => return Err(error),
        };
        if reply.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        Ok(reply)
    }
}

fn read_reply(connection: &mut BufReader<TcpStream>, head_only: bool) -> std::io::Result<Reply> {
    let broken = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "no reply");
    let line = |connection: &mut BufReader<TcpStream>| {
        let mut line = String::new();
        match connection.read_line(&mut line)? {
            0 => Err(broken()),
            _ => Ok(line.trim_end().to_owned()),
        }
    };
    let status = line(connection)?;
    let status = status.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(broken)?;
    let mut headers = Vec::new();
    loop {
        let header = line(connection)?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut reply = Reply { status, headers, body: String::new() };
    let length = reply.header("content-length").and_then(|it| it.parse().ok());
    if let (Some(length), false) = (length, head_only) {
        let mut body = vec![0; length];
        connection.read_exact(&mut body)?;
        reply.body = String::from_utf8(body).unwrap();
    }
    Ok(reply)
}
