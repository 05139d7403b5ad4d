//! Requests, and schemas that are compatible in some ways and not in others.

use avro_compat::check::Mode as Level;
use proptest::prelude::*;
use schema_registry::model::{Mode, Reference};
use schema_registry::text::SentSchema;

pub const SUBJECTS: [&str; 4] = [":.c:a", "a", "b", "c"];

/// A schema of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pooled {
    /// A record `Base` with some of three fields, of which the first has no default.
    Base(u8),
    /// A record that has a field of what is registered as a version of a subject.
    Holder(&'static str, u32),
    /// No schema.
    Broken,
}

impl Pooled {
    pub fn text(&self) -> String {
        match self {
            Self::Base(fields) => {
                let all = [
                    r#"{"name":"x","type":"int"}"#,
                    r#"{"name":"y","type":"int","default":0}"#,
                    r#"{"name":"z","type":["null","long"],"default":null}"#,
                ];
                let some: Vec<_> =
                    (0..3).filter(|it| fields & 1 << it != 0).map(|it| all[it]).collect();
                format!(r#"{{"type":"record","name":"Base","fields":[{}]}}"#, some.join(","))
            }
            Self::Holder(..) => {
                r#"{"type":"record","name":"Holder","fields":[{"name":"base","type":"Base"}]}"#
                    .to_owned()
            }
            Self::Broken => r#"{"type":"record"}"#.to_owned(),
        }
    }

    pub fn references(&self) -> Vec<Reference> {
        match self {
            Self::Holder(subject, version) => vec![Reference {
                name: "Base".to_owned(),
                subject: (*subject).to_owned(),
                version: i32::try_from(*version).unwrap(),
            }],
            _ => Vec::new(),
        }
    }

    pub fn sent(&self) -> SentSchema {
        SentSchema { references: self.references(), ..SentSchema::avro(self.text()) }
    }
}

#[derive(Clone, Debug)]
pub enum Request {
    Register {
        subject: &'static str,
        schema: Pooled,
        id: Option<u32>,
        version: Option<i32>,
        force: bool,
    },
    LookUp {
        subject: &'static str,
        schema: Pooled,
        deleted: bool,
    },
    Compatible {
        subject: &'static str,
        schema: Pooled,
    },
    DeleteVersion {
        subject: &'static str,
        version: Option<u32>,
        permanent: bool,
    },
    DeleteSubject {
        subject: &'static str,
        permanent: bool,
    },
    Level {
        scope: &'static str,
        level: Option<Level>,
    },
    Mode {
        scope: &'static str,
        mode: Option<Mode>,
        force: bool,
    },
    Reopen,
    PowerFails(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Registered(u32, u32),
    Compatible(bool),
    Versions(Vec<u32>),
    Done,
    Refused(u32),
}

fn any_subject() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&SUBJECTS[..])
}

fn any_scope() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["", ":.c:", ":.__GLOBAL:", ":.c:a", "a", "b", "c"][..])
}

fn any_schema() -> impl Strategy<Value = Pooled> {
    prop_oneof![
        12 => (0u8..8).prop_map(Pooled::Base),
        4 => (prop::sample::select(&["a", "b", ":.c:a"][..]), 1u32..4).prop_map(|(s, v)| Pooled::Holder(s, v)),
        1 => Just(Pooled::Broken),
    ]
}

pub fn any_request() -> impl Strategy<Value = Request> {
    let registered = (
        any_subject(),
        any_schema(),
        prop::option::weighted(0.25, 1u32..12),
        prop::option::weighted(0.2, -1i32..6),
        prop::bool::weighted(0.2),
    );
    prop_oneof![
        16 => registered.prop_map(|(subject, schema, id, version, force)| Request::Register { subject, schema, id, version, force }),
        4 => (any_subject(), any_schema(), any::<bool>())
            .prop_map(|(subject, schema, deleted)| Request::LookUp { subject, schema, deleted }),
        2 => (any_subject(), any_schema()).prop_map(|(subject, schema)| Request::Compatible { subject, schema }),
        6 => (any_subject(), prop::option::of(1u32..5), any::<bool>())
            .prop_map(|(subject, version, permanent)| Request::DeleteVersion { subject, version, permanent }),
        4 => (any_subject(), any::<bool>()).prop_map(|(subject, permanent)| Request::DeleteSubject { subject, permanent }),
        2 => (any_scope(), prop::option::weighted(0.7, prop::sample::select(&Level::ALL[..])))
            .prop_map(|(scope, level)| Request::Level { scope, level }),
        3 => (
            any_scope(),
            // Mostly what lets the rest go on.
            prop::option::weighted(0.6, prop::sample::select(&[Mode::ReadWrite, Mode::Import, Mode::Import, Mode::ReadOnly, Mode::ReadOnlyOverride][..])),
            any::<bool>(),
        )
            .prop_map(|(scope, mode, force)| Request::Mode { scope, mode, force }),
        1 => Just(Request::Reopen),
        1 => any::<u64>().prop_map(Request::PowerFails),
    ]
}
