//! The PTX of the kernels, part of the library.

/// One file of kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PtxFile {
    /// Its place among all.
    pub index: usize,
    /// Its name.
    pub name: &'static str,
    /// Its text, closed by a zero byte as the driver wants it.
    pub text: &'static str,
}

macro_rules! files {
    ($($constant:ident = $name:literal),* $(,)?) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "names of constants, counted")]
        enum Index { $($constant),* }
        $(pub(crate) const $constant: PtxFile = PtxFile {
            index: Index::$constant as usize,
            name: concat!($name, ".ptx"),
            text: concat!(include_str!(concat!("../kernels/", $name, ".ptx")), "\0"),
        };)*
        /// All of them, by index.
        pub(crate) const ALL: &[PtxFile] = &[$($constant),*];
    };
}

files! {
    ALL_REDUCE = "all_reduce",
    ATTENTION = "attention",
    BFS = "bfs",
    CONVOLUTION = "convolution",
    FLASH_ATTENTION = "flash_attention",
    GELU = "gelu",
    HISTOGRAM = "histogram",
    LAYER_NORM = "layer_norm",
    MATMUL = "matmul",
    MATMUL_TENSOR = "matmul_tensor",
    MERGE = "merge",
    OCCUPANCY = "occupancy",
    RADIX_SORT = "radix_sort",
    REDUCTION = "reduction",
    SCAN = "scan",
    SOFTMAX = "softmax",
    SPMV = "spmv",
    STENCIL = "stencil",
    VEC_ADD = "vec_add",
}
