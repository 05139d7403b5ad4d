//! Processor, memory, and the disk.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    time::Instant,
};

use crate::{
    Error,
    finding::{Disk, Finding, State},
    place::Place,
};

/// How often a sync is timed.
const SYNCS: usize = 64;
/// What a build and all labs need, in bytes.
const ROOM: u64 = 20 << 30;
/// Below that the linker of a release build may be killed, in bytes.
const MEMORY: u64 = 4 << 30;

/// Processor, memory and disk as findings, and the disk in numbers.
///
/// # Errors
///
/// [`Error::Disk`] if the work tree's `out/` cannot be written to.
pub fn examine(place: &Place) -> Result<(Vec<Finding>, Disk), Error> {
    let out = place.workspace().join("out");
    let disk = try_disk(&out).map_err(|source| Error::Disk { path: out, source })?;
    Ok((vec![processor(place), memory(place), room(&disk)], disk))
}

fn processor(place: &Place) -> Finding {
    let text = place.text("/proc/cpuinfo");
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let flags = field("flags");
    let known = ["avx512f", "avx2", "sse4_2"];
    let widest = known.into_iter().find(|known| flags.split(' ').any(|flag| flag == *known));
    let mut detail = format!("{cores} core{}", if cores == 1 { "" } else { "s" });
    for part in [field("model name"), widest.unwrap_or("")] {
        if !part.is_empty() {
            detail = format!("{detail}, {part}");
        }
    }
    let purpose = "everything; 2 cores are what times in the book are for";
    Finding { name: "processor", purpose, required: true, state: State::found(detail) }
}

fn memory(place: &Place) -> Finding {
    let text = place.text("/proc/meminfo");
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse::<u64>().ok()).map(|kilobytes| kilobytes << 10)
    };
    let state = match (bytes("MemTotal"), bytes("MemAvailable")) {
        (Some(total), _) if total < MEMORY => State::Missing {
            without: format!("{}: the linker may be killed; build with -j 1", size(total)),
            get: format!("a machine with {} or more", size(MEMORY)),
        },
        (Some(total), free) => {
            let free = free.map(|free| format!(", {} of it free", size(free)));
            State::found(format!("{}{}", size(total), free.unwrap_or_default()))
        }
        (None, _) => State::found("the kernel does not say"),
    };
    Finding { name: "memory", purpose: "building", required: false, state }
}

fn room(disk: &Disk) -> Finding {
    let state = if disk.free_bytes < ROOM {
        State::Missing {
            without: format!("{} free: a build may run out of it", size(disk.free_bytes)),
            get: format!("make room for {}, or set CARGO_TARGET_DIR", size(ROOM)),
        }
    } else {
        State::found(format!(
            "{} free on {}; a durable write of 4 KiB takes {:.0} us (nine in ten at most {:.0})",
            size(disk.free_bytes),
            disk.file_system,
            disk.sync_median_us,
            disk.sync_p90_us
        ))
    };
    Finding { name: "disk", purpose: "building, and all labs that write", required: false, state }
}

/// Appends and syncs as a log does.
fn try_disk(directory: &Path) -> io::Result<Disk> {
    let was_there = directory.exists();
    fs::create_dir_all(directory)?;
    let path = directory.join(format!("doctor-{}", std::process::id()));
    let times = time_syncs(&path);
    // Whether it worked or not.
    let _ = fs::remove_file(&path);
    let about = rustix::fs::statfs(directory);
    if !was_there {
        let _ = fs::remove_dir(directory);
    }
    let (mut times, about) = (times?, about?);
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(0.0);
    Ok(Disk {
        file_system: file_system(about.f_type as u64),
        // Blocks are of some kilobytes, and there are not that many.
        free_bytes: about.f_bavail.saturating_mul(about.f_bsize as u64),
        syncs: times.len(),
        sync_median_us: at(50),
        sync_p90_us: at(90),
    })
}

fn time_syncs(path: &Path) -> io::Result<Vec<f64>> {
    let mut file = File::create(path)?;
    let block = [0x5a; 4096];
    // The first ones make the file, and are not what a log waits for.
    for _ in 0..4 {
        file.write_all(&block)?;
        file.sync_data()?;
    }
    (0..SYNCS)
        .map(|_| {
            file.write_all(&block)?;
            let begun = Instant::now();
            file.sync_data()?;
            Ok(begun.elapsed().as_secs_f64() * 1e6)
        })
        .collect()
}

/// By the number in `linux/magic.h`.
fn file_system(number: u64) -> String {
    let name = match number & 0xffff_ffff {
        0xef53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x0102_1994 => "tmpfs (memory: a sync costs nothing here)",
        0x794c_7630 => "overlayfs",
        0x2fc1_2fc1 => "zfs",
        0x6969 => "nfs",
        0x0102_1997 => "9p",
        0xca45_1a4e => "bcachefs",
        0xf2f5_2010 => "f2fs",
        other => return format!("a file system of number {other:#x}"),
    };
    name.to_owned()
}

/// For people: `23.4 GiB`.
fn size(bytes: u64) -> String {
    let mebibytes = bytes >> 20;
    if mebibytes < 1 << 10 {
        format!("{mebibytes} MiB")
    } else {
        format!("{}.{} GiB", mebibytes >> 10, (mebibytes & 1023) * 10 / 1024)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may fail in any way it likes
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_people() {
        assert_eq!(size(3 << 20), "3 MiB");
        assert_eq!(size((23 << 30) + (512 << 20)), "23.5 GiB");
    }

    #[test]
    fn a_disk_that_is_tried_is_left_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let disk = try_disk(&out).unwrap();
        assert_eq!(disk.syncs, SYNCS);
        assert!(disk.sync_median_us > 0.0 && disk.sync_median_us <= disk.sync_p90_us);
        assert!(disk.free_bytes > 0);
        assert!(!out.exists());
        fs::create_dir(&out).unwrap();
        try_disk(&out).unwrap();
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
    }
}
