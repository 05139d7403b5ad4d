//! The schemas of the lab, and the tweets.

use std::path::Path;

use avro_compat::{Schema, Value};

use crate::{Result, protocol};

/// A version of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `id` and `text`.
    V1,
    /// `lang` besides, with a default.
    V2,
    /// `text` is called `body`.
    Renamed,
    /// The same with an alias.
    Aliased,
}

impl Version {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V1, Self::V2, Self::Renamed, Self::Aliased];

    /// Its file.
    pub fn file(self) -> &'static str {
        match self {
            Self::V1 => "tweet-v1.avsc",
            Self::V2 => "tweet-v2.avsc",
            Self::Renamed => "tweet-renamed.avsc",
            Self::Aliased => "tweet-aliased.avsc",
        }
    }

    /// Its text.
    pub fn text(self) -> &'static str {
        match self {
            Self::V1 => include_str!("../schemas/tweet-v1.avsc"),
            Self::V2 => include_str!("../schemas/tweet-v2.avsc"),
            Self::Renamed => include_str!("../schemas/tweet-renamed.avsc"),
            Self::Aliased => include_str!("../schemas/tweet-aliased.avsc"),
        }
    }

    /// The schema.
    pub fn schema(self) -> Result<Schema> {
        Ok(Schema::parse(self.text())?)
    }

    fn has_lang(self) -> bool {
        self != Self::V1
    }
}

const LANGUAGES: [&str; 3] = ["de", "fr", "ja"];

/// Tweet number `at` as one writes it with a version.
pub fn written(at: u64, version: Version) -> Value {
    let lang = LANGUAGES[at as usize % LANGUAGES.len()];
    tweet(at, version.has_lang().then_some(lang))
}

/// The same as one reads it with another: what the writer did not have is the default.
pub fn as_read(at: u64, writer: Version, reader: Version) -> Value {
    match (reader.has_lang(), writer.has_lang()) {
        (true, false) => tweet(at, Some("en")),
        (true, true) => written(at, writer),
        (false, _) => tweet(at, None),
    }
}

fn tweet(at: u64, lang: Option<&str>) -> Value {
    let id = Value::Long(i64::try_from(at).unwrap_or(i64::MAX));
    let text = Value::String(format!("tweet number {at}"));
    let lang = lang.map(|it| Value::String(it.to_owned()));
    Value::Record([id, text].into_iter().chain(lang).collect())
}

/// Puts the schemas where the commands take them from.
pub fn save_schemas(out: &Path) -> Result<()> {
    for version in Version::ALL {
        let path = out.join(version.file());
        std::fs::write(&path, version.text())?;
        protocol::artefact(&path, &format!("Schema {}", version.file()));
    }
    Ok(())
}
