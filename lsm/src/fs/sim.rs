//! A deterministic file system in memory, for tests of what a program leaves behind when it crashes.
//!
//! # The idea
//!
//! A program that says "saved" must find what it saved after a crash. Three things make that hard to test on a real
//! disk: a crash at just the wrong moment is rare, what a crash destroys differs from run to run, and disks that lie
//! or fail are hard to come by. [`SimFs`] makes all three a matter of choosing numbers:
//!
//! 1. **Every operation that changes something is a numbered I/O point** (and every other one, if you ask for it with
//!    [`SimFs::count_reads`]). Run the workload once and ask
//!    [`SimFs::points`]; then run it again for each number, with a [`FaultPlan`] that kills the process there
//!    ([`FaultPlan::crash_at`]) or makes the operation fail ([`FaultPlan::fail_at`]).
//! 2. **[`SimFs::crash`] makes what the next process finds.** [`CrashMode::Process`] is `kill -9`: the operating
//!    system lives on, and all that was written is there. [`CrashMode::Power`] is a power cut: of what no sync had
//!    covered, each 512-byte sector, each length and each change of a directory came through or not, by a seed.
//!    [`CrashMode::PowerLoseAll`] leaves exactly what was synced.
//! 3. **The same seeds make the same run**, as long as one thread at a time does I/O.
//!
//! ```
//! use lsm::fs::{FileSystem, OpenMode, Purpose, sim::{CrashMode, FaultPlan, SimFs, is_crash}};
//! use std::{io, path::Path};
//!
//! /// Replaces a file, atomically and durably: write aside, sync, rename, sync the directory.
//! fn save(fs: &dyn FileSystem, bytes: &[u8]) -> io::Result<()> {
//!     let (aside, target) = (Path::new("/app/state.new"), Path::new("/app/state"));
//!     if fs.metadata(aside)?.is_some() {
//!         fs.remove(aside)?;
//!     }
//!     let file = fs.open(aside, OpenMode::CreateNew, Purpose::Other)?;
//!     file.write_all_at(bytes, 0)?;
//!     file.sync_data()?; // leave this out, and the loop below finds a torn file
//!     fs.rename(aside, target)?;
//!     fs.sync_dir(Path::new("/app")) // leave this out, and it finds the old one after a success
//! }
//!
//! fn new_machine() -> SimFs {
//!     let fs = SimFs::new();
//!     fs.write_file("/app/state", b"old").unwrap();
//!     fs
//! }
//!
//! let fs = new_machine();
//! save(&fs, b"the new one").unwrap();
//! let points = fs.points();
//!
//! for point in 0..=points {
//!     for seed in 0..20 {
//!         let fs = new_machine();
//!         fs.set_plan(FaultPlan::new().seed(seed).crash_at(point));
//!         let saved = save(&fs, b"the new one");
//!         assert!(saved.as_ref().err().is_none_or(is_crash));
//!         for mode in [CrashMode::Process, CrashMode::Power, CrashMode::PowerLoseAll] {
//!             let after = fs.crash(mode, seed).read_file("/app/state").unwrap();
//!             let whole = after == b"the new one" || (saved.is_err() && after == b"old");
//!             assert!(whole, "killed at point {point}, {mode:?}, seed {seed}: {after:?}");
//!         }
//!     }
//! }
//! ```
//!
//! # The model
//!
//! * **Data** is durable once a `sync_data` that began after the write returned `Ok`. So is the file's length.
//! * **Names** (creations, removals, renames, links, and directories) are durable after [`FileSystem::sync_dir`] of the
//!   directory they are in, and not before: syncing a new file does not make its name durable. That includes a new
//!   directory's name in *its* parent. Each change is atomic, and two of the same name never come through in the wrong
//!   order; otherwise they may.
//! * **A failed sync is final**, as on Linux ("fsyncgate", Rebello et al., "Can Applications Recover from fsync
//!   Failures?", USENIX ATC 2020): what it should have written counts as clean, and the next sync succeeds without
//!   writing it.
//! * **Mappings** are views of the file: what is stored to one is seen by all and by positioned reads at once.
//!   But a crash or a sync takes only stores into account that were reported with [`Mapping::stored`]; a store that
//!   is not reported is one that the process was about to make. Forgetting the report loses data in the tests.
//!   The simulation itself reads mapped bytes in `stored` and in positioned reads of them, and writes them in positioned
//!   writes, in [`SimFs::corrupt`] and when a file is extended again after a cut: these are the accesses to which the
//!   memory-safety contract of [`Mapping`] applies.
//! * **A full disk** ([`SimFs::set_capacity`], [`FaultPlan::full_from`]) refuses `allocate` and writes that need new sectors. A store to a hole
//!   of a file (`set_len` makes them, `allocate` fills them) on a full disk kills the process, as SIGBUS does.
//! * **A crash** at a point ends the process: from then on every operation fails with an error for which [`is_crash`]
//!   is true. Mapped memory stays valid for whoever holds it, and no longer reaches the file.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

#[cfg(doc)]
use super::{File, FileSystem, Mapping};

mod file;
mod inode;
mod memory;
mod names;
mod operations;
mod plan;
mod random;
mod state;
#[cfg(test)]
mod tests;

pub use plan::{Crashed, FaultPlan, InjectedError, Operation, Outcome, Point, is_crash};

use inode::Inode;
use names::{InodeId, Names, Node, normal};
use random::Random;

/// The unit in which a power cut keeps or loses data, and in which space is counted.
pub const SECTOR: u64 = 512;

/// What kind of crash it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CrashMode {
    /// The process was killed; the operating system lives on. All that was written or stored (and reported) is there,
    /// and still not durable: another crash may take it.
    Process,
    /// The machine lost power. What was synced is there. Of the rest, each 512-byte sector is the old one or the new
    /// one or torn, each length is old, new or between, each change of a directory came through or not: by the seed.
    Power,
    /// The machine lost power, and nothing but what was synced came through.
    PowerLoseAll,
}

/// A file system in memory that fails, tears and crashes on demand. See the [module's documentation](self).
///
/// Clones are handles of the same file system. All paths are taken as they are: `/a` and `a` are different, `.` is
/// ignored and `..` is the parent. `/` exists from the start; there are no symbolic links and no permissions.
#[derive(Clone, Default)]
pub struct SimFs {
    machine: Arc<Machine>,
}

#[derive(Default)]
struct Machine {
    state: Mutex<State>,
}

struct State {
    names: Names,
    inodes: BTreeMap<InodeId, Inode>,
    next_inode: InodeId,
    locks: BTreeMap<InodeId, Holders>,
    plan: FaultPlan,
    points: u64,
    /// The point in which the process died.
    dead: Option<u64>,
    trace: Option<Vec<Point>>,
    mappable: bool,
    /// Whether what changes nothing is an I/O point.
    counts_reads: bool,
    /// In sectors.
    capacity: u64,
    /// In sectors.
    used: u64,
}

/// Who holds a lock file.
#[derive(Debug, Clone, Copy)]
enum Holders {
    One,
    Sharing(u32),
}

impl Default for State {
    fn default() -> Self {
        Self {
            names: Names::default(),
            inodes: BTreeMap::new(),
            next_inode: 0,
            locks: BTreeMap::new(),
            plan: FaultPlan::new(),
            points: 0,
            dead: None,
            trace: None,
            mappable: true,
            counts_reads: false,
            capacity: u64::MAX,
            used: 0,
        }
    }
}

impl SimFs {
    /// An empty file system: no capacity limit, no faults, mappable.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// I/O points so far. The next one has this number.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.machine.state.lock().points
    }

    /// Says what shall go wrong from now on, in place of what was said before.
    pub fn set_plan(&self, plan: FaultPlan) {
        self.machine.state.lock().plan = plan;
    }

    /// Makes operations that change nothing I/O points, too, from now on: places where a plan can make them fail. Point
    /// reads of mapped files remain none: there is nothing to hear of them.
    pub fn count_reads(&self) {
        self.machine.state.lock().counts_reads = true;
    }

    /// Starts to record every I/O point, for [`trace`](Self::trace). Costs memory for each.
    pub fn start_trace(&self) {
        self.machine.state.lock().trace = Some(Vec::new());
    }

    /// The I/O points since [`start_trace`](Self::start_trace): what point 17 of a failing test was.
    #[must_use]
    pub fn trace(&self) -> Vec<Point> {
        self.machine.state.lock().trace.clone().unwrap_or_default()
    }

    /// Kills the process: every operation from now on fails with an error for which [`is_crash`] is true.
    pub fn kill(&self) {
        let mut state = self.machine.state.lock();
        let point = state.points;
        state.dead.get_or_insert(point);
    }

    /// Whether the process is dead: by the plan, by [`kill`](Self::kill), or by a store to a hole on a full disk.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.machine.state.lock().dead.is_some()
    }

    /// The file system that is found after a crash at this moment. It begins at point 0 with no plan, and does not
    /// count reads; capacity and mappability stay; locks are gone.
    ///
    /// This file system goes on as if nothing had happened: any number of crashes may be tried from one moment. Call
    /// [`kill`](Self::kill) for threads that should notice.
    #[must_use]
    pub fn crash(&self, mode: CrashMode, seed: u64) -> Self {
        let state = self.machine.state.lock();
        let mut random = Random::new(seed, 0);
        let names = match mode {
            CrashMode::Process => state.names.clone(),
            CrashMode::Power => state.names.after_power_loss(&mut random),
            CrashMode::PowerLoseAll => state.names.after_losing_all(),
        };
        let mut inodes: BTreeMap<InodeId, Inode> = names
            .reachable()
            .into_iter()
            .filter_map(|id| Some((id, state.inodes.get(&id)?)))
            .map(|(id, inode)| {
                let found = match mode {
                    CrashMode::Process => inode.after_kill(),
                    // Seeded for each file, so that its fate does not depend on how many others there are.
                    CrashMode::Power => inode.after_power_loss(&mut Random::new(seed, id + 1)),
                    CrashMode::PowerLoseAll => inode.after_losing_all(),
                };
                (id, found)
            })
            .collect();
        for (_, id) in names.files() {
            if let Some(inode) = inodes.get_mut(&id) {
                inode.links += 1;
            }
        }
        let mut used = 0;
        for inode in inodes.values_mut() {
            if inode.links == 0 {
                inode.release();
            }
            used += inode.claimed();
        }
        let (capacity, mappable) = (state.capacity, state.mappable);
        let next_inode = state.next_inode;
        let state =
            State { names, inodes, next_inode, mappable, capacity, used, ..State::default() };
        Self { machine: Arc::new(Machine { state: Mutex::new(state) }) }
    }

    /// Makes everything durable, as `sync(1)` does: the end of a test's preparations. No I/O point.
    pub fn sync_all(&self) {
        let mut state = self.machine.state.lock();
        state.names.sync_all();
        for inode in state.inodes.values_mut() {
            inode.sync(|| true);
        }
        state.forget_unreachable();
    }

    /// Limits the space for the files' data to this many bytes (rounded down to sectors); `None` lifts the limit.
    /// May be below what is used.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.machine.state.lock().capacity = bytes.map_or(u64::MAX, |bytes| bytes / SECTOR);
    }

    /// Bytes of space in use, in whole sectors: holes use none, files without a name do until they are closed.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.machine.state.lock().used * SECTOR
    }

    /// With `false`, [`File::map`] fails with `Unsupported`, as on file systems that cannot map.
    pub fn set_mappable(&self, mappable: bool) {
        self.machine.state.lock().mappable = mappable;
    }

    /// The bytes of a file as the process sees (or last saw) them. Works after its death, too. No I/O point.
    ///
    /// # Errors
    /// `NotFound`, `IsADirectory`.
    pub fn read_file(&self, path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
        let state = self.machine.state.lock();
        let id = state.names.file(&normal(path.as_ref()))?;
        state.inodes.get(&id).map(Inode::bytes).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Puts a file there, with its directories, all durable; replaces one that was there. No I/O point, and no limit
    /// of space: for what a test needs to be there before it begins, or damages between two runs.
    ///
    /// # Errors
    /// `IsADirectory` if the path is one; `NotADirectory` if a file is where a directory of the path should be.
    pub fn write_file(&self, path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        let path = normal(path.as_ref());
        let mut state = self.machine.state.lock();
        let old = match state.names.get(&path) {
            Some(Node::Dir) => return Err(ErrorKind::IsADirectory.into()),
            Some(Node::File(old)) => Some(old),
            None => None,
        };
        for dir in path.ancestors().skip(1) {
            if let Some(Node::File(_)) = state.names.get(dir) {
                return Err(ErrorKind::NotADirectory.into());
            }
        }
        let mut inode = Inode::durable(path.clone(), bytes.to_vec());
        inode.links = 1;
        state.used += inode.claimed();
        let id = state.insert(inode);
        state.names.add_durable(path, Node::File(id));
        if let Some(old) = old {
            state.unlink(old);
        }
        Ok(())
    }

    /// Every file's path, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.machine.state.lock().names.files().map(|(path, _)| path.clone()).collect()
    }

    /// Flips bit `bit % 8` of the byte at `offset`, in memory and on the disk: what a failing disk does in silence.
    /// No I/O point. Nobody may hold a reference to this byte through a mapping.
    ///
    /// # Errors
    /// `NotFound`, `IsADirectory`; `UnexpectedEof` if the file ends before.
    pub fn corrupt(&self, path: impl AsRef<Path>, offset: u64, bit: u8) -> io::Result<()> {
        let mut state = self.machine.state.lock();
        let id = state.names.file(&normal(path.as_ref()))?;
        let flipped = state.inodes.get_mut(&id).is_some_and(|inode| inode.flip(offset, bit));
        if flipped { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }
}

impl fmt::Debug for SimFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.machine.state.lock();
        f.debug_struct("SimFs")
            .field("files", &state.names.files().count())
            .field("points", &state.points)
            .field("dead", &state.dead)
            .finish_non_exhaustive()
    }
}
