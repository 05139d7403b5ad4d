//! Many at a time, and disks that fail.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

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

/// Threads at a disk that is full, then has room, and so on: what they were told is what is there, then and after opening it again.
#[test]
fn threads_at_a_full_disk_know_what_is_there() {
    let fs = SimFs::new();
    let registry = open(&fs);
    let stop = AtomicBool::new(false);
    let [registered, refused] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let told: Vec<BTreeMap<String, u32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                let (registry, stop) = (&registry, &stop);
                let (registered, refused) = (&registered, &refused);
                scope.spawn(move || {
                    let mut told = BTreeMap::new();
                    for number in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let subject = format!("{thread}-{number}");
                        let size = thread * 1_000_000 + number;
                        match registry.register(&Subject::parse(&subject), &fixed(size)) {
                            Ok(it) => {
                                told.insert(subject, it.id.0);
                                registered.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(Error::Store { .. }) => {
                                refused.fetch_add(1, Ordering::Relaxed);
                            }

                            Err(error) => panic!("{error}"),
                        }
                    }
                    told
                })
            })
            .collect();
        let await_more = |counter: &AtomicUsize| {
            let before = counter.load(Ordering::Relaxed);
            while counter.load(Ordering::Relaxed) < before + 3 {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        for _ in 0..5 {
            fs.set_capacity(Some(fs.used()));
            await_more(&refused);
            fs.set_capacity(None);
            await_more(&registered);
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let all: BTreeMap<_, _> = told.into_iter().flatten().collect();
    let ids: BTreeSet<_> = all.values().collect();
    assert_eq!(ids.len(), all.len(), "an id was given twice");
    let check = |registry: &Registry| {
        assert_eq!(registry.read(|it| it.counts()).versions, all.len());
        for (subject, id) in &all {
            let found = registry.version(&Subject::parse(subject), VersionId::Latest, false);
            assert_eq!(found.unwrap().id.0, *id, "{subject}");
        }
    };
    check(&registry);
    drop(registry);
    check(&open(&fs));
}
