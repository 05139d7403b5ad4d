//! What a check has found.

use crate::memory::Space;
use std::fmt;

/// What kind of fault a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "json", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Kind {
    /// An access outside every allocation, or past the end of its space.
    OutOfBounds,
    /// An access to an allocation that was freed.
    UseAfterFree,
    /// An address that is no multiple of the access's size.
    Misaligned,
    /// A write to constant memory.
    ReadOnly,
    /// A trap, a failed assertion, or another misuse of an instruction.
    Trap,
    /// The launch ran more instructions than it may.
    StepLimit,
    /// Two writes race.
    WriteAfterWrite,
    /// A read races with an earlier write.
    ReadAfterWrite,
    /// A write races with an earlier read.
    WriteAfterRead,
    /// An access to what an asynchronous copy that is not waited for writes to.
    AsynchronousCopy,
    /// A read of bytes that nobody has written.
    Uninitialised,
    /// A barrier for all lanes of a warp, to which some of them come.
    DivergentBarrier,
    /// Threads of a block come to one barrier from different instructions.
    BarrierPlaces,
    /// Threads come to one barrier with different counts.
    BarrierCounts,
    /// A barrier's number or count that is not allowed.
    InvalidBarrier,
    /// A `.sync` instruction run by a lane that its member mask leaves out.
    MemberMask,
    /// All threads of a block wait for each other.
    Deadlock,
}

impl Kind {
    /// The class that it belongs to, as `gpu/kernels` names what its mutants are: `race`, `out-of-bounds`, `use-after-free`,
    /// `misaligned`, `read-only`, `trap`, `step-limit`, `uninitialised`, `divergent-barrier`, `barrier`, `shuffle-mask`,
    /// `deadlock`.
    pub fn class(self) -> &'static str {
        match self {
            Self::OutOfBounds => "out-of-bounds",
            Self::UseAfterFree => "use-after-free",
            Self::Misaligned => "misaligned",
            Self::ReadOnly => "read-only",
            Self::Trap => "trap",
            Self::StepLimit => "step-limit",
            Self::WriteAfterWrite
            | Self::ReadAfterWrite
            | Self::WriteAfterRead
            | Self::AsynchronousCopy => "race",
            Self::Uninitialised => "uninitialised",
            Self::DivergentBarrier => "divergent-barrier",
            Self::BarrierPlaces | Self::BarrierCounts | Self::InvalidBarrier => "barrier",
            Self::MemberMask => "shuffle-mask",
            Self::Deadlock => "deadlock",
        }
    }

    /// What went wrong, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::OutOfBounds => "access out of bounds",
            Self::UseAfterFree => "access to freed memory",
            Self::Misaligned => "misaligned access",
            Self::ReadOnly => "write to constant memory",
            Self::Trap => "kernel stopped",
            Self::StepLimit => "step limit reached",
            Self::WriteAfterWrite => "race: write after write",
            Self::ReadAfterWrite => "race: read after write",
            Self::WriteAfterRead => "race: write after read",
            Self::AsynchronousCopy => "race: access during an asynchronous copy",
            Self::Uninitialised => "uninitialised read",
            Self::DivergentBarrier => "barrier in divergent code of a warp",
            Self::BarrierPlaces => "barrier reached from different places",
            Self::BarrierCounts => "barrier with different counts",
            Self::InvalidBarrier => "invalid arguments of a barrier",
            Self::MemberMask => "member mask without the lane that runs the instruction",
            Self::Deadlock => "deadlock: all threads of a block wait",
        }
    }

    /// Whether it is a race.
    pub fn is_race(self) -> bool {
        self.class() == "race"
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "json", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Level {
    /// Leaves no doubt about the result; only reported when asked for.
    Info,
    /// Right as most hardware runs it, but nothing promises that.
    Warning,
    /// Wrong.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Error => "Error",
        })
    }
}

/// An instruction and the thread that ran it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Place {
    /// `blockIdx`.
    pub block: [u32; 3],
    /// `threadIdx`; of races between blocks, the earlier one's is not kept.
    pub thread: Option<[u32; 3]>,
    /// The instruction's opcode.
    pub opcode: String,
    /// The instruction's line in the PTX text.
    pub line: u32,
    /// File and line of the source, where the text has `.loc`.
    pub source: Option<(String, u32)>,
}

impl Place {
    /// The line that a reader looks for: of the source, or else of the PTX text.
    pub fn best_line(&self) -> u32 {
        self.source.as_ref().map_or(self.line, |(_, line)| *line)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.block;
        match self.thread {
            Some([tx, ty, tz]) => write!(f, "by thread ({tx},{ty},{tz}) in block ({x},{y},{z})")?,
            None => write!(f, "by a thread in block ({x},{y},{z})")?,
        }
        write!(f, " at `{}`", self.opcode)?;
        match &self.source {
            Some((file, line)) => write!(f, " in {file}:{line} (PTX line {})", self.line),
            None => write!(f, " (PTX line {})", self.line),
        }
    }
}

/// Bytes of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Bytes {
    /// The space: `shared`, `global`, ...
    #[cfg_attr(feature = "json", serde(serialize_with = "space"))]
    pub space: Space,
    /// The first byte's address in the space.
    pub address: u64,
    /// Number of bytes of the access.
    pub size: u32,
    /// The variable or allocation that they lie in, and the first byte's distance from its beginning.
    pub within: Option<(String, u64)>,
}

#[cfg(feature = "json")]
fn space<S: serde::Serializer>(space: &Space, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(space)
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { space, address, size, within } = self;
        write!(f, "{size} bytes of {space} memory at 0x{address:x}")?;
        match within {
            Some((name, offset)) => write!(f, ", byte {offset} of {name}"),
            None => Ok(()),
        }
    }
}

/// A fault that a check has found; the first of its like (of the worst, where they differ), and how many there were.
///
/// Findings are alike that have the same kind and the same instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How bad it is.
    pub level: Level,
    /// The kernel.
    pub kernel: String,
    /// Where it was seen; of a race, the later access. None where no thread can be named.
    pub place: Option<Place>,
    /// Of a race, the earlier access; of barriers, the other arrival.
    pub other: Option<Place>,
    /// The memory.
    pub bytes: Option<Bytes>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// How often it was seen.
    pub count: u64,
}

impl fmt::Display for Finding {
    /// In the form of compute-sanitizer: lines that begin with `=========`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "========= {}: {} in kernel {}", self.level, self.kind.describe(), self.kernel)?;
        let mut line = |text: fmt::Arguments<'_>| write!(f, "\n=========     {text}");
        let (now, before) = match self.kind {
            Kind::WriteAfterWrite => ("write ", "write "),
            Kind::ReadAfterWrite => ("read ", "write "),
            Kind::WriteAfterRead => ("write ", "read "),
            Kind::AsynchronousCopy => ("access ", "copy "),
            _ => ("", ""),
        };
        if let Some(place) = &self.place {
            line(format_args!("{now}{place}"))?;
        }
        if let Some(other) = &self.other {
            line(format_args!("and {before}{other}"))?;
        }
        if let Some(bytes) = &self.bytes {
            line(format_args!("{bytes}"))?;
        }
        for note in &self.notes {
            line(format_args!("{note}"))?;
        }
        if self.count > 1 {
            line(format_args!("seen {} times; this was the first", self.count))?;
        }
        Ok(())
    }
}
