//! Many at a time, and disks that fail.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use lsm::fs::sim::SimFs;
use schema_registry::Error;
use schema_registry::model::{Subject, VersionId};
use schema_registry::registry::{Registration, Registry, RegistryOptions};
use schema_registry::store::Store;
use schema_registry::text::SentSchema;

fn open(fs: &SimFs) -> Registry {
    let options = lsm::Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(1 << 20)
        .segment_bytes(1 << 20);
    let (store, state) = Store::open_with("/registry", options).unwrap();
    Registry::new(store, state, RegistryOptions::default())
}

fn fixed(size: usize) -> Registration {
    let text = format!(r#"{{"type": "fixed", "name": "F", "size": {size}}}"#);
    Registration { schema: SentSchema::avro(text), ..Registration::default() }
}

/// Threads that register the same schemas under subjects of their own agree on the ids, and all of it is there afterwards.
#[test]
fn threads_agree_on_ids() {
    let fs = SimFs::new();
    let registry = open(&fs);
    let all: Vec<BTreeMap<usize, u32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let registry = &registry;
                scope.spawn(move || {
                    let register = |size: usize| {
                        let subject = Subject::parse(&format!("{thread}-{size}"));
                        (size, registry.register(&subject, &fixed(size)).unwrap().id.0)
                    };
                    (0..100).map(|it| (it * 7 + thread * 13) % 100).map(register).collect()
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(all.iter().all(|it| it == &all[0]), "{all:?}");
    let mut ids: Vec<_> = all[0].values().copied().collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=100).collect::<Vec<_>>());

    drop(registry);
    let registry = open(&fs);
    assert_eq!(registry.read(|it| it.counts()).versions, 800);
    for (size, id) in &all[0] {
        let subject = Subject::parse(&format!("3-{size}"));
        assert_eq!(registry.version(&subject, VersionId::Latest, false).unwrap().id.0, *id);
    }
}

/// A full disk refuses, and nothing of what it refused is seen; with room again, it goes on.
#[test]
fn a_full_disk_refuses_and_recovers() {
    let fs = SimFs::new();
    let registry = open(&fs);
    let subject = |it: usize| Subject::parse(&format!("s{it}"));
    registry.register(&subject(0), &fixed(0)).unwrap();
    fs.set_capacity(Some(fs.used()));
    // What was allocated ahead is used up first.
    let long = |it: usize| {
        let mut random = it as u64;
        let mut word = || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            random >> 16
        };
        let doc: String = (0..8_000).map(|_| format!("{:x}", word())).collect();
        let text = format!(r#"{{"type": "fixed", "name": "F", "size": {it}, "doc": "{doc}"}}"#);
        Registration { schema: SentSchema::avro(text), ..Registration::default() }
    };
    let refused =
        (1..1_000).find(|it| registry.register(&subject(*it), &long(*it)).is_err()).unwrap();
    let error = registry.register(&subject(refused), &long(refused)).unwrap_err();
    assert!(matches!(error, Error::Store { .. }) && error.code() == 50001, "{error}");
    assert!(registry.check_health().is_err());
    assert_eq!(registry.read(|it| it.counts()).versions, refused);
    assert!(registry.version(&subject(refused), VersionId::Latest, true).is_err());

    fs.set_capacity(None);
    let registered = registry.register(&subject(refused), &long(refused)).unwrap();
    assert_eq!(registered.id.0 as usize, refused + 1, "an id that nobody was told of is given");
    registry.check_health().unwrap();
    drop(registry);
    assert_eq!(open(&fs).read(|it| it.counts()).versions, refused + 1);
}
