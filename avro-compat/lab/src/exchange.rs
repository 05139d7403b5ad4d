//! Messages of several versions, read by consumers of several versions, each of which looks writers' schemas up in the registry; and
//! container files, which bring their schema along.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::process::Command;

use avro_compat::container::{Codec, Reader, Writer};
use avro_compat::frame::{Confluent, MessageReader, MessageWriter, SchemaLookup};
use avro_compat::{Error, Schema};

use crate::commands::Ids;
use crate::tweets::{Version, as_read, written};
use crate::{Result, protocol};

/// Looks schemas up as the course does.
struct Lookup<'a> {
    url: &'a str,
}

impl SchemaLookup<u32> for Lookup<'_> {
    fn find(&self, id: u32) -> std::result::Result<Option<Schema>, String> {
        let url = format!("{}/schemas/ids/{id}/schema", self.url);
        let output = Command::new("curl")
            .args(["-sS", "--fail", "--max-time", "30", &url])
            .output()
            .map_err(|error| format!("curl: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Schema::parse(&text).map(Some).map_err(|error| error.to_string())
    }
}

/// A message, and which it is of which version.
struct Message {
    at: u64,
    writer: Version,
    bytes: Vec<u8>,
}

/// Writes messages and files, and reads them by all versions.
pub fn run(out: &Path, url: &str, ids: &Ids, count: u64) -> Result<()> {
    let topic = topic(ids, count)?;
    let mut rows = Vec::new();
    let mut consume = |reader: Version, id: &str, from: &[Message]| -> Result<()> {
        let (read, why) = consumed(url, reader, from)?;
        protocol::measure(id, read, "messages");
        rows.push(vec![reader.file().to_owned(), format!("{read} of {}", from.len()), why]);
        Ok(())
    };
    let (mixed, third) = topic.split_at(usize::try_from(count)?);
    consume(Version::V1, "messages_read_by_v1", mixed)?;
    consume(Version::V2, "messages_read_by_v2", mixed)?;
    consume(Version::Aliased, "messages_read_through_the_alias", mixed)?;
    consume(Version::Renamed, "messages_read_by_the_rename", mixed)?;
    consume(Version::V1, "renamed_messages_read_by_v1", third)?;
    protocol::table(
        "Who reads what: messages of v1 and v2 by four consumers, then those of the third version by the first",
        &["consumer", "messages", "first that it could not read"],
        rows,
    );
    files(out, count)
}

/// As many messages of the first two versions in turns, and then as many of the third.
fn topic(ids: &Ids, count: u64) -> Result<Vec<Message>> {
    let writer = |version: Version, id| -> Result<_> {
        Ok((version, MessageWriter::confluent(&version.schema()?, id)))
    };
    let writers = [
        writer(Version::V1, ids.v1)?,
        writer(Version::V2, ids.v2)?,
        writer(Version::Aliased, ids.aliased)?,
    ];
    (0..2 * count)
        .map(|at| {
            let (version, writer) =
                if at < count { &writers[at as usize % 2] } else { &writers[2] };
            let bytes = writer.write(&written(at, *version))?;
            Ok(Message { at, writer: *version, bytes })
        })
        .collect()
}

/// How many a consumer reads as they were meant, and why it does not read the first that it does not.
fn consumed(url: &str, version: Version, messages: &[Message]) -> Result<(u64, String)> {
    let mut reader = MessageReader::new(Confluent, Lookup { url }, Some(&version.schema()?));
    let (mut read, mut why) = (0, String::from("-"));
    let what = format!("{} reads", version.file());
    for (done, message) in messages.iter().enumerate() {
        match reader.read(&message.bytes) {
            Ok(value) if value == as_read(message.at, message.writer, version) => read += 1,
            Ok(value) => return Err(format!("message {} was read as {value:?}", message.at).into()),
            Err(Error::Frame(error)) => return Err(error.into()),
            // A schema that cannot be read at all, or this message of it.
            Err(error) if why == "-" => why = error.to_string(),
            Err(_) => {}
        }
        if done % 256 == 0 || done + 1 == messages.len() {
            protocol::progress(done as u64 + 1, messages.len() as u64, &what);
        }
    }
    Ok((read, why))
}

/// A file of each version, read by the other.
fn files(out: &Path, count: u64) -> Result<()> {
    let mut read = 0;
    for (writer, reader, name) in
        [(Version::V1, Version::V2, "tweets-v1.avro"), (Version::V2, Version::V1, "tweets-v2.avro")]
    {
        let path = out.join(name);
        let file = BufWriter::new(File::create(&path)?);
        let mut container = Writer::new(file, &writer.schema()?, Codec::Null)?;
        for at in 0..count {
            container.append(&written(at, writer))?;
        }
        container.finish()?.into_inner()?.sync_all()?;
        let file = BufReader::new(File::open(&path)?);
        let values = Reader::with_schema(file, &reader.schema()?)?;
        for (at, value) in (0..).zip(values) {
            read += u64::from(value? == as_read(at, writer, reader));
        }
        protocol::artefact(
            &path,
            &format!("Tweets in a container file, written with {}", writer.file()),
        );
    }
    protocol::measure("records_of_files_read", read, "records");
    Ok(())
}
