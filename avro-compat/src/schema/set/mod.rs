//! Schemas whose texts refer to each other.

mod order;

use std::collections::HashSet;
use std::sync::Arc;

use super::table::Source;
use super::{ParseOptions, Schema, parse};
use crate::error::{Location, ParseError, Problem, Result};
use crate::json::Document;

/// Schemas that were parsed together: each text may refer to the types that the others define.
///
/// ```
/// use avro_compat::Schemas;
///
/// let schemas = Schemas::parse([
///     ("user.avsc", r#"{"type": "record", "name": "example.User", "fields": [
///         {"name": "home", "type": "Address"}]}"#),
///     ("address.avsc", r#"{"type": "record", "name": "example.Address", "fields": [
///         {"name": "city", "type": "string"}]}"#),
/// ])?;
/// assert!(schemas.order().eq(["address.avsc", "user.avsc"]));     // what must be known first, first
/// let user = schemas.get("user.avsc").unwrap();
/// assert_eq!(user[user.root()].name().unwrap().full(), "example.User");
/// # Ok::<(), avro_compat::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schemas {
    schemas: Vec<(Arc<str>, Schema)>,
    order: Vec<usize>,
    needed: Vec<Vec<usize>>,
}

impl Schemas {
    /// The schemas of texts with names, which errors call them by, in any order.
    ///
    /// # Errors
    ///
    /// What is wrong first, in which text, where, and what to do about it; two texts of one name; texts that need each other.
    pub fn parse<N: Into<Arc<str>>, T: AsRef<str>>(
        texts: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self> {
        Self::parse_with(texts, &ParseOptions::default())
    }

    /// The schemas of texts with names, with limits and tolerances. Limits on length are for each text, all others for all together. Texts
    /// that need each other are taken if [`ParseOptions::forward_references`] are.
    ///
    /// # Errors
    ///
    /// As [`Schemas::parse`].
    pub fn parse_with<N: Into<Arc<str>>, T: AsRef<str>>(
        texts: impl IntoIterator<Item = (N, T)>,
        options: &ParseOptions,
    ) -> Result<Self> {
        let mut sources = Vec::new();
        let mut names = HashSet::new();
        for (name, text) in texts {
            let name: Arc<str> = name.into();
            let document = Document::read(text.as_ref(), &options.json)
                .map_err(|it| it.in_source(Some(&name)))?;
            if !names.insert(Arc::clone(&name)) {
                let problem = Problem::RepeatedSource { name: name.to_string() };
                let location = Location::of(document.root());
                return Err(ParseError::new(problem, location).in_source(Some(&name)).into());
            }
            sources.push(Source { name: Some(name), document: Arc::new(document) });
        }
        let needed = order::needed(&sources);
        let order = order::order(&sources, &needed, options.forward_references)?;
        let names: Vec<_> = sources.iter().filter_map(|it| it.name.clone()).collect();
        let (table, roots) = parse::table(sources, &order, options)?;
        let schemas = roots.into_iter().map(|it| Schema::new(Arc::clone(&table), it));
        Ok(Self { schemas: names.into_iter().zip(schemas).collect(), order, needed })
    }

    /// The schema of a text.
    pub fn get(&self, name: &str) -> Option<&Schema> {
        self.schemas.iter().find(|it| &*it.0 == name).map(|it| &it.1)
    }

    /// The schema of a type, by its full name, whichever text defines it.
    pub fn find(&self, full_name: &str) -> Option<Schema> {
        let schema = &self.schemas.first()?.1;
        schema.find(full_name).map(|it| schema.at(it))
    }

    /// The texts' names and schemas, in the order in which they were given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Schema)> {
        self.schemas.iter().map(|(name, schema)| (&**name, schema))
    }

    /// The texts' names, each behind those that it needs.
    pub fn order(&self) -> impl ExactSizeIterator<Item = &str> {
        self.order.iter().map(|it| &*self.schemas[*it].0)
    }

    /// The names of the texts that a text refers to.
    pub fn needed_by(&self, name: &str) -> impl Iterator<Item = &str> {
        let at = self.schemas.iter().position(|it| &*it.0 == name);
        let needed = at.map_or(&[][..], |it| &self.needed[it]);
        needed.iter().map(|it| &*self.schemas[*it].0)
    }

    /// How many schemas there are.
    pub fn len(&self) -> usize {
        self.schemas.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty()
    }
}
