//! Two requests of Kafka's protocol, sent to one node and to no other: what librdkafka has no call for, as it asks whichever node it likes, and knows no controllers.
//!
//! Layouts are those of Kafka's protocol guide: Metadata version 1 and DescribeQuorum version 0.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::id::NodeId;

const METADATA: i16 = 3;
const DESCRIBE_QUORUM: i16 = 55;

/// More than any cluster of a lab answers with.
const LARGEST_RESPONSE: u64 = 64 << 20;

/// What a node knows of its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// Brokers that it takes for alive.
    pub brokers: Vec<NodeId>,
    /// Topics that it knows.
    pub topics: Vec<Topic>,
}

/// A topic, as a node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    /// Its name.
    pub name: String,
    /// Its partitions, in order.
    pub partitions: Vec<Partition>,
}

/// A partition, as a node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    /// Its number.
    pub id: u32,
    /// Who leads it, if anybody.
    pub leader: Option<NodeId>,
    /// Who holds it; the preferred leader first.
    pub replicas: Vec<NodeId>,
    /// Who of them is in sync.
    pub in_sync: Vec<NodeId>,
}

impl Metadata {
    /// A topic by its name.
    pub fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.name == name)
    }

    /// Partitions that have fewer replicas in sync than they have.
    pub fn under_replicated(&self) -> impl Iterator<Item = (&str, &Partition)> {
        self.topics
            .iter()
            .flat_map(|topic| topic.partitions.iter().map(|p| (topic.name.as_str(), p)))
            .filter(|(_, p)| p.in_sync.len() < p.replicas.len())
    }
}

/// What a node knows of all brokers and topics. Each step of the way (connection, request, response) may take `wait`.
pub(super) fn metadata(node: SocketAddr, wait: Duration) -> io::Result<Metadata> {
    let response = ask(node, wait, METADATA, 1, false, &(-1i32).to_be_bytes())?;
    Body(&response).metadata()
}

/// Who leads the controllers, as a broker can find out.
pub(super) fn controller(node: SocketAddr, wait: Duration) -> io::Result<NodeId> {
    // One topic, one partition, and no tagged fields anywhere.
    let mut request = vec![2];
    request.push(b"__cluster_metadata".len() as u8 + 1);
    request.extend(b"__cluster_metadata");
    request.extend([2, 0, 0, 0, 0, 0, 0, 0]);
    let response = ask(node, wait, DESCRIBE_QUORUM, 0, true, &request)?;
    Body(&response).controller()
}

fn ask(
    node: SocketAddr,
    wait: Duration,
    api: i16,
    version: i16,
    flexible: bool,
    body: &[u8],
) -> io::Result<Vec<u8>> {
    const CORRELATION: i32 = 1;
    const CLIENT: &[u8] = b"queue-chaos";

    let mut request = vec![0; 4];
    request.extend(api.to_be_bytes());
    request.extend(version.to_be_bytes());
    request.extend(CORRELATION.to_be_bytes());
    request.extend((CLIENT.len() as i16).to_be_bytes());
    request.extend(CLIENT);
    if flexible {
        request.push(0);
    }
    request.extend(body);
    let size = request.len() as i32 - 4;
    request[..4].copy_from_slice(&size.to_be_bytes());

    let mut connection = TcpStream::connect_timeout(&node, wait)?;
    connection.set_read_timeout(Some(wait))?;
    connection.set_write_timeout(Some(wait))?;
    connection.write_all(&request)?;
    let mut size = [0; 4];
    connection.read_exact(&mut size)?;
    let size = u64::try_from(i32::from_be_bytes(size)).map_err(|_| malformed("a negative size"))?;
    if size > LARGEST_RESPONSE {
        return Err(malformed("a response of more than 64 MiB"));
    }
    let mut response = Vec::new();
    connection.take(size).read_to_end(&mut response)?;
    if (response.len() as u64) < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut header = Body(&response);
    if header.i32()? != CORRELATION {
        return Err(malformed("an answer to another question"));
    }
    if flexible {
        header.tags()?;
    }
    Ok(header.0.to_vec())
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the node's response has {what}"))
}

/// What is left of a response.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn bytes(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or_else(|| malformed("too few bytes"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(|| malformed("too few bytes"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn i16(&mut self) -> io::Result<i16> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    fn i32(&mut self) -> io::Result<i32> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    fn unsigned_varint(&mut self) -> io::Result<u32> {
        let mut value = 0u32;
        for shift in (0..32).step_by(7) {
            let [byte] = self.array()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed("a number that does not end"))
    }

    fn string(&mut self) -> io::Result<Option<String>> {
        let Ok(length) = usize::try_from(self.i16()?) else { return Ok(None) };
        Ok(Some(String::from_utf8_lossy(self.bytes(length)?).into_owned()))
    }

    fn tags(&mut self) -> io::Result<()> {
        for _ in 0..self.unsigned_varint()? {
            self.unsigned_varint()?;
            let length = self.unsigned_varint()?;
            self.bytes(length as usize)?;
        }
        Ok(())
    }

    /// As many of them as it says; each takes bytes, so that a wrong number ends where the bytes do.
    fn all<T>(&mut self, mut one: impl FnMut(&mut Self) -> io::Result<T>) -> io::Result<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..self.i32()? {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn node(&mut self) -> io::Result<Option<NodeId>> {
        Ok(u32::try_from(self.i32()?).ok().map(NodeId))
    }

    fn nodes(&mut self) -> io::Result<Vec<NodeId>> {
        Ok(self.all(Self::node)?.into_iter().flatten().collect())
    }

    fn metadata(&mut self) -> io::Result<Metadata> {
        let brokers = self.all(|body| {
            let id = body.node()?;
            let (_host, _port, _rack) = (body.string()?, body.i32()?, body.string()?);
            Ok(id)
        })?;
        let _controller = self.i32()?;
        let topics = self.all(|body| {
            let _error = body.i16()?;
            let name = body.string()?.unwrap_or_default();
            let [_internal] = body.array()?;
            let mut partitions = body.all(|body| {
                let _error = body.i16()?;
                Ok(Partition {
                    id: u32::try_from(body.i32()?)
                        .map_err(|_| malformed("a partition below zero"))?,
                    leader: body.node()?,
                    replicas: body.nodes()?,
                    in_sync: body.nodes()?,
                })
            })?;
            partitions.sort_by_key(|partition| partition.id);
            Ok(Topic { name, partitions })
        })?;
        Ok(Metadata { brokers: brokers.into_iter().flatten().collect(), topics })
    }

    fn controller(&mut self) -> io::Result<NodeId> {
        let refused = |code| io::Error::other(format!("Kafka's error {code}"));
        match self.i16()? {
            0 => {}
            code => return Err(refused(code)),
        }
        let (_topics, length) = (self.unsigned_varint()?, self.unsigned_varint()?);
        self.bytes(length.saturating_sub(1) as usize)?;
        let (_partitions, _partition) = (self.unsigned_varint()?, self.i32()?);
        match self.i16()? {
            0 => {}
            code => return Err(refused(code)),
        }
        self.node()?.ok_or_else(|| io::Error::other("no controller leads"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_response_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Body(&bytes).metadata();
            let _ = Body(&bytes).controller();
            let _ = Body(&bytes).tags();
        }
    }

    #[test]
    fn a_response_says_who_leads() {
        let mut response = Vec::new();
        response.extend(1i32.to_be_bytes()); // brokers
        response.extend(3i32.to_be_bytes());
        response.extend([0, 1, b'h', 0, 0, 0, 9, 0xff, 0xff]); // host, port, no rack
        response.extend((-1i32).to_be_bytes()); // no controller
        response.extend(1i32.to_be_bytes()); // topics
        response.extend([0, 0, 0, 1, b't', 0]);
        response.extend(1i32.to_be_bytes()); // partitions
        response.extend([0, 0]);
        for number in [0i32, -1, 2, 3, 1, 1, 3] {
            response.extend(number.to_be_bytes());
        }
        let partition = Partition {
            id: 0,
            leader: None,
            replicas: vec![NodeId(3), NodeId(1)],
            in_sync: vec![NodeId(3)],
        };
        let metadata = Body(&response).metadata().unwrap();
        assert_eq!(metadata.brokers, [NodeId(3)]);
        assert_eq!(metadata.topic("t").unwrap().partitions, std::slice::from_ref(&partition));
        assert_eq!(metadata.under_replicated().collect::<Vec<_>>(), [("t", &partition)]);
        for short in 0..response.len() {
            assert!(Body(&response[..short]).metadata().is_err(), "{short} bytes are too few");
        }
    }
}
