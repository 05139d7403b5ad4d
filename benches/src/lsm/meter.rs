//! What the kernel counts for this process: bytes written, memory, blocks on disk.
//!
//! The judge of written bytes must not be the judged. Two counters of `/proc/self/io` see different things: `wchar` adds
//! the lengths of all `write(2)` calls and is blind to stores through a memory map; `write_bytes` adds pages as they
//! become dirty, mapped ones too, but in whole pages, and counts a page again when it is dirtied after write-back. A
//! contestant's figure is the larger of the two, and of its own count when it keeps one ([`Written::total`]): nobody gains by
//! the way it writes.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::Advice;
use serde::{Deserialize, Serialize};

use super::Result;

/// Bytes moved by this process since it began, or between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Bytes passed to `write(2)` and its relatives.
    pub wchar: u64,
    /// Bytes of pages dirtied on block devices, in whole pages. Pages of files that are deleted before write-back count:
    /// how long the kernel waits is no merit of the engine.
    pub dirtied: u64,
    /// The engine's own count, where it keeps one.
    pub engine: Option<u64>,
    /// Bytes fetched from block devices.
    pub read: u64,
}

impl Written {
    /// Reads `/proc/self/io`; `engine` is the contestant's own count at this moment.
    pub fn now(engine: Option<u64>) -> Result<Self> {
        let text = fs::read_to_string("/proc/self/io")?;
        let field = |name: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            Ok(line.ok_or_else(|| format!("/proc/self/io has no {name}"))?.trim().parse()?)
        };
        Ok(Self {
            wchar: field("wchar:")?,
            dirtied: field("write_bytes:")?,
            engine,
            read: field("read_bytes:")?,
        })
    }

    /// What was written since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            wchar: self.wchar.saturating_sub(earlier.wchar),
            dirtied: self.dirtied.saturating_sub(earlier.dirtied),
            engine: self
                .engine
                .map(|engine| engine.saturating_sub(earlier.engine.unwrap_or_default())),
            read: self.read.saturating_sub(earlier.read),
        }
    }

    /// The figure that a contestant answers for: the largest of the counts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.wchar.max(self.dirtied).max(self.engine.unwrap_or_default())
    }
}

/// Memory of this process in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Anonymous memory: heap, stacks, arenas. Nobody but the process can give it back.
    pub anonymous: u64,
    /// Mapped file pages that are resident: page cache, which the kernel takes back when it needs it.
    pub file: u64,
    /// The kernel's own high-water mark of both together. A later reading can be lower: the kernel raises the mark by counters of its
    /// processors that lag behind, and a reading adds what they hold back; who wants the most takes the largest of their readings.
    pub peak_resident: u64,
}

impl Memory {
    /// Reads `/proc/self/status`.
    pub fn now() -> Result<Self> {
        Self::of("self")
    }

    /// Of another process, by its number in `/proc`.
    pub fn of(process: &str) -> Result<Self> {
        let path = format!("/proc/{process}/status");
        let text = fs::read_to_string(&path)?;
        let field = |name: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next()).ok_or_else(|| {
                format!("{path} has no {name} (kernel older than 4.5, or it has ended?)")
            })?;
            Ok(number.parse::<u64>()? * 1024)
        };
        Ok(Self {
            anonymous: field("RssAnon:")?,
            file: field("RssFile:")?,
            peak_resident: field("VmHWM:")?,
        })
    }
}

/// Bytes of disk that the files below `dir` occupy (allocated blocks, so that preallocation counts and holes do not).
///
/// A file that vanishes while it is looked at counts nothing: engines delete files at any time.
pub fn directory_bytes(dir: &Path) -> Result<u64> {
    let mut total = 0;
    for_each_file(dir, &mut |_, metadata| {
        total += metadata.blocks() * 512;
        Ok(())
    })?;
    Ok(total)
}

/// Writes back the files below `dir` and asks the kernel to forget their pages, so that the next reader starts cold.
pub fn forget_cached(dir: &Path) -> Result<()> {
    for_each_file(dir, &mut |path, _| {
        let file = File::open(path)?;
        file.sync_all()?;
        Ok(rustix::fs::fadvise(&file, 0, None, Advice::DontNeed)?)
    })
}

fn for_each_file(
    dir: &Path,
    visit: &mut impl FnMut(&Path, &fs::Metadata) -> Result<()>,
) -> Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        if metadata.is_dir() {
            for_each_file(&entry.path(), visit)?;
        } else {
            visit(&entry.path(), &metadata)?;
        }
    }
    Ok(())
}

/// What a [`Sampler`] saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// Largest anonymous memory seen.
    pub peak_anonymous: u64,
    /// Largest resident file mapping seen.
    pub peak_file: u64,
    /// Bytes of the directory, one reading every `SPACE_EVERY` memory readings.
    pub directory_bytes: Vec<u64>,
}

const MEMORY_EVERY: Duration = Duration::from_millis(25);

/// How many memory readings there are to each reading of the directory.
const SPACE_EVERY: u32 = 8;

/// A thread that looks at memory every 25 ms and at the directory every 200 ms (some 0.2 % of a core together).
#[derive(Debug)]
pub struct Sampler {
    stop: Arc<AtomicBool>,
    /// Readings of memory that are done.
    readings: Arc<AtomicU32>,
    thread: JoinHandle<Result<Samples>>,
}

impl Sampler {
    /// Begins to watch this process and `dir`.
    #[must_use]
    pub fn start(dir: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let readings = Arc::new(AtomicU32::new(0));
        let done = Arc::clone(&readings);
        let thread = std::thread::spawn(move || {
            let mut samples = Samples::default();
            loop {
                let last = stopped.load(Ordering::Acquire);
                let memory = Memory::now()?;
                samples.peak_anonymous = samples.peak_anonymous.max(memory.anonymous);
                samples.peak_file = samples.peak_file.max(memory.file);
                if done.fetch_add(1, Ordering::Release).is_multiple_of(SPACE_EVERY) {
                    samples.directory_bytes.push(directory_bytes(&dir)?);
                }
                if last {
                    return Ok(samples);
                }
                std::thread::sleep(MEMORY_EVERY);
            }
        });
        Self { stop, readings, thread }
    }

    /// How often it has looked at memory.
    #[must_use]
    pub fn readings(&self) -> u32 {
        self.readings.load(Ordering::Acquire)
    }

    /// Ends the watch.
    pub fn finish(self) -> Result<Samples> {
        self.stop.store(true, Ordering::Release);
        self.thread.join().map_err(|_| "the sampler panicked")?
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn counts_writes_and_files() {
        let dir = tempfile::tempdir().unwrap();
        let before = Written::now(Some(5)).unwrap();
        let path = dir.path().join("inner");
        fs::create_dir(&path).unwrap();
        let mut file = File::create(path.join("file")).unwrap();
        file.write_all(&[1; 100_000]).unwrap();
        file.sync_all().unwrap();
        let written = Written::now(Some(9)).unwrap().since(&before);
        assert!(written.wchar >= 100_000, "{written:?}");
        assert_eq!(written.engine, Some(4));
        assert!(written.total() >= 100_000);
        let bytes = directory_bytes(dir.path()).unwrap();
        assert!((100_000..200_000).contains(&bytes), "{bytes}");
        forget_cached(dir.path()).unwrap();
        assert_eq!(directory_bytes(&dir.path().join("absent")).unwrap(), 0);
    }
}
