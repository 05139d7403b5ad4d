//! The texts of a schema, parsed again.

use std::sync::Arc;

use crate::error::Result;
use crate::json::Document;
use crate::schema::{ParseOptions, Schema, Schemas};

/// A schema that can be made again, with one of its texts changed.
pub(super) struct Texts<'s> {
    schema: &'s Schema,
    /// By the letter, if it can be parsed so.
    options: ParseOptions,
}

impl<'s> Texts<'s> {
    /// None if the schema is something else than what its texts are: a part of one.
    pub(super) fn of(schema: &'s Schema) -> Option<Self> {
        let all = [ParseOptions::default(), ParseOptions::lenient()]
            .map(|options| Self { schema, options });
        let place = |it: &Schema| it.location(it[it.root()].origin());
        let is_whole = |it: &Self| {
            it.parse(None).is_ok_and(|again| {
                let (again, before) = (place(&again), place(schema));
                (again.source, again.offset) == (before.source, before.offset)
            })
        };
        all.into_iter().find(is_whole)
    }

    /// Whether there is but one.
    pub(super) fn is_one(&self) -> bool {
        self.schema.table().sources.len() == 1
    }

    /// The name of a text, if it has one.
    pub(super) fn name(&self, document: &Document) -> Option<Arc<str>> {
        let mut sources = self.schema.table().sources.iter();
        sources.find(|it| std::ptr::eq(&*it.document, document)).and_then(|it| it.name.clone())
    }

    /// The schema with another text in place of a document's.
    pub(super) fn with(&self, document: &Document, text: &str) -> Result<Schema> {
        self.parse(Some((document, text)))
    }

    fn parse(&self, change: Option<(&Document, &str)>) -> Result<Schema> {
        let table = self.schema.table();
        let text = |document: &'s Document| match change {
            Some((changed, text)) if std::ptr::eq(changed, document) => text.to_owned(),
            _ => document.text().to_owned(),
        };
        let root = self.schema[self.schema.root()].origin().source as usize;
        let Some(root) = &table.sources[root].name else {
            return Schema::parse_with(&text(&table.sources[root].document), &self.options);
        };
        let named =
            table.sources.iter().filter_map(|it| Some((it.name.clone()?, text(&it.document))));
        let all = Schemas::parse_with(named, &self.options)?;
        // It is one of them.
        Ok(all.get(root).unwrap_or(self.schema).clone())
    }
}
