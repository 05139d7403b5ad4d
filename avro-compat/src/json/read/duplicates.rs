//! Members given twice.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Reader;
use crate::error::{ParseError, Problem};
use crate::json::document::{ESCAPED, REPLACED};
use crate::json::{Position, string};

/// Objects of more members are looked through with a table of names.
const FEW: usize = 16;

impl<'a> Reader<'a> {
    /// Looks for names that the object at `object` has twice.
    pub(super) fn repeated(&mut self, object: u32) -> Result<(), ParseError> {
        let end = self.rows[object as usize].next;
        let mut names = [0; FEW];
        let mut count = 0;
        let mut name = object + 1;
        while name < end {
            if count == FEW {
                return self.repeated_among_many(object, end);
            }
            let text = self.member_name(name);
            match names[..count].iter().position(|it| self.member_name(*it) == text) {
                Some(at) => {
                    let earlier = std::mem::replace(&mut names[at], name);
                    self.repeat(earlier, name)?;
                }
                None => {
                    names[count] = name;
                    count += 1;
                }
            }
            name = self.rows[name as usize + 1].next;
        }
        Ok(())
    }

    fn repeated_among_many(&mut self, object: u32, end: u32) -> Result<(), ParseError> {
        let mut latest = HashMap::new();
        let mut name = object + 1;
        while name < end {
            if let Some(earlier) = latest.insert(self.member_name(name), name) {
                self.repeat(earlier, name)?;
            }
            name = self.rows[name as usize + 1].next;
        }
        Ok(())
    }

    fn repeat(&mut self, earlier: u32, again: u32) -> Result<(), ParseError> {
        if self.reading.repeated_members {
            self.rows[earlier as usize].flags |= REPLACED;
            return Ok(());
        }
        let name = self.member_name(again).into_owned();
        let begun = |row: u32| self.rows[row as usize].start as usize;
        let first = Position::of(self.text, begun(earlier));
        Err(self.problem(Problem::RepeatedMember { name, first }, begun(again)))
    }

    pub(super) fn member_name(&self, row: u32) -> Cow<'a, str> {
        let row = self.rows[row as usize];
        let inner = &self.text[row.start as usize + 1..row.end as usize - 1];
        if row.flags & ESCAPED == 0 { Cow::Borrowed(inner) } else { string::decode(inner) }
    }
}
