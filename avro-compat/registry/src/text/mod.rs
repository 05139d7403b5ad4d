//! From texts to schemas: references resolved, and one canonical text for all that say the same.

mod normal;
mod references;

use std::sync::Arc;

use avro_compat::{ParseOptions, Schema, Schemas, WriteOptions};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::{Error, Result};
use crate::model::{Context, Digest, Metadata, Reference, RuleSet, StoredSchema, Subject};
use crate::registry::State;

/// A schema as a request sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentSchema {
    /// `AVRO`, which it is if nothing is said.
    pub schema_type: Option<String>,
    /// The text.
    pub schema: String,
    /// The schemas that it takes types from.
    pub references: Vec<Reference>,
    /// What people say about it.
    pub metadata: Option<Metadata>,
    /// The rules of its data contract.
    pub rule_set: Option<RuleSet>,
}

impl SentSchema {
    /// An Avro schema of a text alone.
    pub fn avro(text: impl Into<String>) -> Self {
        Self { schema: text.into(), ..Self::default() }
    }
}

/// How a sent schema is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether defaults must be values of their types.
    pub check_defaults: bool,
    /// Whether the text becomes the same for all orders of members, spellings of names and layouts.
    pub normalize: bool,
}

/// A sent schema, understood.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// As it is kept.
    pub stored: Arc<StoredSchema>,
    /// What it is found by.
    pub digest: Digest,
    /// With the types of its references.
    pub parsed: Schema,
}

/// Limits of schemas, and a cache of parsed ones.
pub struct Texts {
    max_bytes: usize,
    cache: Cache<(Context, Digest), Schema, ByText>,
}

#[derive(Clone)]
struct ByText;

impl Weighter<(Context, Digest), Schema> for ByText {
    fn weight(&self, _: &(Context, Digest), schema: &Schema) -> u64 {
        // A parsed schema takes about ten times its text.
        1024 + 10 * schema.text().len() as u64
    }
}

impl Texts {
    /// For schemas of at most so many bytes, with references, and a cache of so many.
    pub fn new(max_bytes: usize, cache_bytes: u64) -> Self {
        let cache = Cache::with_weighter(10_000, cache_bytes, ByText);
        Self { max_bytes, cache }
    }

    /// Understands what was sent for a subject.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSchema`], [`Error::SchemaTooLarge`], [`Error::InvalidRuleSet`].
    pub fn read(
        &self,
        state: &State,
        subject: &Subject,
        sent: &SentSchema,
        reading: Reading,
    ) -> Result<Candidate> {
        if sent.references.is_empty() {
            return self.read_alone(sent, reading);
        }
        self.check(sent)?;
        let mut references = references::numbered(state, subject, &sent.references)?;
        if reading.normalize {
            references.sort();
            references.dedup();
        }
        let options = options(reading);
        let parsed = self.with_references(state, subject, &sent.schema, &references, &options)?;
        let text = own_text(&parsed, &sent.schema, reading.normalize);
        self.candidate(sent, text, references, parsed)
    }

    /// Understands what was sent and refers to nothing, so that it is the same wherever it was sent.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSchema`], [`Error::SchemaTooLarge`], [`Error::InvalidRuleSet`].
    pub fn read_alone(&self, sent: &SentSchema, reading: Reading) -> Result<Candidate> {
        self.check(sent)?;
        let parsed = Schema::parse_with(&sent.schema, &options(reading)).map_err(invalid)?;
        let text = if reading.normalize { normal::text(&parsed) } else { parsed.to_json() };
        self.candidate(sent, text, Vec::new(), parsed)
    }

    fn check(&self, sent: &SentSchema) -> Result<()> {
        match sent.schema_type.as_deref() {
            None | Some("AVRO" | "") => {}
            Some(other) => {
                let other: String = other.chars().take(100).collect();
                let reason =
                    format!("Invalid schema type {other}: this registry keeps AVRO schemas");
                return Err(Error::invalid_schema(reason));
            }
        }
        if sent.schema.trim().is_empty() {
            return Err(Error::invalid_schema("Empty schema"));
        }
        self.check_length(sent.schema.len())?;
        sent.rule_set.as_ref().map_or(Ok(()), RuleSet::check)
    }

    fn candidate(
        &self,
        sent: &SentSchema,
        text: String,
        references: Vec<Reference>,
        parsed: Schema,
    ) -> Result<Candidate> {
        self.check_length(text.len())?;
        let stored = StoredSchema {
            schema: text,
            references,
            metadata: sent.metadata.clone(),
            rule_set: sent.rule_set.clone(),
        };
        Ok(Candidate { digest: stored.digest(), stored: Arc::new(stored), parsed })
    }

    /// A schema that is kept, as one of a context's.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSchema`], if it was imported so.
    pub fn parsed(
        &self,
        state: &State,
        context: &Context,
        digest: Digest,
        stored: &StoredSchema,
    ) -> Result<Schema> {
        let key = (context.clone(), digest);
        if let Some(found) = self.cache.get(&key) {
            return Ok(found);
        }
        let options = ParseOptions::lenient();
        let parsed = if stored.references.is_empty() {
            Schema::parse_with(&stored.schema, &options).map_err(invalid)?
        } else {
            // Any subject of the context: references without one are in it.
            let beside = Subject::new(context.clone(), "");
            self.with_references(state, &beside, &stored.schema, &stored.references, &options)?
        };
        self.cache.insert(key, parsed.clone());
        Ok(parsed)
    }

    fn check_length(&self, found: usize) -> Result<()> {
        let limit = self.max_bytes;
        if found > limit { Err(Error::SchemaTooLarge { found, limit }) } else { Ok(()) }
    }

    fn with_references(
        &self,
        state: &State,
        subject: &Subject,
        text: &str,
        references: &[Reference],
        options: &ParseOptions,
    ) -> Result<Schema> {
        let needed = references::needed(state, subject, references, self.max_bytes)?;
        let texts = needed.iter().map(|(name, it)| (name.as_str(), it.schema.as_str()));
        let schemas = Schemas::parse_with(texts.chain([(MAIN, text)]), options).map_err(invalid)?;
        match schemas.get(MAIN) {
            Some(schema) => Ok(schema.clone()),
            None => {
                Err(Error::Internal { reason: "a text that was parsed is not there".to_owned() })
            }
        }
    }
}

fn options(reading: Reading) -> ParseOptions {
    let mut options = ParseOptions::lenient();
    options.check_defaults = reading.check_defaults;
    options
}

/// What the text that was sent is called among those that it refers to, whose names end in a version.
const MAIN: &str = "the schema";

/// The canonical text of a schema without the types that others define.
fn own_text(parsed: &Schema, sent: &str, normalize: bool) -> String {
    if parsed.text() != sent {
        // Nothing but the name of a type that another text defines.
        let name = parsed[parsed.root()].branch_name();
        let mut out = avro_compat::json::Writer::new(avro_compat::json::Layout::Compact);
        out.string(name);
        return out.finish();
    }
    if normalize {
        return normal::text(parsed);
    }
    let mut options = WriteOptions::default();
    options.own_types_only = true;
    parsed.to_json_with(&options)
}

fn invalid(error: avro_compat::Error) -> Error {
    Error::invalid_schema(format!("Invalid schema of type AVRO, details: {error}"))
}
