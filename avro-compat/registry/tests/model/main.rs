//! The registry against a model of it: any sequence of requests has the same answers from both, and leaves the same behind, also when the
//! power fails in between.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod naive;
mod requests;

use std::collections::BTreeMap;
use std::sync::Arc;

use lsm::fs::sim::{CrashMode, SimFs};
use proptest::prelude::*;
use schema_registry::model::{SchemaId, Subject, SubjectPrefix, VersionId};
use schema_registry::registry::{Deleted, Registration, Registry, RegistryOptions};
use schema_registry::store::Store;

use naive::Naive;
use requests::{Answer, Request, SUBJECTS, any_request};

fn open(fs: &SimFs) -> Registry {
    let options = lsm::Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(1 << 20)
        .cache_bytes(1 << 20)
        .segment_bytes(1 << 20);
    let (store, state) = Store::open_with("/registry", options).unwrap();
    Registry::new(store, state, RegistryOptions::default())
}

fn ask(registry: &Registry, request: &Request) -> Answer {
    let answer = match request {
        Request::Register { subject, schema, id, version, force } => {
            let request = Registration {
                schema: schema.sent(),
                id: *id,
                version: *version,
                normalize: false,
                force: *force,
            };
            registry
                .register(&Subject::parse(subject), &request)
                .map(|it| Answer::Registered(it.id.0, it.version))
        }
        Request::LookUp { subject, schema, deleted } => registry
            .look_up(&Subject::parse(subject), &schema.sent(), false, *deleted)
            .map(|it| Answer::Registered(it.id.0, it.version)),
        Request::Compatible { subject, schema } => registry
            .incompatibilities(&Subject::parse(subject), None, &schema.sent(), false)
            .map(|it| Answer::Compatible(it.is_empty())),
        Request::DeleteVersion { subject, version, permanent } => {
            let version = version.map_or(VersionId::Latest, VersionId::Number);
            registry
                .delete_version(&Subject::parse(subject), version, *permanent)
                .map(|it| Answer::Versions(vec![it]))
        }
        Request::DeleteSubject { subject, permanent } => {
            registry.delete_subject(&Subject::parse(subject), *permanent).map(Answer::Versions)
        }
        Request::Level { scope, level } => match level {
            Some(level) => {
                let update = schema_registry::model::ConfigUpdate::level(*level);
                registry.update_config(&Subject::parse(scope), &update).map(|_| Answer::Done)
            }
            None => registry.delete_config(&Subject::parse(scope)).map(|_| Answer::Done),
        },
        Request::Mode { scope, mode, force } => match mode {
            Some(_) => {
                registry.set_mode(&Subject::parse(scope), *mode, *force).map(|()| Answer::Done)
            }
            None => registry.delete_mode(&Subject::parse(scope), false).map(|_| Answer::Done),
        },
        Request::Reopen | Request::PowerFails(_) => Ok(Answer::Done),
    };
    answer.unwrap_or_else(|error| Answer::Refused(error.code()))
}

/// All that can be seen from outside is what the model says.
fn compare(registry: &Registry, naive: &Naive) {
    for text in SUBJECTS {
        let subject = Subject::parse(text);
        let versions = registry.versions(&subject, Deleted::Included).unwrap_or_default();
        assert_eq!(versions, naive.versions(text), "versions of {text}");
        for (number, _) in versions {
            let found = registry.version(&subject, VersionId::Number(number), true).unwrap();
            assert_eq!((found.id.0, found.schema.schema.as_str()), naive.version(text, number));
            let mut referrers: Vec<_> =
                registry.referenced_by(&subject, VersionId::Number(number), true).unwrap();
            referrers.sort();
            let ids: Vec<_> = naive.referrers(text, number).into_iter().map(SchemaId).collect();
            assert_eq!(referrers, ids, "what refers to {text} version {number}");
        }
    }
    let live: Vec<_> = registry
        .subjects(&SubjectPrefix::all(), Deleted::Excluded)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(live, naive.live_subjects());
    for context in ["", ":.c:"] {
        for (id, text) in naive.schemas(context) {
            let found = registry.schema(SchemaId(id), Some(context)).unwrap();
            assert_eq!(found.schema.schema, text);
        }
        for id in naive.gone(context) {
            assert!(registry.schema(SchemaId(id), Some(context)).is_err(), "id {id} is back");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn answers_as_the_model(requests in prop::collection::vec(any_request(), 1..60)) {
        let mut fs = SimFs::new();
        let mut registry = open(&fs);
        let mut naive = Naive::default();
        // Which schema an id was given to, for ever.
        let mut given: BTreeMap<(bool, u32), String> = BTreeMap::new();
        for request in &requests {
            match request {
                Request::Reopen => {
                    drop(registry);
                    registry = open(&fs);
                }
                Request::PowerFails(seed) => {
                    let found = fs.crash(CrashMode::Power, *seed);
                    fs.kill();
                    drop(registry);
                    fs = found;
                    registry = open(&fs);
                }
                _ => {}
            }
            let answer = ask(&registry, request);
            prop_assert_eq!(&answer, &naive.ask(request), "{:?} of {:#?}", request, requests);
            if let (Request::Register { subject, schema, id: asked, .. }, Answer::Registered(id, _)) =
                (request, &answer)
            {
                let key = (subject.starts_with(':'), *id);
                let before = given.insert(key, schema.text());
                // Those who choose ids may choose one whose schema is gone.
                let same = before.is_none_or(|it| it == schema.text());
                prop_assert!(asked.is_some() || same, "id {} was another schema's", id);
            }
            compare(&registry, &naive);
        }
    }
}
