//! Segments: creation, the two ways of writing and reading, sealing, removal.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::memory::MemoryFs;
use crate::{
    Error, KeyspaceId, SegmentId, ValuePointer,
    fs::{Advice, Purpose},
    log::{Codec, HEADER_LEN, Segment, SegmentIdentity, SegmentKind, compress_value, record_len},
};

pub const DATABASE: u64 = 0xfeed_f00d_dead_beef;

pub fn dir() -> PathBuf {
    PathBuf::from("/db")
}

pub fn log(id: u64) -> SegmentIdentity {
    SegmentIdentity { id: SegmentId(id), kind: SegmentKind::Log, database_id: DATABASE }
}

pub fn path(id: u64) -> PathBuf {
    dir().join(format!("{id:06}.log"))
}

pub fn create(fs: &Arc<MemoryFs>, id: u64, capacity: u32) -> Arc<Segment> {
    Segment::create(&fs.erased(), &dir(), log(id), capacity, true, Purpose::Log).unwrap()
}

const DEFAULT: KeyspaceId = KeyspaceId(0);

fn put(segment: &Arc<Segment>, key: &[u8], stored: &[u8], compressed: bool) -> ValuePointer {
    let len = record_len(DEFAULT, key.len(), Some(stored.len()));
    let mut encoder = segment.reserve(len as u32).unwrap().encoder(segment);
    let pointer = encoder.put(DEFAULT, key, stored, compressed, true);
    let done = encoder.finish().unwrap();
    assert_eq!(done.end(), pointer.offset + pointer.len);
    pointer
}

fn get(segment: &Arc<Segment>, pointer: ValuePointer, key: &[u8]) -> Result<Vec<u8>, Error> {
    // SAFETY: these tests write and read on one thread.
    let value = unsafe { segment.read(pointer.offset, pointer.len, key) }.map(|v| v.to_vec());
    // SAFETY: as above.
    let pinned = unsafe { segment.read_pinned(pointer.offset, pointer.len, key) };
    match (&value, pinned) {
        (Ok(value), Ok(pinned)) => assert_eq!(value[..], pinned[..]),
        (Err(_), Err(_)) => {}
        _ => panic!("two ways to read, two results"),
    }
    value
}

/// All four of writing and reading mapped and positioned: same bytes in the file, same values out of it.
#[test]
fn mapped_and_positioned_agree() {
    let mut images = Vec::new();
    for mapped in [true, false] {
        let fs = MemoryFs::new();
        fs.no_mapping.store(!mapped, Ordering::Relaxed);
        let segment = create(&fs, 1, 4_096);
        segment.write_header(77, None).unwrap();
        let long = vec![7; 1_000];
        let mut entries = vec![
            (&b"a"[..], b"1".to_vec(), put(&segment, b"a", b"1", false)),
            (b"empty", vec![], put(&segment, b"empty", b"", false)),
            (b"", long.clone(), put(&segment, b"", &long, false)),
        ];
        if let Some(stored) = compress_value(codec(), &long) {
            entries.push((b"packed", long.clone(), put(&segment, b"packed", &stored, true)));
        }
        let file = fs.file(&path(1));
        if mapped {
            // Every byte was reported as stored, once.
            assert_eq!(file.stored.load(Ordering::Relaxed), u64::from(segment.len()));
        }
        segment.prefetch(64, 10_000);
        segment.advise(64, u32::MAX, Advice::Random);
        for (key, value, pointer) in &entries {
            assert_eq!(get(&segment, *pointer, key).unwrap(), *value);
        }
        assert_eq!(segment.seal().unwrap(), segment.len());
        assert_eq!(file.syncs.load(Ordering::Relaxed), 1);
        assert!(segment.reserve(1).is_none(), "sealed");
        for (key, value, pointer) in &entries {
            assert_eq!(get(&segment, *pointer, key).unwrap(), *value, "after sealing");
        }
        let opened = Segment::open(&fs.erased(), &dir(), log(1), Purpose::Log).unwrap();
        assert_eq!((opened.first_sequence(), opened.len()), (77, segment.len()));
        assert!(opened.reserve(0).is_none_or(|empty| empty.offset() == empty.end()));
        for (key, value, pointer) in &entries {
            assert_eq!(get(&opened, *pointer, key).unwrap(), *value);
        }
        images.push(fs.bytes(&path(1)));
    }
    assert_eq!(images[0], images[1]);
}

fn codec() -> Codec {
    #[cfg(feature = "lz4")]
    return Codec::Lz4;
    #[cfg(not(feature = "lz4"))]
    return Codec::None;
}

#[test]
fn a_pinned_value_outlives_the_file() {
    let fs = MemoryFs::new();
    let segment = create(&fs, 1, 4_096);
    let pointer = put(&segment, b"key", b"value", false);
    // SAFETY: nobody writes there any more.
    let value = unsafe { segment.read_pinned(pointer.offset, pointer.len, b"key") }.unwrap();
    segment.mark_obsolete(Arc::new(|_, _| {}));
    drop(segment);
    assert!(fs.exists(&path(1)), "a reader holds it");
    assert_eq!(&*value, b"value");
    drop(value);
    assert!(!fs.exists(&path(1)));
}

#[test]
fn a_file_that_stays_is_reported() {
    let fs = MemoryFs::new();
    let segment = create(&fs, 1, 4_096);
    fs.fail_remove.store(true, Ordering::Relaxed);
    let failures = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&failures);
    segment.mark_obsolete(Arc::new(move |at, _| {
        assert_eq!(at, path(1));
        counter.fetch_add(1, Ordering::Relaxed);
    }));
    drop(segment);
    assert_eq!(failures.load(Ordering::Relaxed), 1);
}

/// Whatever a pointer says: the value it was made for, or an error.
#[test]
fn wrong_pointers() {
    for mapped in [true, false] {
        let fs = MemoryFs::new();
        fs.no_mapping.store(!mapped, Ordering::Relaxed);
        let segment = create(&fs, 1, 4_096);
        segment.write_header(1, None).unwrap();
        let first = put(&segment, b"first", b"value", false);
        let second = put(&segment, b"second", b"value", false);
        assert!(get(&segment, first, b"second").unwrap_err().is_corruption());
        let end = segment.len();
        for offset in 0..end + 10 {
            for len in (0..end).chain([u32::MAX, u32::MAX - offset, 4_096 - offset]) {
                for (key, pointer) in [(&b"first"[..], first), (b"second", second)] {
                    let right = (offset, len) == (pointer.offset, pointer.len);
                    let found = get(&segment, ValuePointer { offset, len, ..pointer }, key);
                    assert_eq!(found.is_ok(), right, "{offset}, {len}");
                    assert!(found.is_ok() || found.unwrap_err().is_corruption());
                }
            }
        }
    }
}

#[test]
fn room_is_given_out_once_and_to_the_last_byte() {
    let fs = MemoryFs::new();
    let segment = create(&fs, 1, 1_000);
    let taken = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(range) = segment.reserve(7) {
                    assert!(range.offset() >= HEADER_LEN && range.end() <= 1_000);
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(taken.into_inner(), (1_000 - 64) / 7);
    assert!(segment.reserve(1_000 - segment.len()).is_some());
    assert!(segment.reserve(1).is_none());
    assert!(segment.reserve(u32::MAX).is_none());
}

#[test]
#[should_panic(expected = "bytes left unwritten")]
fn a_hole_is_a_bug() {
    let segment = create(&MemoryFs::new(), 1, 1_000);
    let _ = segment.reserve(10).unwrap().encoder(&segment).finish();
}

#[test]
#[should_panic(expected = "in a reservation with 10 bytes left")]
fn an_overrun_is_a_bug() {
    let segment = create(&MemoryFs::new(), 1, 1_000);
    segment.reserve(10).unwrap().encoder(&segment).put(DEFAULT, b"key", b"value", false, true);
}

#[test]
#[should_panic(expected = "a second header")]
fn one_header() {
    let segment = create(&MemoryFs::new(), 1, 1_000);
    segment.write_header(1, None).unwrap();
    segment.write_header(1, None).unwrap();
}

#[test]
fn a_full_disk_leaves_nothing() {
    let fs = MemoryFs::new();
    fs.fail_allocate.store(true, Ordering::Relaxed);
    let created = Segment::create(&fs.erased(), &dir(), log(1), 4_096, true, Purpose::Log);
    assert!(created.unwrap_err().is_disk_full());
    assert!(!fs.exists(&path(1)));
}

#[test]
fn failing_writes_and_syncs_are_reported() {
    let fs = MemoryFs::new();
    fs.no_mapping.store(true, Ordering::Relaxed);
    let segment = create(&fs, 1, 4_096);
    let file = fs.file(&path(1));
    file.fail_writes.store(true, Ordering::Relaxed);
    let len = record_len(DEFAULT, 1, None);
    let mut encoder = segment.reserve(len as u32).unwrap().encoder(&segment);
    encoder.delete(DEFAULT, b"k", true);
    let unwritten = encoder.finish().unwrap_err();
    assert!(matches!(unwritten.error, Error::Io { operation: "write", .. }));
    file.fail_syncs.store(true, Ordering::Relaxed);
    assert!(matches!(segment.sync(), Err(Error::Io { operation: "sync", .. })));
    assert!(segment.seal().is_err());
    file.fail_syncs.store(false, Ordering::Relaxed);
    assert!(segment.sync().is_err(), "a second sync would prove nothing");
}

#[test]
fn headers_are_checked_on_opening() {
    let fs = MemoryFs::new();
    let segment = create(&fs, 1, 4_096);
    let open = |identity| Segment::open(&fs.erased(), &dir(), identity, Purpose::Log);
    assert!(open(log(1)).unwrap_err().to_string().contains("zeros in place"));
    segment.write_header(1, None).unwrap();
    assert!(open(log(1)).is_ok());
    assert!(matches!(open(log(2)), Err(Error::MissingFile { .. })));
    let other = SegmentIdentity { database_id: 5, ..log(1) };
    assert!(open(other).unwrap_err().to_string().contains("of database"));
    let image = fs.bytes(&path(1));
    fs.put(&path(2), &image);
    assert!(open(log(2)).unwrap_err().to_string().contains("the header of segment 1"));
    fs.put(&path(3), &image[..40]);
    assert!(open(log(3)).unwrap_err().is_corruption());
    fs.put(Path::new("/db/000004.log"), b"");
    assert!(open(log(4)).unwrap_err().is_corruption());
}

#[test]
#[should_panic(expected = "a reservation in segment 1 is not one in segment 2")]
fn a_reservation_is_written_in_its_segment() {
    let fs = MemoryFs::new();
    let (first, second) = (create(&fs, 1, 300), create(&fs, 2, 300));
    let _ = first.reserve(10).unwrap().encoder(&second);
}
