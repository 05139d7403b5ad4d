//! Mappings: stores, and what is mapped of what changes below.

use std::{collections::BTreeSet, slice};

use super::*;

#[test]
fn stores_are_data_once_they_are_reported() {
    let fs = SimFs::new();
    let file = create(&fs, "/segment");
    file.allocate(4096).unwrap();
    file.sync_data().unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    let map = file.map(4096, true).unwrap();
    store(&map, 10, b"reported");
    // SAFETY: in bounds, and nobody refers to the byte.
    unsafe { map.as_ptr().add(100).write(b'x') };
    let mut seen = [0];
    file.read_exact_at(&mut seen, 100).unwrap();
    assert_eq!(&seen, b"x", "the process sees its stores at once");
    file.sync_data().unwrap();
    for mode in LOSSES {
        let after = fs.crash(mode, 0).read_file("/segment").unwrap();
        assert_eq!((&after[10..18], after[100]), (&b"reported"[..], 0), "{mode:?}");
    }
    // Two short mappings and a long one, which needs new memory: Unsupported while the short ones are there.
    file.write_all_at(b"longer", 4094).unwrap();
    let longer = file.map(4100, false);
    assert_eq!(kind(longer), ErrorKind::Unsupported);
    drop(map);
    let map = file.map(4100, false).unwrap();
    // SAFETY: in bounds, and nobody stores.
    let bytes = unsafe { slice::from_raw_parts(map.as_ptr(), 4100) };
    assert_eq!((bytes[10], bytes[100], &bytes[4094..]), (b'r', b'x', &b"longer"[..]));
    assert!(!map.hears_stores());
    fs.set_mappable(false);
    assert_eq!(kind(file.map(10, false)), ErrorKind::Unsupported);
    assert_eq!(kind(file.map(0, false)), ErrorKind::InvalidInput);
}

#[test]
fn a_crash_tears_a_store() {
    let lengths: BTreeSet<usize> = (0..50)
        .map(|seed| {
            let fs = SimFs::new();
            let file = old_file(&fs, "/f");
            let map = file.map(2000, true).unwrap();
            fs.set_plan(FaultPlan::new().seed(seed).crash_at(1));
            store(&map, 0, b"first");
            store(&map, 5, &[b's'; 1000]);
            assert!(fs.is_dead());
            let after = fs.crash(CrashMode::Process, 0).read_file("/f").unwrap();
            assert_eq!(&after[..5], b"first");
            let torn = after[5..].iter().take_while(|&&byte| byte == b's').count();
            assert!(after[5 + torn..].iter().all(|&byte| byte == b'o'));
            torn
        })
        .collect();
    assert!(lengths.len() > 25 && lengths.iter().all(|&len| len <= 1000));
}

#[test]
fn threads_store_beside_each_other_while_another_syncs() {
    let fs = SimFs::new();
    let file = create(&fs, "/segment");
    file.allocate(3000).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    let map = file.map(3000, true).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3_usize {
            let map = &map;
            scope.spawn(move || {
                for index in 0..20 {
                    store(map, (index * 3 + thread) * 50, &[thread as u8 + 1; 50]);
                }
            });
        }
        for _ in 0..5 {
            file.sync_data().unwrap();
            let _ = fs.crash(CrashMode::Power, 1);
        }
    });
    file.sync_data().unwrap();
    let after = fs.crash(CrashMode::PowerLoseAll, 0).read_file("/segment").unwrap();
    for (index, chunk) in after.chunks(50).enumerate() {
        assert_eq!(chunk, [(index % 3) as u8 + 1; 50]);
    }
}

#[test]
fn a_flipped_bit_is_on_the_disk_and_in_mappings() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    let map = file.map(2000, false).unwrap();
    fs.corrupt("/f", 1999, 1).unwrap();
    // SAFETY: in bounds, and nobody stores.
    assert_eq!(unsafe { map.as_ptr().add(1999).read() }, b'o' ^ 2);
    for mode in LOSSES {
        assert_eq!(fs.crash(mode, 0).read_file("/f").unwrap()[1998..], [b'o', b'o' ^ 2]);
    }
    assert_eq!(kind(fs.corrupt("/f", 2000, 1)), ErrorKind::UnexpectedEof);
    assert_eq!(kind(fs.corrupt("/g", 0, 1)), ErrorKind::NotFound);
    assert_eq!(fs.points(), 0);
}
