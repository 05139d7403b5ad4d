//! What is found, in Java's words.

use std::fmt::Write as _;

use super::{Machine, Pair, Token, upper};
use crate::check::java::{Incompatibility, IncompatibilityType};
use crate::check::walk::missing_symbols;
use crate::schema::{Enum, Node};

impl Machine<'_> {
    pub(super) fn names(&mut self, pair: Pair, found: &mut Vec<u32>) {
        let (reader, writer) = (&self.reader[pair.0], &self.writer[pair.1]);
        let (Some(r), Some(w)) = (reader.name(), writer.name()) else { return };
        // Java tells aliases of the null namespace, of types that are not in it, with a dot in front.
        let dotted = !r.namespace().is_empty();
        let alias = || {
            let full = |it: &&crate::schema::Name| !(dotted && it.namespace().is_empty());
            reader.aliases().iter().filter(full).any(|it| it == w)
        };
        if r.simple() != w.simple() && !alias() {
            let message = format!("expected: {w}");
            let ty = IncompatibilityType::NameMismatch;
            found.push(self.add(ty, pair, message, Some(Token::Name("name"))));
        }
    }

    pub(super) fn symbols(
        &mut self,
        pair: Pair,
        reader: &Enum,
        writer: &Enum,
        found: &mut Vec<u32>,
    ) {
        if reader.default_index().is_some() {
            return;
        }
        let mut missing: Vec<_> = missing_symbols(reader, writer).collect();
        if missing.is_empty() {
            return;
        }
        // As Java orders strings.
        missing.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
        let message = format!("[{}]", missing.join(", "));
        let ty = IncompatibilityType::MissingEnumSymbols;
        found.push(self.add(ty, pair, message, Some(Token::Name("symbols"))));
    }

    pub(super) fn lacking(&mut self, pair: Pair, writer: &Node, token: Option<Token>) -> u32 {
        let message = format!("reader union lacking writer type: {}", upper(writer.kind()));
        self.add(IncompatibilityType::MissingUnionBranch, pair, message, token)
    }

    pub(super) fn add(
        &mut self,
        ty: IncompatibilityType,
        pair: Pair,
        message: String,
        token: Option<Token>,
    ) -> u32 {
        let mut location = String::new();
        // The first stands for the root.
        for token in self.location.iter().skip(self.base + 1).chain(&token) {
            location.push('/');
            match token {
                Token::Root => {}
                Token::Name(name) => location.push_str(name),
                // A String takes whatever is written.
                Token::Index(index) => drop(write!(location, "{index}")),
            }
        }
        if location.is_empty() {
            location.push('/');
        }
        let at = self.all.len() as u32;
        self.all.push(Incompatibility { ty, location, message, reader: pair.0, writer: pair.1 });
        at
    }
}
