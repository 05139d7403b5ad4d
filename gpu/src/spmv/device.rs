//! Sparse matrices on the device, and their product with a vector.

use super::formats::{Coo, Ell, Hybrid, Jds};
use super::matrix::Csr;
use super::{SparseFormat, Spmv};
use crate::buffer::DeviceBuffer;
use crate::check::Check;
use crate::driver;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::Variant;
use crate::view::{View, ViewMut};

/// A sparse matrix on the device.
#[derive(Debug)]
pub struct SparseMatrix {
    rows: usize,
    cols: usize,
    arrays: Arrays,
}

#[derive(Debug)]
enum Arrays {
    Coo(OfCoo),
    Csr {
        row_ptr: DeviceBuffer<i32>,
        columns: DeviceBuffer<i32>,
        values: DeviceBuffer<f32>,
    },
    Ell(OfEll),
    Jds {
        perm: DeviceBuffer<i32>,
        diag_ptr: DeviceBuffer<i32>,
        columns: DeviceBuffer<i32>,
        values: DeviceBuffer<f32>,
    },
    Hybrid(OfEll, OfCoo),
}

#[derive(Debug)]
struct OfCoo {
    row_of: DeviceBuffer<i32>,
    columns: DeviceBuffer<i32>,
    values: DeviceBuffer<f32>,
}

#[derive(Debug)]
struct OfEll {
    width: i32,
    columns: DeviceBuffer<i32>,
    values: DeviceBuffer<f32>,
}

impl OfCoo {
    fn new(gpu: &Gpu, coo: &Coo) -> Result<Self> {
        Ok(Self {
            row_of: DeviceBuffer::from_slice(gpu, &coo.row_of)?,
            columns: DeviceBuffer::from_slice(gpu, &coo.columns)?,
            values: DeviceBuffer::from_slice(gpu, &coo.values)?,
        })
    }
}

impl OfEll {
    fn new(gpu: &Gpu, ell: &Ell) -> Result<Self> {
        Ok(Self {
            width: ell.width as i32,
            columns: DeviceBuffer::from_slice(gpu, &ell.columns)?,
            values: DeviceBuffer::from_slice(gpu, &ell.values)?,
        })
    }
}

impl SparseMatrix {
    /// A copy of coordinates.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn from_coo(gpu: &Gpu, coo: &Coo) -> Result<Self> {
        Ok(Self { rows: coo.rows, cols: coo.cols, arrays: Arrays::Coo(OfCoo::new(gpu, coo)?) })
    }

    /// A copy of compressed rows.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn from_csr(gpu: &Gpu, csr: &Csr) -> Result<Self> {
        let arrays = Arrays::Csr {
            row_ptr: DeviceBuffer::from_slice(gpu, &csr.row_ptr)?,
            columns: DeviceBuffer::from_slice(gpu, &csr.columns)?,
            values: DeviceBuffer::from_slice(gpu, &csr.values)?,
        };
        Ok(Self { rows: csr.rows(), cols: csr.cols, arrays })
    }

    /// A copy of ELLPACK.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn from_ell(gpu: &Gpu, ell: &Ell) -> Result<Self> {
        Ok(Self { rows: ell.rows, cols: ell.cols, arrays: Arrays::Ell(OfEll::new(gpu, ell)?) })
    }

    /// A copy of jagged diagonals.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn from_jds(gpu: &Gpu, jds: &Jds) -> Result<Self> {
        let arrays = Arrays::Jds {
            perm: DeviceBuffer::from_slice(gpu, &jds.perm)?,
            diag_ptr: DeviceBuffer::from_slice(gpu, &jds.diag_ptr)?,
            columns: DeviceBuffer::from_slice(gpu, &jds.columns)?,
            values: DeviceBuffer::from_slice(gpu, &jds.values)?,
        };
        Ok(Self { rows: jds.perm.len(), cols: jds.cols, arrays })
    }

    /// A copy of a hybrid.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn from_hybrid(gpu: &Gpu, hybrid: &Hybrid) -> Result<Self> {
        let arrays = Arrays::Hybrid(OfEll::new(gpu, &hybrid.ell)?, OfCoo::new(gpu, &hybrid.coo)?);
        Ok(Self { rows: hybrid.ell.rows, cols: hybrid.ell.cols, arrays })
    }

    /// Compressed rows in the format that the variant reads; a hybrid's width is [`Csr::hybrid_width`].
    ///
    /// # Errors
    /// When the device has no room, or the padding would be too much.
    pub fn for_variant(gpu: &Gpu, variant: Spmv, csr: &Csr) -> Result<Self> {
        match variant.format() {
            SparseFormat::Coo => Self::from_coo(gpu, &Coo::from(csr)),
            SparseFormat::Csr => Self::from_csr(gpu, csr),
            SparseFormat::Ell => Self::from_ell(gpu, &csr.to_ell()?),
            SparseFormat::Jds => Self::from_jds(gpu, &csr.to_jds()),
            SparseFormat::Hybrid => Self::from_hybrid(gpu, &csr.to_hybrid(csr.hybrid_width())?),
        }
    }

    /// How it is stored.
    pub fn format(&self) -> SparseFormat {
        match self.arrays {
            Arrays::Coo(_) => SparseFormat::Coo,
            Arrays::Csr { .. } => SparseFormat::Csr,
            Arrays::Ell(_) => SparseFormat::Ell,
            Arrays::Jds { .. } => SparseFormat::Jds,
            Arrays::Hybrid(..) => SparseFormat::Hybrid,
        }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns.
    pub fn cols(&self) -> usize {
        self.cols
    }
}

/// `y = A x`. By coordinates and hybrid, atomics add in any order: the last bits may differ from run to run.
///
/// # Errors
/// When the matrix is not in the variant's format, or x and y have not its columns and rows.
pub fn spmv<'i, 'o>(
    gpu: &Gpu,
    variant: Spmv,
    matrix: &SparseMatrix,
    x: impl Into<View<'i, f32>>,
    y: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (x, y) = (x.into(), y.into());
    let check = Check::new(gpu, Spmv::FAMILY);
    check.buffer("x", &x, matrix.cols, || format!("the matrix has {} columns", matrix.cols))?;
    check.buffer("y", &y, matrix.rows, || format!("the matrix has {} rows", matrix.rows))?;
    let rows = check.int("rows", matrix.rows)?;
    if rows == 0 {
        return Ok(());
    }
    gpu.context().enter()?;
    let zero = || driver::fill_async(y.as_raw(), 0, 4 * matrix.rows as u64, gpu.stream().raw);
    let launch = |threads: usize, args: &[_]| {
        let kernel = Kernel { file: files::SPMV, name: variant.name() };
        kernel.launch(gpu, Shape::line(blocks(threads, 256), 256), args)
    };
    let mine = |values: &DeviceBuffer<f32>| check.context("the matrix", &values.view());
    match (variant, &matrix.arrays) {
        (Spmv::Coo, Arrays::Coo(OfCoo { row_of, columns, values })) => {
            mine(values)?;
            zero()?;
            let nnz = values.len();
            let (row_of, columns, values) = (row_of.view(), columns.view(), values.view());
            launch(nnz, args![&row_of, &columns, &values, &x, &y, nnz as i64])
        }
        (Spmv::CsrScalar | Spmv::CsrVector, Arrays::Csr { row_ptr, columns, values }) => {
            mine(values)?;
            let threads = if variant == Spmv::CsrVector { 32 * matrix.rows } else { matrix.rows };
            let (row_ptr, columns, values) = (row_ptr.view(), columns.view(), values.view());
            launch(threads, args![&row_ptr, &columns, &values, &x, &y, rows])
        }
        (Spmv::Ell, Arrays::Ell(OfEll { width, columns, values })) => {
            mine(values)?;
            let (columns, values) = (columns.view(), values.view());
            launch(matrix.rows, args![&columns, &values, &x, &y, rows, *width])
        }
        (Spmv::Jds, Arrays::Jds { perm, diag_ptr, columns, values }) => {
            mine(values)?;
            let width = diag_ptr.len() as i32 - 1;
            let (perm, diag_ptr) = (perm.view(), diag_ptr.view());
            let (columns, values) = (columns.view(), values.view());
            launch(matrix.rows, args![&perm, &diag_ptr, &columns, &values, &x, &y, rows, width])
        }
        (Spmv::Hybrid, Arrays::Hybrid(ell, coo)) => {
            mine(&ell.values)?;
            zero()?;
            let nnz = coo.values.len();
            let (row_of, coo_columns, coo_values) =
                (coo.row_of.view(), coo.columns.view(), coo.values.view());
            let (columns, values) = (ell.columns.view(), ell.values.view());
            launch(
                matrix.rows + nnz,
                args![
                    &columns,
                    &values,
                    &row_of,
                    &coo_columns,
                    &coo_values,
                    &x,
                    &y,
                    rows,
                    ell.width,
                    nnz as i64
                ],
            )
        }
        _ => Err(check.invalid("the matrix' format", matrix.format(), "that of the variant")),
    }
}
