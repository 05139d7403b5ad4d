//! Classes of instructions.

/// What an instruction counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Integer arithmetic, logic, shifts.
    #[default]
    Integer,
    /// Half-precision and bfloat16 arithmetic.
    Half,
    /// Single-precision arithmetic.
    Single,
    /// Double-precision arithmetic.
    Double,
    /// Approximate functions: reciprocals, roots, exponentials, sines.
    Special,
    /// Comparisons and selections.
    Compare,
    /// Conversions between types.
    Convert,
    /// Moves, address conversions, reads of special registers.
    Move,
    /// Matrix products of a warp.
    Matrix,
    /// Loads of kernel parameters.
    Parameter,
    /// Loads of global or constant memory, also through generic addresses.
    LoadGlobal,
    /// Stores to global memory, also through generic addresses.
    StoreGlobal,
    /// Loads of shared memory.
    LoadShared,
    /// Stores to shared memory.
    StoreShared,
    /// Loads and stores of local memory.
    Local,
    /// Atomic operations and reductions on memory.
    Atomic,
    /// Shuffles, votes, matches.
    Warp,
    /// Barriers.
    Barrier,
    /// Branches, calls, exits.
    Control,
    /// Fences, prefetches, and whatever else does not compute.
    Other,
    /// What lowering adds and the hardware has no instruction for; in no total.
    Hidden,
}

impl Class {
    /// All classes but the hidden one.
    pub const ALL: [Self; 20] = [
        Self::Integer,
        Self::Half,
        Self::Single,
        Self::Double,
        Self::Special,
        Self::Compare,
        Self::Convert,
        Self::Move,
        Self::Matrix,
        Self::Parameter,
        Self::LoadGlobal,
        Self::StoreGlobal,
        Self::LoadShared,
        Self::StoreShared,
        Self::Local,
        Self::Atomic,
        Self::Warp,
        Self::Barrier,
        Self::Control,
        Self::Other,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Half => "half",
            Self::Single => "single",
            Self::Double => "double",
            Self::Special => "special",
            Self::Compare => "compare",
            Self::Convert => "convert",
            Self::Move => "move",
            Self::Matrix => "matrix",
            Self::Parameter => "parameter",
            Self::LoadGlobal => "load global",
            Self::StoreGlobal => "store global",
            Self::LoadShared => "load shared",
            Self::StoreShared => "store shared",
            Self::Local => "local",
            Self::Atomic => "atomic",
            Self::Warp => "warp",
            Self::Barrier => "barrier",
            Self::Control => "control",
            Self::Other => "other",
            Self::Hidden => "hidden",
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Class {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
