//! The texts that a registered schema refers to, and those that these refer to.

use std::collections::HashMap;

use super::client::{Client, Reference, Registered};
use crate::error::{Error, Result};
use crate::input::Text;

/// More texts than this are not fetched for one schema.
const MOST: usize = 1_000;

/// What has been fetched so far.
pub(super) struct References<'c> {
    client: &'c Client,
    known: HashMap<(String, u32), Registered>,
}

impl<'c> References<'c> {
    pub(super) fn new(client: &'c Client) -> Self {
        Self { client, known: HashMap::new() }
    }

    /// All texts that are needed, each once.
    pub(super) fn texts(&mut self, references: &[Reference]) -> Result<Vec<Text>> {
        let mut texts: Vec<Text> = Vec::new();
        let mut open: Vec<Reference> = references.to_vec();
        while let Some(reference) = open.pop() {
            let registered = self.get(&reference)?;
            if texts.iter().any(|it| it.name == registered.text.name) {
                continue;
            }
            if texts.len() >= MOST {
                let (address, message) =
                    (registered.text.name.clone(), format!("more than {MOST} references"));
                return Err(Error::Answer { address, message });
            }
            texts.push(registered.text.clone());
            open.extend(registered.references.iter().cloned());
        }
        Ok(texts)
    }

    fn get(&mut self, reference: &Reference) -> Result<&Registered> {
        let key = (reference.subject.clone(), reference.version);
        if !self.known.contains_key(&key) {
            let registered = self.client.version(&reference.subject, reference.version)?;
            self.known.insert(key.clone(), registered);
        }
        self.known.get(&key).ok_or_else(|| Error::Answer {
            address: reference.subject.clone(),
            message: "the version has been lost".to_owned(),
        })
    }
}
