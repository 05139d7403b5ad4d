//! The model: lists, searched from one end to the other.

use std::collections::{BTreeMap, BTreeSet};

use avro_compat::check::{CheckOptions, Mode as Level, check_evolution};
use avro_compat::{ParseOptions, Schema, Schemas};
use schema_registry::model::Mode;

use crate::requests::{Answer, Pooled, Request};

type Result<T> = std::result::Result<T, u32>;

#[derive(Clone, Debug)]
struct Version {
    subject: &'static str,
    number: u32,
    id: u32,
    deleted: bool,
}

/// A schema, its id, and the context that this is in.
#[derive(Clone, Debug)]
struct Kept {
    context: &'static str,
    id: u32,
    pooled: Pooled,
    text: String,
}

#[derive(Debug, Default)]
pub struct Naive {
    versions: Vec<Version>,
    kept: Vec<Kept>,
    last_ids: BTreeMap<&'static str, u32>,
    levels: BTreeMap<&'static str, Level>,
    modes: BTreeMap<&'static str, Mode>,
}

fn context_of(subject: &str) -> &'static str {
    if subject.starts_with(":.c:") {
        ":.c:"
    } else if subject.starts_with(":.__GLOBAL:") {
        ":.__GLOBAL:"
    } else {
        ""
    }
}

/// Where a reference leads to.
fn target(context: &str, subject: &str) -> String {
    if subject.starts_with(':') { subject.to_owned() } else { format!("{context}{subject}") }
}

impl Naive {
    pub fn ask(&mut self, request: &Request) -> Answer {
        self.try_ask(request).unwrap_or_else(Answer::Refused)
    }

    fn try_ask(&mut self, request: &Request) -> Result<Answer> {
        match request {
            Request::Register { subject, schema, id, version, force } => {
                self.register(subject, schema, *id, version.unwrap_or(0), *force)
            }
            Request::LookUp { subject, schema, deleted } => self.look_up(subject, schema, *deleted),
            Request::Compatible { subject, schema } => {
                let parsed = self.parse(subject, schema)?;
                Ok(Answer::Compatible(self.compatible(subject, &parsed)))
            }
            Request::DeleteVersion { subject, version, permanent } => {
                self.delete_version(subject, *version, *permanent)
            }
            Request::DeleteSubject { subject, permanent } => {
                self.delete_subject(subject, *permanent)
            }
            Request::Level { scope, level } => {
                let outermost = matches!(*scope, "" | ":.__GLOBAL:");
                if level.is_none() && !self.levels.contains_key(scope) && !outermost {
                    return Err(40401);
                }
                self.check_writable(scope)?;
                match level {
                    Some(level) => drop(self.levels.insert(scope, *level)),
                    None => drop(self.levels.remove(scope)),
                }
                Ok(Answer::Done)
            }
            Request::Mode { scope, mode, force } => self.set_mode(scope, *mode, *force),
            Request::Reopen | Request::PowerFails(_) => Ok(Answer::Done),
        }
    }

    fn mode(&self, scope: &str) -> Mode {
        let top = |it: &str| self.modes.get(it) == Some(&Mode::ReadOnlyOverride);
        if top("") || top(":.__GLOBAL:") {
            return Mode::ReadOnlyOverride;
        }
        let around = [scope, context_of(scope), ":.__GLOBAL:"];
        around.iter().find_map(|it| self.modes.get(it)).copied().unwrap_or_default()
    }

    fn level(&self, scope: &str) -> Level {
        let around = [scope, context_of(scope), ":.__GLOBAL:"];
        around.iter().find_map(|it| self.levels.get(it)).copied().unwrap_or_default()
    }

    fn check_writable(&self, scope: &str) -> Result<()> {
        let mode = self.mode(scope);
        if matches!(mode, Mode::ReadOnly | Mode::ReadOnlyOverride) { Err(42205) } else { Ok(()) }
    }

    fn of(&self, subject: &str) -> impl DoubleEndedIterator<Item = &Version> {
        let mut versions: Vec<_> =
            self.versions.iter().filter(|it| it.subject == subject).collect();
        versions.sort_by_key(|it| it.number);
        versions.into_iter()
    }

    fn kept(&self, context: &str, id: u32) -> Option<&Kept> {
        self.kept.iter().find(|it| it.context == context && it.id == id)
    }

    fn id_of(&self, context: &str, schema: &Pooled, asked: Option<u32>) -> Option<u32> {
        let same = self.kept.iter().filter(|it| it.context == context && it.pooled == *schema);
        same.map(|it| it.id).filter(|it| asked.is_none_or(|asked| asked == *it)).min()
    }

    fn parse(&self, subject: &str, schema: &Pooled) -> Result<Schema> {
        let mut texts = BTreeMap::from([("main".to_owned(), schema.text())]);
        let mut open: Vec<_> =
            schema.references().into_iter().map(|it| (it, context_of(subject))).collect();
        while let Some((reference, context)) = open.pop() {
            let target = target(context, &reference.subject);
            let number = reference.version.unsigned_abs();
            let found = self.of(&target).find(|it| it.number == number).ok_or(42201u32)?;
            let kept = self.kept(context_of(&target), found.id).unwrap();
            if texts.insert(format!("{target} {number}"), kept.text.clone()).is_none() {
                open.extend(kept.pooled.references().into_iter().map(|it| (it, kept.context)));
            }
        }
        let schemas = Schemas::parse_with(texts, &ParseOptions::lenient()).map_err(|_| 42201u32)?;
        Ok(schemas.get("main").unwrap().clone())
    }

    fn compatible(&self, subject: &str, new: &Schema) -> bool {
        let live = self.of(subject).filter(|it| !it.deleted);
        let old: Vec<_> = live
            .map(|it| {
                self.parse(subject, &self.kept(context_of(subject), it.id).unwrap().pooled).unwrap()
            })
            .collect();
        check_evolution(new, &old, self.level(subject), &CheckOptions::default()).is_compatible()
    }

    fn register(
        &mut self,
        subject: &'static str,
        schema: &Pooled,
        id: Option<u32>,
        version: i32,
        force: bool,
    ) -> Result<Answer> {
        let context = context_of(subject);
        match (self.mode(subject), id) {
            (Mode::ReadWrite, None) | (Mode::Import, Some(_)) => {}
            _ => return Err(42205),
        }
        let import = self.mode(subject) == Mode::Import;
        let parsed = self.parse(subject, schema)?;
        let known = self.id_of(context, schema, id);
        let registered = self.of(subject).rev().find(|it| Some(it.id) == known && !it.deleted);
        if let (Some(it), ..=0) = (registered, version) {
            return Ok(Answer::Registered(it.id, it.number));
        }
        if !import && !force && !self.compatible(subject, &parsed) {
            return Err(409);
        }
        let next = self.of(subject).next_back().map_or(1, |it| it.number + 1);
        let number = if version > 0 { version.unsigned_abs() } else { next };
        if number != next && !import {
            return Err(42201);
        }
        let last = self.last_ids.get(context).copied().unwrap_or(0);
        let chosen = id.or(known).unwrap_or(last + 1);
        if let Some(it) = self.kept(context, chosen)
            && it.pooled != *schema
        {
            return Err(42205);
        }
        match self.of(subject).find(|it| it.number == number) {
            Some(it) if it.id != chosen => return Err(42207),
            Some(it) if !it.deleted => return Ok(Answer::Registered(chosen, number)),
            _ => {}
        }
        self.last_ids.insert(context, last.max(chosen));
        if self.kept(context, chosen).is_none() {
            let text =
                Schema::parse(&schema.text()).map_or_else(|_| schema.text(), |it| it.to_json());
            self.kept.push(Kept { context, id: chosen, pooled: schema.clone(), text });
        }
        let replaced: Vec<_> = self
            .of(subject)
            .filter(|it| {
                it.number == number || (it.number < number && it.deleted && it.id == chosen)
            })
            .map(|it| it.number)
            .filter(|it| *it == number || self.referrers(subject, *it).is_empty())
            .collect();
        self.versions.retain(|it| it.subject != subject || !replaced.contains(&it.number));
        self.versions.push(Version { subject, number, id: chosen, deleted: false });
        Ok(Answer::Registered(chosen, number))
    }

    fn look_up(&self, subject: &'static str, schema: &Pooled, deleted: bool) -> Result<Answer> {
        self.parse(subject, schema)?;
        let mut places = vec![subject.to_owned()];
        if !subject.starts_with(':') && self.last_ids.contains_key(":.c:") {
            places.push(format!(":.c:{subject}"));
        }
        for place in places {
            // References without a context mean something else there.
            if self.parse(&place, schema).is_err() {
                continue;
            }
            let ids: BTreeSet<_> = self
                .kept
                .iter()
                .filter(|it| it.context == context_of(&place) && it.pooled == *schema)
                .map(|it| it.id)
                .collect();
            for id in ids {
                let mut versions = self.of(&place).rev();
                if let Some(it) = versions.find(|it| it.id == id && (deleted || !it.deleted)) {
                    return Ok(Answer::Registered(it.id, it.number));
                }
            }
        }
        Err(if self.of(subject).any(|it| deleted || !it.deleted) { 40403 } else { 40401 })
    }

    fn delete_version(
        &mut self,
        subject: &'static str,
        version: Option<u32>,
        permanent: bool,
    ) -> Result<Answer> {
        let missing: u32 = if self.of(subject).next().is_some() { 40402 } else { 40401 };
        let (number, deleted) = {
            let mut versions = self.of(subject).rev();
            let found = versions.find(|it| version.map_or(!it.deleted, |asked| asked == it.number));
            let found = found.ok_or(missing)?;
            (found.number, found.deleted)
        };
        if deleted && !permanent {
            return Err(40406);
        }
        self.check_writable(subject)?;
        if !self.live_referrers(subject, number, permanent).is_empty() {
            return Err(42206);
        }
        if permanent && !deleted {
            return Err(40407);
        }
        self.remove(subject, &[number], permanent);
        Ok(Answer::Versions(vec![number]))
    }

    fn delete_subject(&mut self, subject: &'static str, permanent: bool) -> Result<Answer> {
        if self.of(subject).next().is_none() {
            return Err(40401);
        }
        if !permanent && self.of(subject).all(|it| it.deleted) {
            return Err(40404);
        }
        self.check_writable(subject)?;
        let numbers: Vec<_> = self
            .of(subject)
            .filter(|it| permanent || !it.deleted)
            .map(|it| (it.number, it.deleted))
            .collect();
        for (number, deleted) in &numbers {
            for (context, id) in self.live_referrers(subject, *number, permanent) {
                let mut versions = self.versions.iter();
                if versions.any(|it| {
                    it.id == id && context_of(it.subject) == context && it.subject != subject
                }) {
                    return Err(42206);
                }
            }
            if permanent && !deleted {
                return Err(40405);
            }
        }
        let numbers: Vec<_> = numbers.into_iter().map(|it| it.0).collect();
        self.remove(subject, &numbers, permanent);
        Ok(Answer::Versions(numbers))
    }

    fn remove(&mut self, subject: &'static str, numbers: &[u32], permanent: bool) {
        if permanent {
            self.versions.retain(|it| it.subject != subject || !numbers.contains(&it.number));
            self.sweep();
            if self.of(subject).next().is_none() {
                self.levels.remove(subject);
                self.modes.remove(subject);
            }
        } else {
            for it in &mut self.versions {
                it.deleted |= it.subject == subject && numbers.contains(&it.number);
            }
        }
    }

    /// What no version is of goes.
    fn sweep(&mut self) {
        let used = |it: &Kept| {
            self.versions.iter().any(|v| v.id == it.id && context_of(v.subject) == it.context)
        };
        let kept = self.kept.iter().filter(|it| used(it)).cloned().collect();
        self.kept = kept;
    }

    fn set_mode(&mut self, scope: &'static str, mode: Option<Mode>, force: bool) -> Result<Answer> {
        let Some(mode) = mode else {
            let outermost = matches!(scope, "" | ":.__GLOBAL:");
            return match self.modes.remove(scope) {
                None if !outermost => Err(40401),
                _ => Ok(Answer::Done),
            };
        };
        if mode == Mode::Import && self.mode(scope) != Mode::Import && !force {
            let within: Vec<_> = self
                .versions
                .iter()
                .filter(|it| {
                    it.subject == scope
                        || matches!(scope, "" | ":.c:" | ":.__GLOBAL:")
                            && context_of(it.subject) == scope
                })
                .cloned()
                .collect();
            if within.iter().any(|it| !it.deleted) {
                return Err(42205);
            }
            if within.iter().any(|it| !self.referrers(it.subject, it.number).is_empty()) {
                return Err(42206);
            }
            self.versions.retain(|it| !within.iter().any(|gone| gone.subject == it.subject));
            self.sweep();
        }
        self.modes.insert(scope, mode);
        Ok(Answer::Done)
    }

    fn live_referrers(
        &self,
        subject: &str,
        number: u32,
        deleted: bool,
    ) -> Vec<(&'static str, u32)> {
        let refers = |it: &&Kept| {
            it.pooled.references().iter().any(|reference| {
                target(it.context, &reference.subject) == subject
                    && reference.version.unsigned_abs() == number
            })
        };
        let live = |it: &&Kept| {
            deleted
                || self
                    .versions
                    .iter()
                    .any(|v| !v.deleted && v.id == it.id && context_of(v.subject) == it.context)
        };
        self.kept.iter().filter(refers).filter(live).map(|it| (it.context, it.id)).collect()
    }

    pub fn referrers(&self, subject: &str, number: u32) -> Vec<u32> {
        let mut ids: Vec<_> =
            self.live_referrers(subject, number, true).into_iter().map(|it| it.1).collect();
        ids.sort_unstable();
        ids
    }

    pub fn versions(&self, subject: &str) -> Vec<(u32, bool)> {
        self.of(subject).map(|it| (it.number, it.deleted)).collect()
    }

    pub fn version(&self, subject: &str, number: u32) -> (u32, &str) {
        let found = self.of(subject).find(|it| it.number == number).unwrap();
        (found.id, self.kept(context_of(subject), found.id).unwrap().text.as_str())
    }

    /// The default context's first.
    pub fn live_subjects(&self) -> Vec<String> {
        let live: BTreeSet<_> = self
            .versions
            .iter()
            .filter(|it| !it.deleted)
            .map(|it| (context_of(it.subject), it.subject))
            .collect();
        live.into_iter().map(|it| it.1.to_owned()).collect()
    }

    pub fn schemas(&self, context: &str) -> Vec<(u32, String)> {
        let within = self.kept.iter().filter(|it| it.context == context);
        within.map(|it| (it.id, it.text.clone())).collect()
    }

    /// Ids that were given once, and are no schema's any more.
    pub fn gone(&self, context: &str) -> Vec<u32> {
        let last = self.last_ids.get(context).copied().unwrap_or(0);
        (1..=last).filter(|it| self.kept(context, *it).is_none()).collect()
    }
}
