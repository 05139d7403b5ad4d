//! How many lanes of an instruction a multiprocessor takes a clock, and how long its result takes, by compute capability.
//!
//! Throughputs are those of NVIDIA's table "Throughput of Native Arithmetic Instructions" (*CUDA C++ Programming Guide* 12.6, 8.4.1, table 4; since
//! 13.0 *CUDA C++ Best Practices Guide*, 12.1.1, table 5), in results a clock and multiprocessor:
//!
//! | row of the table | 7.5 | 8.0 | 8.9 | 9.0 | here |
//! |---|---|---|---|---|---|
//! | 16-bit floating-point add, multiply, multiply-add | 128 | 256 | 128 | 256 | [`Rates::half`], halved: two results a lane |
//! | 32-bit floating-point add, multiply, multiply-add | 64 | 64 | 128 | 128 | [`Rates::single`] |
//! | 64-bit floating-point add, multiply, multiply-add | 2 | 32 | 2 | 64 | [`Rates::double`] |
//! | 32-bit floating-point reciprocal, square root, logarithm, exponential, sine, cosine | 16 | 16 | 16 | 16 | [`Rates::special`] |
//! | 32-bit integer add, multiply-add; shift; compare, minimum, maximum; AND, OR, XOR | 64 | 64 | 64 | 64 | [`Rates::integer`] |
//! | all other type conversions | 16 | 16 | 16 | 16 | [`Rates::special`] |
//! | warp shuffle | 32 | 32 | 32 | 32 | [`Rates::exchange`] |
//!
//! and, from the paragraph "Synchronization Instruction" of the same chapter, 16 for `__syncthreads()` on 7.x and 8.x; 9.0 is not named there and taken
//! to be the same. Instructions of one class have one rate here, so three rows are not followed: counts of leading zeros, of bits and reversals of bits
//! (16 there, 64 here), conversions of 8-bit and 16-bit integers to 32 bits (64 there on 8.x and 9.0, 16 here), votes (64 there, 32 here).
//!
//! Load/store units and the matrix units are those of the architecture white papers. Latencies are not published by the vendor. They are rounded from
//! published microbenchmarks (Jia, Maggioni, Smith, Scarpazza: *Dissecting the NVidia Turing T4 GPU via Microbenchmarking*, 2019; Luo et al.:
//! *Benchmarking and Dissecting the Nvidia Hopper GPU Architecture*, 2024) and good to some tens of percent, not more.

use crate::count::Class;

/// A part of a multiprocessor that instructions queue up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Pipe {
    /// The schedulers: every instruction that [`is_folded`] does not leave out.
    Issue,
    /// Integer arithmetic, logic, comparisons.
    Integer,
    /// Half precision.
    Half,
    /// Single precision.
    Single,
    /// Double precision.
    Double,
    /// Approximate functions, and conversions.
    Special,
    /// The tensor cores.
    Matrix,
    /// Shuffles, votes, matches.
    Exchange,
    /// Barriers.
    Barrier,
    /// Addresses of loads, stores and atomics.
    LoadStore,
    /// The banks of shared memory.
    Shared,
    /// The first cache's way to global memory.
    L1,
}

impl Pipe {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Integer => "integer",
            Self::Half => "half",
            Self::Single => "single",
            Self::Double => "double",
            Self::Special => "special",
            Self::Matrix => "tensor",
            Self::Exchange => "exchange",
            Self::Barrier => "barrier",
            Self::LoadStore => "load/store",
            Self::Shared => "shared",
            Self::L1 => "L1",
        }
    }

    /// The pipe that an instruction of a class takes, beside the schedulers.
    pub fn of(class: Class) -> Option<Self> {
        Some(match class {
            Class::Integer | Class::Compare => Self::Integer,
            Class::Half => Self::Half,
            Class::Single => Self::Single,
            Class::Double => Self::Double,
            Class::Special | Class::Convert => Self::Special,
            Class::Matrix => Self::Matrix,
            Class::Warp => Self::Exchange,
            Class::Barrier => Self::Barrier,
            Class::LoadGlobal
            | Class::StoreGlobal
            | Class::LoadShared
            | Class::StoreShared
            | Class::Local
            | Class::Atomic => Self::LoadStore,
            Class::Parameter | Class::Move => return None,
            Class::Control | Class::Other | Class::Hidden => return None,
        })
    }
}

/// Whether instructions of a class cost nothing: moves and parameters, which assemblers fold into the instructions that use them. (PTX has
/// many: a register for each constant, one for each view of the same bits.)
pub fn is_folded(class: Class) -> bool {
    matches!(class, Class::Parameter | Class::Move | Class::Hidden)
}

/// Lanes of an instruction that a multiprocessor takes a clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// All instructions: four schedulers, a warp each.
    pub issue: f64,
    /// "32-bit integer add", "compare, minimum, maximum", "shift", "bitwise".
    pub integer: f64,
    /// Instructions, not results: a `half2` instruction has two results a lane.
    pub half: f64,
    /// "32-bit floating-point add, multiply, multiply-add".
    pub single: f64,
    /// "64-bit floating-point add, multiply, multiply-add".
    pub double: f64,
    /// "32-bit floating-point reciprocal, ... sine, cosine".
    pub special: f64,
    /// "Warp shuffle".
    pub exchange: f64,
    /// `__syncthreads()`.
    pub barrier: f64,
    /// Load/store units.
    pub load_store: f64,
    /// Bytes between the first cache and the registers, a clock.
    pub l1_bytes: f64,
    /// Bytes of shared memory a clock: 64 in Turing, 128 since (*NVIDIA Ampere GA102* white paper).
    pub shared_bytes: f64,
}

/// Clocks until the result of an instruction can be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latencies {
    /// Integer and single-precision arithmetic: 4 (*CUDA C++ Best Practices Guide*, "Hiding Register Dependencies").
    pub arithmetic: u32,
    /// Half precision.
    pub half: u32,
    /// Double precision.
    pub double: u32,
    /// Approximate functions and conversions.
    pub special: u32,
    /// Matrix products of a warp.
    pub matrix: u32,
    /// Shuffles and votes.
    pub exchange: u32,
    /// A branch until what follows is issued.
    pub branch: u32,
    /// A barrier that nobody is late for.
    pub barrier: u32,
    /// A load of shared memory without conflicts.
    pub shared: u32,
    /// A load that the second cache serves.
    pub l2: u32,
    /// A load that DRAM serves.
    pub dram: u32,
}

impl Latencies {
    /// Of an instruction of a class; for loads of global memory that DRAM must serve, `dram`.
    pub fn of(&self, class: Class, dram: bool) -> u32 {
        match class {
            Class::Integer | Class::Single | Class::Compare => self.arithmetic,
            Class::Half => self.half,
            Class::Double => self.double,
            Class::Special | Class::Convert => self.special,
            Class::Matrix => self.matrix,
            Class::Warp => self.exchange,
            Class::Control => self.branch,
            Class::Barrier => self.barrier,
            Class::LoadShared => self.shared,
            Class::LoadGlobal | Class::Local | Class::Atomic => {
                if dram {
                    self.dram
                } else {
                    self.l2
                }
            }
            // Nothing waits for what they do.
            Class::StoreGlobal | Class::StoreShared | Class::Other => 1,
            Class::Parameter | Class::Move | Class::Hidden => 0,
        }
    }
}

/// Compute capability 7.5.
pub(super) const RATES_75: Rates = Rates {
    issue: 128.0,
    integer: 64.0,
    half: 64.0,
    single: 64.0,
    double: 2.0,
    special: 16.0,
    exchange: 32.0,
    barrier: 16.0,
    load_store: 16.0,
    l1_bytes: 64.0,
    shared_bytes: 64.0,
};

/// Compute capability 8.0.
pub(super) const RATES_80: Rates = Rates {
    half: 128.0,
    double: 32.0,
    load_store: 32.0,
    l1_bytes: 128.0,
    shared_bytes: 128.0,
    ..RATES_75
};

/// Compute capability 8.9.
pub(super) const RATES_89: Rates = Rates { half: 64.0, single: 128.0, double: 2.0, ..RATES_80 };

/// Compute capability 9.0.
pub(super) const RATES_90: Rates = Rates { single: 128.0, double: 64.0, ..RATES_80 };

/// Compute capability 7.5.
pub(super) const LATENCIES_75: Latencies = Latencies {
    arithmetic: 4,
    half: 5,
    double: 40,
    special: 20,
    matrix: 32,
    exchange: 22,
    branch: 8,
    barrier: 20,
    shared: 22,
    l2: 190,
    dram: 430,
};

/// Compute capability 8.0.
pub(super) const LATENCIES_80: Latencies =
    Latencies { double: 8, exchange: 24, shared: 29, l2: 260, dram: 470, ..LATENCIES_75 };

/// Compute capability 8.9.
pub(super) const LATENCIES_89: Latencies =
    Latencies { exchange: 24, shared: 30, l2: 270, dram: 540, ..LATENCIES_75 };

/// Compute capability 9.0.
pub(super) const LATENCIES_90: Latencies =
    Latencies { double: 8, exchange: 24, shared: 29, l2: 260, dram: 480, ..LATENCIES_75 };
