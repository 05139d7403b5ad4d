//! Small facts with types.

/// The most entries of one set of metadata.
pub const MAX_ENTRIES: usize = 16;
/// The longest key, in bytes.
pub const MAX_KEY: usize = 32;
/// The longest text, in bytes.
pub const MAX_TEXT: usize = 256;

/// What a key of metadata says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Nanoseconds since 1970.
    Time(u64),
    /// A text, at most [`MAX_TEXT`] bytes.
    Text(String),
}

/// Up to [`MAX_ENTRIES`] keys in ascending order, each once, each with a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Metadata(Vec<(String, Value)>);

/// Why something is no metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// More than [`MAX_ENTRIES`].
    #[error("{0} entries of metadata, at most {MAX_ENTRIES} are kept")]
    TooMany(usize),
    /// Empty, or longer than [`MAX_KEY`] bytes.
    #[error("a key of metadata has {0} bytes, from 1 to {MAX_KEY} are possible")]
    Key(usize),
    /// Longer than [`MAX_TEXT`] bytes.
    #[error("the text at key {key:?} has {bytes} bytes, at most {MAX_TEXT} are kept")]
    Text {
        /// Where it stands.
        key: String,
        /// Its length.
        bytes: usize,
    },
    /// The same key twice.
    #[error("the key {0:?} occurs twice")]
    Twice(String),
}

impl Metadata {
    /// A set of these entries, in any order.
    ///
    /// # Errors
    ///
    /// Too many, a key or a text that is too long or a key that is empty, or a key twice.
    pub fn new(mut entries: Vec<(String, Value)>) -> Result<Self, MetadataError> {
        if entries.len() > MAX_ENTRIES {
            return Err(MetadataError::TooMany(entries.len()));
        }
        for (key, value) in &entries {
            if key.is_empty() || key.len() > MAX_KEY {
                return Err(MetadataError::Key(key.len()));
            }
            if let Value::Text(text) = value
                && text.len() > MAX_TEXT
            {
                return Err(MetadataError::Text { key: key.clone(), bytes: text.len() });
            }
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(MetadataError::Twice(pair[0].0.clone()));
        }
        Ok(Self(entries))
    }

    /// What stands at a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|(found, _)| found.as_str().cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// The entries, in the order of their keys.
    #[must_use]
    pub fn entries(&self) -> &[(String, Value)] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
