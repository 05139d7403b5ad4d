//! Defects below the log.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use ledger::disk::{Disk, File};

use crate::world::SimDisk;

/// What becomes of syncs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syncs {
    Never,
    Always,
}

struct Careless {
    disk: SimDisk,
    syncs: Syncs,
}

pub(super) fn without_sync(disk: SimDisk) -> Arc<dyn Disk> {
    Arc::new(Careless { disk, syncs: Syncs::Never })
}

pub(super) fn without_sync_errors(disk: SimDisk) -> Arc<dyn Disk> {
    Arc::new(Careless { disk, syncs: Syncs::Always })
}

impl Careless {
    fn wrap(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(CarelessFile { file, syncs: self.syncs })
    }
}

impl Disk for Careless {
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>> {
        Ok(self.wrap(self.disk.create(name, bytes)?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        Ok(self.wrap(self.disk.open(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.disk.names()
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.disk.path(name)
    }
}

struct CarelessFile {
    file: Arc<dyn File>,
    syncs: Syncs,
}

impl File for CarelessFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        if self.syncs == Syncs::Always {
            // The defect: whatever it says, all is well.
            let _ = self.file.sync();
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
}

/// The newest segment of the log that holds anything, and where its last bytes are.
fn last_segment(disk: &SimDisk) -> Option<(String, Vec<u8>)> {
    let names = disk.memory().names().ok()?;
    let mut segments = names.into_iter().filter(|name| name.starts_with("log-"));
    let name = segments.next_back()?;
    let bytes = disk.memory().bytes(&name)?;
    Some((name, bytes))
}

/// Spoils the last record of the log.
pub(super) fn cut_last_record(disk: &SimDisk) {
    let Some((name, mut bytes)) = last_segment(disk) else { return };
    let Some(last) = bytes.iter().rposition(|byte| *byte != 0) else { return };
    // The segment's own header stays.
    if last >= 4096 {
        bytes[last] = 0;
        disk.memory().set_bytes(&name, bytes);
    }
}

/// Makes zeros of the log from there on.
pub(super) fn cut_at(disk: &SimDisk, path: &Path, offset: u64) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
    let Ok(names) = disk.memory().names() else { return };
    for later in names.iter().filter(|other| other.starts_with("log-") && other.as_str() > name) {
        disk.memory().take_away(later);
    }
    if let Some(mut bytes) = disk.memory().bytes(name) {
        for byte in bytes.iter_mut().skip(usize::try_from(offset).unwrap_or(usize::MAX)) {
            *byte = 0;
        }
        disk.memory().set_bytes(name, bytes);
    }
}
