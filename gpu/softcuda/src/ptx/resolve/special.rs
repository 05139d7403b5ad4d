//! Special registers (PTX ISA, section 10).

use crate::ptx::ast::Type;

macro_rules! special {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $ty:ident $(, $vector:ident)?;)*) => {
        /// A special register: read-only, the machine's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum SpecialRegister {
            $($(#[$doc])* $variant,)*
            /// `%pm0` to `%pm7`: performance counters.
            Pm(u8),
            /// `%pm0_64` to `%pm7_64`.
            Pm64(u8),
            /// `%envreg0` to `%envreg31`.
            Envreg(u8),
            /// `%reserved_smem_offset_0` and `_1`.
            ReservedSmemOffset(u8),
        }

        impl SpecialRegister {
            /// The one of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(SpecialRegister::$variant),)* _ => Self::numbered(name) }
            }

            /// Its type; of `%tid` and the like, that of a component.
            pub fn ty(self) -> Type {
                match self {
                    $(SpecialRegister::$variant => Type::$ty,)*
                    SpecialRegister::Pm64(_) => Type::U64,
                    SpecialRegister::Pm(_) => Type::U32,
                    SpecialRegister::Envreg(_) | SpecialRegister::ReservedSmemOffset(_) => Type::B32,
                }
            }

            /// Whether it has components `.x`, `.y`, `.z` and `.w`.
            pub fn is_vector(self) -> bool {
                match self { $($(SpecialRegister::$variant => { let $vector = true; $vector })?)* _ => false }
            }
        }

        impl std::fmt::Display for SpecialRegister {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(SpecialRegister::$variant => f.write_str($name),)*
                    SpecialRegister::Pm(n) => write!(f, "%pm{n}"),
                    SpecialRegister::Pm64(n) => write!(f, "%pm{n}_64"),
                    SpecialRegister::Envreg(n) => write!(f, "%envreg{n}"),
                    SpecialRegister::ReservedSmemOffset(n) => write!(f, "%reserved_smem_offset_{n}"),
                }
            }
        }
    };
}

special! {
    /// The thread's index in its block.
    Tid = "%tid": U32, vector;
    /// The block's extents.
    Ntid = "%ntid": U32, vector;
    /// The thread's lane.
    Laneid = "%laneid": U32;
    /// The warp's index.
    Warpid = "%warpid": U32;
    /// The most warps a multiprocessor can have.
    Nwarpid = "%nwarpid": U32;
    /// The block's index in the grid.
    Ctaid = "%ctaid": U32, vector;
    /// The grid's extents.
    Nctaid = "%nctaid": U32, vector;
    /// The multiprocessor.
    Smid = "%smid": U32;
    /// How many multiprocessors there are.
    Nsmid = "%nsmid": U32;
    /// The launch.
    Gridid = "%gridid": U64;
    /// Whether the launch gives a cluster.
    IsExplicitCluster = "%is_explicit_cluster": Pred;
    /// The cluster's index in the grid.
    Clusterid = "%clusterid": U32, vector;
    /// The grid's extents in clusters.
    Nclusterid = "%nclusterid": U32, vector;
    /// The block's index in its cluster.
    ClusterCtaid = "%cluster_ctaid": U32, vector;
    /// The cluster's extents.
    ClusterNctaid = "%cluster_nctaid": U32, vector;
    /// The block's rank in its cluster.
    ClusterCtarank = "%cluster_ctarank": U32;
    /// How many blocks the cluster has.
    ClusterNctarank = "%cluster_nctarank": U32;
    /// A bit for this lane.
    LanemaskEq = "%lanemask_eq": U32;
    /// Bits for the lanes up to this.
    LanemaskLe = "%lanemask_le": U32;
    /// Bits for the lanes below this.
    LanemaskLt = "%lanemask_lt": U32;
    /// Bits for the lanes from this on.
    LanemaskGe = "%lanemask_ge": U32;
    /// Bits for the lanes above this.
    LanemaskGt = "%lanemask_gt": U32;
    /// Cycles.
    Clock = "%clock": U32;
    /// The upper half of the cycles.
    ClockHi = "%clock_hi": U32;
    /// Cycles.
    Clock64 = "%clock64": U64;
    /// Nanoseconds.
    Globaltimer = "%globaltimer": U64;
    /// The lower half of the nanoseconds.
    GlobaltimerLo = "%globaltimer_lo": U32;
    /// The upper half of the nanoseconds.
    GlobaltimerHi = "%globaltimer_hi": U32;
    /// Where the system's part of shared memory begins.
    ReservedSmemOffsetBegin = "%reserved_smem_offset_begin": B32;
    /// Where the system's part of shared memory ends.
    ReservedSmemOffsetEnd = "%reserved_smem_offset_end": B32;
    /// How large the system's part of shared memory is.
    ReservedSmemOffsetCap = "%reserved_smem_offset_cap": B32;
    /// Bytes of shared memory of the launch.
    TotalSmemSize = "%total_smem_size": U32;
    /// The same with the system's.
    AggrSmemSize = "%aggr_smem_size": U32;
    /// Bytes of dynamic shared memory of the launch.
    DynamicSmemSize = "%dynamic_smem_size": U32;
    /// The graph being run.
    CurrentGraphExec = "%current_graph_exec": U64;
}

impl SpecialRegister {
    fn numbered(name: &str) -> Option<Self> {
        let number = |digits: &str, below: u8| -> Option<u8> {
            let canonical = digits == "0" || !digits.starts_with('0');
            digits
                .parse()
                .ok()
                .filter(|&number| number < below && canonical && !digits.starts_with('+'))
        };
        if let Some(rest) = name.strip_prefix("%pm") {
            return match rest.strip_suffix("_64") {
                Some(digits) => number(digits, 8).map(SpecialRegister::Pm64),
                None => number(rest, 8).map(SpecialRegister::Pm),
            };
        }
        if let Some(rest) = name.strip_prefix("%envreg") {
            return number(rest, 32).map(SpecialRegister::Envreg);
        }
        let rest = name.strip_prefix("%reserved_smem_offset_")?;
        number(rest, 2).map(SpecialRegister::ReservedSmemOffset)
    }
}
