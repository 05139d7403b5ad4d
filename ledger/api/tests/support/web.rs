//! A client that speaks as much HTTP as it takes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

pub struct Web {
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

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!([200, 201, 202].contains(&self.status), "{self:?}");
        self.json()
    }

    /// That it is this error with this status; what it says.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> String {
        let error = &self.json()["error"];
        assert_eq!(
            (self.status, error["code"].as_str().unwrap_or_default()),
            (status, code),
            "{self:?}"
        );
        assert!(error["do"].as_str().is_some_and(|it| !it.is_empty()), "{self:?}");
        error["says"].as_str().unwrap().to_owned()
    }

    /// That it is the outcome of an event that was refused.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        let body = self.json();
        assert_eq!(
            (self.status, body["code"].as_str().unwrap_or_default()),
            (status, code),
            "{self:?}"
        );
        for field in ["says", "do"] {
            assert!(body[field].as_str().is_some_and(|it| !it.is_empty()), "{self:?}");
        }
    }
}

impl Web {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new(), connection: None }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("Authorization", &format!("Bearer {key}"))
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(&body.to_string()))
    }

    /// A request on the connection that there is, else on a new one.
    pub fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> Reply {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        let has = |name: &str| self.headers.iter().any(|it| it.0.eq_ignore_ascii_case(name));
        if !has("host") {
            head += &format!("Host: {}\r\n", self.address);
        }
        if let Some(body) = body {
            if !has("content-type") {
                head += "Content-Type: application/json\r\n";
            }
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.raw(format!("{head}\r\n{}", body.unwrap_or_default()).as_bytes()).unwrap()
    }

    /// Sends bytes, and reads a reply.
    pub fn raw(&mut self, request: &[u8]) -> std::io::Result<Reply> {
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
        let sent = connection.get_mut().write_all(request);
        let reply = match (sent, read_reply(&mut connection)) {
            (_, Ok(reply)) => reply,
            (Err(error), Err(_)) | (Ok(()), Err(error)) => return Err(error),
        };
        if reply.header("connection") != Some("close") && reply.header("content-length").is_some() {
            self.connection = Some(connection);
        }
        Ok(reply)
    }

    /// Opens a stream of server-sent events: their fields, one event after another.
    pub fn events(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> impl Iterator<Item = Event> + use<> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // Chunk sizes are lines without a colon: they are passed over with the rest of what is no field.
        let mut lines = BufReader::new(stream).lines();
        let status = lines.next().unwrap().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        std::iter::from_fn(move || {
            let mut event = Event::default();
            loop {
                let line = lines.next()?.unwrap();
                if let Some(id) = line.strip_prefix("id: ") {
                    event.id = id.to_owned();
                } else if let Some(kind) = line.strip_prefix("event: ") {
                    event.kind = kind.to_owned();
                } else if let Some(data) = line.strip_prefix("data: ") {
                    event.data = data.to_owned();
                } else if line.is_empty() && !event.data.is_empty() {
                    return Some(event);
                }
            }
        })
    }
}

/// A server-sent event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub data: String,
}

fn read_reply(connection: &mut BufReader<TcpStream>) -> std::io::Result<Reply> {
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
    if let Some(length) = reply.header("content-length").and_then(|it| it.parse().ok()) {
        let mut body = vec![0; length];
        connection.read_exact(&mut body)?;
        reply.body = String::from_utf8(body).unwrap();
    }
    Ok(reply)
}
