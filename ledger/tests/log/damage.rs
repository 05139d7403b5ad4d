//! Changed, missing and misplaced bytes.

use std::sync::Arc;

use ledger::{
    Error,
    disk::{
        Disk, MemoryDisk,
        memory::{Fault, OperationKind},
    },
    log::{Log, Mark},
};

use crate::common::{
    Event, ID, SEGMENT, append, chooser, contents, create, damage, events, filled, open, segments,
};

/// A flipped bit in any byte of any file.
#[test]
fn no_flipped_bit_is_silent() {
    let disk = MemoryDisk::new();
    let (_, all, last_group) = filled(&disk);
    assert!(segments(&disk).len() >= 3);
    let mut outcomes = [0; 2];
    for name in segments(&disk) {
        for offset in 0..SEGMENT {
            let changed = disk.fork();
            assert!(changed.flip(&name, offset, (offset % 8) as u8));
            match open(&changed) {
                Ok((log, tail)) => {
                    let trimmed = tail.trimmed.expect("something is said of it");
                    assert!(trimmed.path.ends_with(&name) && trimmed.offset <= offset);
                    let found = contents(&log);
                    assert!(
                        found.len() >= last_group,
                        "{name}, byte {offset}: durable ones are gone"
                    );
                    assert!(found == all[..found.len()]);
                    assert_eq!(log.verify().unwrap(), log.tail());
                    outcomes[0] += 1;
                }
                Err(error) => {
                    let (file, at) = damage(&error);
                    assert_eq!(file, name, "byte {offset}: {error}");
                    assert!(at <= offset, "byte {offset}: {error}");
                    outcomes[1] += 1;
                }
            }
        }
    }
    assert!(outcomes[0] > 100 && outcomes[1] > 10_000, "{outcomes:?}");
}

/// After an orderly end there is no tail that could be torn.
#[test]
fn behind_a_seal_every_flipped_bit_of_a_record_is_damage() {
    let disk = MemoryDisk::new();
    let (mut log, all, _) = filled(&disk);
    log.seal().unwrap();
    let end = SEGMENT - log.room();
    let last = segments(&disk).pop().unwrap();
    for offset in 4096..end {
        let changed = disk.fork();
        changed.flip(&last, offset, (offset % 8) as u8);
        let (file, at) = damage(&open(&changed).unwrap_err());
        assert!(file == last && at <= offset);
    }
    for offset in end..SEGMENT {
        let changed = disk.fork();
        changed.flip(&last, offset, (offset % 8) as u8);
        let (log, tail) = open(&changed).unwrap();
        assert!(tail.trimmed.is_some());
        assert_eq!(contents(&log), all);
    }
    // The next append goes over the seal, and the log is as if it had never been there.
    let (mut log, tail) = open(&disk).unwrap();
    assert_eq!(tail.trimmed, None);
    let more = events(all.len() as u64 + 1, &[10, 2000]);
    append(&mut log, &more).unwrap();
    log.sync().unwrap();
    assert_eq!(log.verify().unwrap(), log.tail());
    let (log, tail) = open(&disk.kill()).unwrap();
    assert_eq!((log.tail().op, tail.trimmed), (all.len() as u64 + 2, None));
}

/// What was trusted at opening is checked by `verify`, and by reading.
#[test]
fn what_a_snapshot_covers_is_verified_on_demand() {
    let disk = MemoryDisk::new();
    let (log, all, _) = filled(&disk);
    let mark = log.tail();
    let first = segments(&disk).remove(0);
    for offset in 4096..SEGMENT {
        let changed = disk.fork();
        changed.flip(&first, offset, (offset % 8) as u8);
        let (log, tail) = Log::open_from(Arc::new(changed), SEGMENT, Some(mark)).unwrap();
        assert_eq!((tail.mark, tail.trimmed), (mark, None));
        let (file, at) = damage(&log.verify().unwrap_err());
        assert!(file == first && at <= offset);
        let good: Vec<Event> =
            log.read(1).unwrap().map_while(Result::ok).map(Event::from).collect();
        assert!(good.len() < all.len() && good == all[..good.len()]);
    }
}

#[test]
fn a_missing_segment_is_damage_wherever_anything_tells_of_it() {
    let disk = MemoryDisk::new();
    let (log, _, _) = filled(&disk);
    let names = segments(&disk);
    let (last, others) = names.split_last().unwrap();
    for name in others {
        let without = disk.fork();
        without.take_away(name);
        let error = open(&without).unwrap_err();
        damage(&error);
        assert!(
            error.to_string().contains("where op") || error.to_string().contains("nothing"),
            "{error}"
        );
    }
    let without = disk.fork();
    without.take_away(last);
    // Nothing in the log tells of what was the last; a snapshot does.
    assert!(open(&without.fork()).unwrap().0.tail().op < log.tail().op);
    let error = Log::open_from(Arc::new(without), SEGMENT, Some(log.tail())).unwrap_err();
    assert!(error.to_string().contains("a snapshot or the archive is of op"), "{error}");
}

#[test]
fn a_segment_that_was_cut_is_damage() {
    let disk = MemoryDisk::new();
    filled(&disk);
    for name in segments(&disk) {
        for length in [0, 100, 4096, 5000, SEGMENT - 1] {
            let cut = disk.fork();
            let mut bytes = cut.bytes(&name).unwrap();
            bytes.truncate(length as usize);
            cut.set_bytes(&name, bytes);
            let (file, _) = damage(&open(&cut).unwrap_err());
            assert_eq!(file, name);
        }
    }
}

#[test]
fn a_segment_of_another_log_does_not_belong() {
    let disk = MemoryDisk::new();
    filled(&disk);
    let other = MemoryDisk::new();
    let mut log = Log::create(Arc::new(other.clone()), [1; 16], SEGMENT).unwrap();
    append(&mut log, &events(1, &[100, 3000, 3000, 3000])).unwrap();
    log.sync().unwrap();
    let name = segments(&disk)[1].clone();
    disk.set_bytes(&name, other.bytes(&segments(&other)[0]).unwrap());
    assert!(open(&disk).is_err());
    let changed = MemoryDisk::new();
    filled(&changed);
    changed.set_bytes("log-00000000000000009999", {
        let mut block = other.bytes(&segments(&other)[0]).unwrap();
        block[32..40].copy_from_slice(&9999_u64.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&block[..12]), &block[16..4096]);
        block[12..16].copy_from_slice(&crc.to_le_bytes());
        block
    });
    assert!(matches!(open(&changed), Err(Error::Mismatch(_))));
}

#[test]
fn a_newer_version_is_named() {
    let disk = MemoryDisk::new();
    filled(&disk);
    let name = segments(&disk).remove(0);
    let newer = disk.fork();
    let mut block = newer.bytes(&name).unwrap();
    block[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&block[..12]), &block[16..4096]);
    block[12..16].copy_from_slice(&crc.to_le_bytes());
    newer.set_bytes(&name, block);
    assert!(matches!(open(&newer), Err(Error::Version { found: 2, known: 1, .. })));
    let mut block = disk.bytes(&name).unwrap();
    block[4096 + 4] = 3;
    let crc = crc32c::crc32c_append(crc32c::crc32c(&block[4096..4104]), &block[4108..4224]);
    block[4104..4108].copy_from_slice(&crc.to_le_bytes());
    disk.set_bytes(&name, block);
    assert!(matches!(open(&disk), Err(Error::Version { found: 3, known: 1, .. })));
}

/// Any one write of a run goes elsewhere, or nowhere, and nobody is told.
#[test]
fn a_lost_or_misdirected_write_is_found_or_was_the_last() {
    let whole = MemoryDisk::new();
    let (_, all, last_group) = filled(&whole);
    let mut found_out = 0;
    for nth in 0..20 {
        let mut faults = vec![Fault::Lose];
        faults.extend((0..SEGMENT).step_by(448).map(Fault::Misdirect));
        for fault in faults {
            let disk = MemoryDisk::new();
            disk.fault_at(OperationKind::Write, nth, fault);
            filled(&disk);
            match open(&disk.kill()) {
                Ok((log, _)) => {
                    let found = contents(&log);
                    assert!(found == all[..found.len()], "write {nth}, {fault:?}");
                    assert!(found.len() >= last_group, "write {nth}, {fault:?}");
                    assert_eq!(log.verify().unwrap(), log.tail());
                }
                Err(error) => {
                    damage(&error);
                    found_out += 1;
                }
            }
        }
    }
    assert!(found_out > 100, "{found_out}");
}

/// A sector of the middle comes to hold what it held before: a write that was lost by the disk, which said that it was not.
#[test]
fn any_sector_of_zeros_is_damage_or_the_tail() {
    let disk = MemoryDisk::new();
    let (_, all, last_group) = filled(&disk);
    for name in segments(&disk) {
        for sector in 0..(SEGMENT / 512) as usize {
            let changed = disk.fork();
            let mut bytes = changed.bytes(&name).unwrap();
            bytes[sector * 512..][..512].fill(0);
            if bytes == changed.bytes(&name).unwrap() {
                continue;
            }
            changed.set_bytes(&name, bytes);
            match open(&changed) {
                Ok((log, _)) => {
                    let found = contents(&log);
                    assert!(found.len() >= last_group && found == all[..found.len()]);
                }
                Err(error) => assert_eq!(damage(&error).0, name),
            }
        }
    }
}

/// A client may send whatever it likes, also what looks like a part of the log.
#[test]
fn a_body_that_looks_like_records_fools_nobody() {
    // What a log holds that went on for longer, once with the same id and once with another.
    let records = |id: [u8; 16], from: u64| {
        let disk = MemoryDisk::new();
        let mut log = Log::create(Arc::new(disk.clone()), id, 1 << 16).unwrap();
        for op in 1..80 {
            append(&mut log, &events(op, &[64])).unwrap();
            log.sync().unwrap();
        }
        let bytes = disk.bytes(&segments(&disk)[0]).unwrap();
        bytes[4096 + from as usize * 192..][..1920].to_vec()
    };
    for seed in 0..300 {
        let disk = MemoryDisk::new();
        let mut log = create(&disk);
        let mut all = events(1, &[64, 64]);
        append(&mut log, &all).unwrap();
        log.sync().unwrap();
        // Of this log: what was there before, which says nothing of what comes. Of others: anything.
        let body =
            if seed % 2 == 0 { records(ID, 0)[..384].to_vec() } else { records([9; 16], 40) };
        let mut torn = events(3, &[10, 2000]);
        torn.insert(1, Event::of(4, body));
        torn[2] = Event::of(5, vec![1; 1000]);
        append(&mut log, &torn).unwrap();
        all.extend(torn);
        let after = disk.crash(if seed % 3 == 0 { 16 } else { 64 }, &mut chooser(seed));
        let (log, _) = open(&after).unwrap();
        let found = contents(&log);
        assert!(found.len() >= 2 && found == all[..found.len()]);
    }
}

#[test]
fn another_log_at_the_mark_is_a_mismatch() {
    let disk = MemoryDisk::new();
    let (log, all, _) = filled(&disk);
    for op in 1..=all.len() as u64 {
        let record = log.read(op).unwrap().next().unwrap().unwrap();
        assert_eq!(record.mark.op, op);
        let opened = |mark: Mark| Log::open_from(Arc::new(disk.fork()), SEGMENT, Some(mark));
        let (opened_log, tail) = opened(record.mark).unwrap();
        assert_eq!((opened_log.tail(), tail.trimmed), (log.tail(), None));
        let mut other = record.mark;
        other.hash[31] ^= 1;
        assert!(matches!(opened(other), Err(Error::Mismatch(_))));
    }
    assert!(disk.names().unwrap().len() >= 3);
}
