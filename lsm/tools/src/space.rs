//! What space buys: bytes written while records are overwritten in random order, and the space that the garbage takes.

use std::{os::unix::fs::MetadataExt as _, path::Path};

use lsm::{Db, Options};

use crate::{
    Result,
    random::Random,
    record::{self, KEY_LEN},
};

/// How much is overwritten.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Records in the database.
    pub records: u64,
    /// How often each is overwritten, on average.
    pub rounds: u64,
    /// Length of a value in bytes.
    pub value_bytes: usize,
}

impl Work {
    /// Keys and values of one version of all records.
    #[must_use]
    pub const fn live_bytes(&self) -> u64 {
        self.records * (KEY_LEN + self.value_bytes) as u64
    }

    /// Puts, those of the fill included.
    #[must_use]
    pub const fn puts(&self) -> u64 {
        self.records * (self.rounds + 1)
    }
}

/// What it cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Bytes written for each byte put while overwriting, all work that was left undone included.
    pub amplification: f64,
    /// Bytes on disk for each live one, when everything had come to rest.
    pub space: f64,
    /// The most on the way.
    pub peak: f64,
}

/// Fills a new database in `dir`, overwrites it, waits for all background work, and removes it. Calls `progress` with the puts
/// so far, about a hundred times.
///
/// # Errors
/// Whatever the database or the directory fails with.
#[allow(clippy::cast_precision_loss)] // ratios of byte counts
pub fn overwrite(
    dir: &Path,
    options: Options,
    work: Work,
    mut progress: impl FnMut(u64),
) -> Result<Cost> {
    let db = Db::open(dir, options)?;
    let keyspace = db.default_keyspace();
    let mut value = vec![0; work.value_bytes];
    let mut random = Random::new(&[work.records]);
    let live = work.live_bytes() as f64;
    let every = (work.puts() / 100).max(1);
    let (mut filled, mut peak) = (0, 0.0_f64);
    for number in 0..work.puts() {
        if number == work.records {
            db.flush()?;
            db.wait_idle()?;
            filled = db.statistics().bytes_written();
        }
        let index = if number < work.records { number } else { random.below(work.records) };
        record::fill_value(&mut value, index, number / work.records);
        keyspace.put(&record::key(index), &value)?;
        if number % every == 0 {
            progress(number);
            peak = peak.max(allocated(dir)? as f64 / live);
        }
    }
    db.flush()?;
    db.wait_idle()?;
    let written = (db.statistics().bytes_written() - filled) as f64;
    let space = allocated(dir)? as f64 / live;
    drop(keyspace);
    db.close()?;
    std::fs::remove_dir_all(dir)?;
    let amplification = written / (live * work.rounds.max(1) as f64);
    Ok(Cost { amplification, space, peak: peak.max(space) })
}

/// Bytes of disk that the files in a directory take. [`Statistics::disk_bytes`](lsm::Statistics::disk_bytes) counts what is in
/// them, and so neither what is preallocated nor spare files.
fn allocated(dir: &Path) -> Result<u64> {
    let mut total = 0;
    for entry in std::fs::read_dir(dir)? {
        match entry?.metadata() {
            Ok(metadata) => total += metadata.blocks() * 512,
            // The engine removes files at any time.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice the space is fewer bytes written; and what comes out is of the right size.
    #[test]
    fn space_and_writes_are_measured() {
        let dir = tempfile::tempdir().unwrap();
        let work = Work { records: 4_000, rounds: 3, value_bytes: 200 };
        let options = Options::default().write_buffer_bytes(1 << 18).segment_bytes(1 << 18);
        let mut heard = 0;
        let cost = overwrite(&dir.path().join("db"), options, work, |_| heard += 1).unwrap();
        assert!((90..=110).contains(&heard), "{heard}");
        assert!((0.5..10.0).contains(&cost.amplification), "{cost:?}");
        assert!(cost.space > 0.5 && cost.peak >= cost.space, "{cost:?}");
        assert!(!dir.path().join("db").exists());
    }
}
