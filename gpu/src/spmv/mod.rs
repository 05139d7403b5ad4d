//! Sparse matrices times vectors.

mod device;
mod formats;
mod matrix;

pub use device::{SparseMatrix, spmv};
pub use formats::{Coo, Ell, Hybrid, Jds};
pub use matrix::Csr;

use crate::variant::variants;

variants! {
    /// How threads share the entries in [`spmv`].
    Spmv: "spmv" {
        /// Coordinates: a thread an entry, an atomic each.
        Coo = "spmv_coo",
        /// Compressed rows: a thread a row.
        CsrScalar = "spmv_csr_scalar",
        /// Compressed rows: a warp a row.
        CsrVector = "spmv_csr_vector",
        /// Rows padded to the longest, stored column by column: a thread a row.
        Ell = "spmv_ell",
        /// Rows sorted by length, stored column by column without padding: a thread a row.
        Jds = "spmv_jds",
        /// The first entries of each row padded, the others as coordinates.
        Hybrid = "spmv_hybrid",
    }
}

variants! {
    /// How a sparse matrix is stored.
    SparseFormat: "sparse_format" {
        /// Row, column and value of each entry.
        Coo = "coo",
        /// Compressed rows.
        Csr = "csr",
        /// ELLPACK.
        Ell = "ell",
        /// Jagged diagonals.
        Jds = "jds",
        /// ELLPACK and coordinates.
        Hybrid = "hybrid",
    }
}

impl Spmv {
    /// What the variant reads.
    pub fn format(self) -> SparseFormat {
        match self {
            Self::Coo => SparseFormat::Coo,
            Self::CsrScalar | Self::CsrVector => SparseFormat::Csr,
            Self::Ell => SparseFormat::Ell,
            Self::Jds => SparseFormat::Jds,
            Self::Hybrid => SparseFormat::Hybrid,
        }
    }
}
