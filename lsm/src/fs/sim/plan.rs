//! What shall go wrong, and when.

use std::{
    error, fmt, io,
    path::{Path, PathBuf},
};

use super::random::Random;

/// What happened at an I/O point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `create_dir_all` of a directory that was missing.
    CreateDir,
    /// `open` with `CreateNew`, or an exclusive `lock` whose file was missing.
    Create,
    /// `write_all_at`.
    Write,
    /// `Mapping::stored`.
    Store,
    /// `allocate`.
    Allocate,
    /// `set_len`.
    SetLen,
    /// `sync_data`.
    SyncData,
    /// `rename`.
    Rename,
    /// `hard_link`.
    HardLink,
    /// `remove`.
    Remove,
    /// `sync_dir`.
    SyncDir,
    /// `open` of a file that is there. This and what follows changes nothing, and is an I/O point only after
    /// [`SimFs::count_reads`](super::SimFs::count_reads).
    Open,
    /// `lock` of a file that is there.
    Lock,
    /// `read_exact_at`.
    Read,
    /// `File::map`.
    Map,
    /// `metadata`, or `File::len`.
    Stat,
    /// `list`.
    List,
}

impl Operation {
    /// Whether a full disk refuses it even if nothing is written: it makes a name.
    fn makes_a_name(self) -> bool {
        matches!(self, Self::CreateDir | Self::Create | Self::HardLink)
    }
}

/// How the operation at an I/O point ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was let through (it may still have failed by itself, of a full disk or a missing file).
    Done,
    /// The plan made it fail.
    Failed,
    /// The process died in it.
    Crashed,
}

/// One numbered operation: see [`SimFs::trace`](super::SimFs::trace).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Its number: the first is 0.
    pub number: u64,
    /// What was done.
    pub operation: Operation,
    /// To which path (of a rename or a link: the new name; of a file: the name it was created with).
    pub path: PathBuf,
    /// From which byte (0 where there is none).
    pub offset: u64,
    /// How many bytes (0 where there is none; the length for `set_len` and `allocate`).
    pub len: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// The error of an injected failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InjectedError {
    /// An error of a kind, with no number of the operating system.
    Kind(io::ErrorKind),
    /// A number of the operating system, such as 5 (`EIO`) or 28 (`ENOSPC`).
    Os(i32),
}

impl From<io::ErrorKind> for InjectedError {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Kind(kind)
    }
}

impl From<i32> for InjectedError {
    fn from(number: i32) -> Self {
        Self::Os(number)
    }
}

impl InjectedError {
    fn error(self) -> io::Error {
        match self {
            Self::Kind(kind) => kind.into(),
            Self::Os(number) => io::Error::from_raw_os_error(number),
        }
    }
}

/// The payload of the error that every operation returns once the simulated process is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crashed {
    /// The I/O point in which it died.
    pub point: u64,
}

impl fmt::Display for Crashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the simulated process crashed at I/O point {}", self.point)
    }
}

impl error::Error for Crashed {}

/// Whether an error says that the simulated process is dead (as opposed to a failure it should handle).
#[must_use]
pub fn is_crash(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Crashed>())
}

pub(super) fn crashed(point: u64) -> io::Error {
    io::Error::other(Crashed { point })
}

/// What shall go wrong: nothing, unless the methods add something. They add up.
///
/// ```
/// use lsm::fs::sim::{FaultPlan, Operation};
/// use std::io::ErrorKind;
///
/// let plan = FaultPlan::new()
///     .seed(7) // of where writes are torn
///     .fail_nth(Operation::SyncData, 1, 5, 1) // the second sync says EIO
///     .fail_at(40, ErrorKind::StorageFull, 3) // points 40, 41 and 42
///     .crash_at(90);
/// # let _ = plan;
/// ```
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    seed: u64,
    crash_at: Option<u64>,
    full_from: Option<u64>,
    failures: Vec<Failure>,
    random: Option<(f64, InjectedError)>,
}

#[derive(Debug, Clone)]
struct Failure {
    operation: Option<Operation>,
    /// Part of the file's name: empty for any.
    name: String,
    error: InjectedError,
    /// How many matching points pass before the first failure: counted down.
    first: u64,
    times: u64,
}

/// What the plan says about one point.
#[derive(Debug)]
pub(super) enum Fate {
    /// The operation takes place.
    Done,
    /// It fails, perhaps half done: the generator decides.
    Failed(io::Error, Random),
    /// The process dies in it, perhaps half done.
    Crashed(io::Error, Random),
}

impl FaultPlan {
    /// Nothing goes wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Seeds the choices: how far a failed write came, which sectors a failed sync wrote.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The process dies at this I/O point. The operation may be half done: a write is torn at a seeded byte, a sync
    /// has made a seeded choice of sectors durable, anything else has happened or not. From then on every operation
    /// returns an error for which [`is_crash`] is true.
    #[must_use]
    pub fn crash_at(mut self, point: u64) -> Self {
        self.crash_at = Some(point);
        self
    }

    /// `times` operations from this I/O point on fail. A failed write may leave a seeded prefix; a failed sync leaves
    /// its data not durable, and clean; anything else has no effect. Stores to mappings cannot fail: they pass, and
    /// count as one of the times.
    #[must_use]
    pub fn fail_at(mut self, point: u64, error: impl Into<InjectedError>, times: u64) -> Self {
        self.failures.push(Failure {
            operation: None,
            name: String::new(),
            error: error.into(),
            first: point,
            times,
        });
        self
    }

    /// As [`fail_at`](Self::fail_at), but counts only operations of one kind, from when the plan is set: `nth` 0 is
    /// the next one.
    #[must_use]
    pub fn fail_nth(
        self,
        operation: Operation,
        nth: u64,
        error: impl Into<InjectedError>,
        times: u64,
    ) -> Self {
        self.fail_nth_of(operation, "", nth, error, times)
    }

    /// As [`fail_nth`](Self::fail_nth), but counts only operations on files (or directories) in whose name, without what
    /// is before the last `/`, this part occurs.
    #[must_use]
    pub fn fail_nth_of(
        mut self,
        operation: Operation,
        name: &str,
        nth: u64,
        error: impl Into<InjectedError>,
        times: u64,
    ) -> Self {
        let (operation, name) = (Some(operation), name.to_owned());
        self.failures.push(Failure { operation, name, error: error.into(), first: nth, times });
        self
    }

    /// From this I/O point on the disk is full, whatever its capacity: no space can be had, and no name made. What was
    /// allocated before can be written to. It is full until there is another plan.
    #[must_use]
    pub fn full_from(mut self, point: u64) -> Self {
        self.full_from = Some(point);
        self
    }

    /// Whether the disk is full at this point.
    pub(super) fn is_full(&self, point: u64) -> bool {
        self.full_from.is_some_and(|from| point >= from)
    }

    /// Every operation but a store fails with this probability (of 0 to 1): short faults all over the place.
    #[must_use]
    pub fn fail_randomly(mut self, probability: f64, error: impl Into<InjectedError>) -> Self {
        self.random = Some((probability, error.into()));
        self
    }

    /// Decides over the point, and counts it.
    pub(super) fn decide(&mut self, point: u64, operation: Operation, path: &Path) -> Fate {
        let mut random = Random::new(self.seed, point);
        if self.crash_at == Some(point) {
            return Fate::Crashed(crashed(point), random);
        }
        let no_name = self.is_full(point) && operation.makes_a_name();
        let mut failed = no_name.then_some(InjectedError::Kind(io::ErrorKind::StorageFull));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for failure in &mut self.failures {
            let fails = match failure.operation {
                None => point >= failure.first && point - failure.first < failure.times,
                Some(wanted) if wanted == operation && name.contains(&failure.name) => {
                    if failure.first > 0 {
                        failure.first -= 1;
                        false
                    } else if failure.times > 0 {
                        failure.times -= 1;
                        true
                    } else {
                        false
                    }
                }
                Some(_) => false,
            };
            if fails {
                failed = failed.or(Some(failure.error));
            }
        }
        if let Some((probability, error)) = self.random
            && random.chance(probability)
        {
            failed = failed.or(Some(error));
        }
        match failed {
            Some(error) if operation != Operation::Store => Fate::Failed(error.error(), random),
            _ => Fate::Done,
        }
    }
}
