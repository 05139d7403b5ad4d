//! Other formats of sparse matrices on the host.

use super::matrix::{Csr, PADDING, malformed, sizes};
use crate::error::Result;

/// Coordinates: row, column and value of each entry, in any order; those of one place add up.
#[derive(Clone, Debug, PartialEq)]
pub struct Coo {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_of: Vec<i32>,
    pub(crate) columns: Vec<i32>,
    pub(crate) values: Vec<f32>,
}

impl Coo {
    /// A matrix of these entries.
    ///
    /// # Errors
    /// When the lengths differ, or an entry's row or column is none.
    pub fn new(
        rows: usize,
        cols: usize,
        row_of: Vec<i32>,
        columns: Vec<i32>,
        values: Vec<f32>,
    ) -> Result<Self> {
        let what = "coordinates";
        sizes(what, rows, cols, values.len())?;
        if row_of.len() != values.len() || columns.len() != values.len() {
            let why = format!(
                "{} rows, {} columns, {} values",
                row_of.len(),
                columns.len(),
                values.len()
            );
            return Err(malformed(what, why));
        }
        if let Some(i) = row_of.iter().position(|&r| r < 0 || r as usize >= rows) {
            return Err(malformed(what, format!("entry {i} is in row {} of {rows}", row_of[i])));
        }
        super::matrix::columns(what, &columns, cols)?;
        Ok(Self { rows, cols, row_of, columns, values })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Row, column and value of each entry.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (usize, usize, f32)> + '_ {
        let places = self.row_of.iter().zip(&self.columns);
        places.zip(&self.values).map(|((&r, &c), &v)| (r as usize, c as usize, v))
    }
}

impl From<&Csr> for Coo {
    fn from(csr: &Csr) -> Self {
        let of_row = |r: usize| std::iter::repeat_n(r as i32, csr.row(r).len());
        Self {
            rows: csr.rows(),
            cols: csr.cols,
            row_of: (0..csr.rows()).flat_map(of_row).collect(),
            columns: csr.columns.clone(),
            values: csr.values.clone(),
        }
    }
}

/// Entries of a row keep their order.
impl From<&Coo> for Csr {
    fn from(coo: &Coo) -> Self {
        let mut row_ptr = vec![0; coo.rows + 1];
        for &r in &coo.row_of {
            row_ptr[r as usize + 1] += 1;
        }
        for r in 0..coo.rows {
            row_ptr[r + 1] += row_ptr[r];
        }
        let mut next = row_ptr.clone();
        let (mut columns, mut values) = (vec![0; coo.values.len()], vec![0.0; coo.values.len()]);
        for (r, c, v) in coo.entries() {
            let at = next[r] as usize;
            next[r] += 1;
            columns[at] = c as i32;
            values[at] = v;
        }
        Self { cols: coo.cols, row_ptr, columns, values }
    }
}

/// ELLPACK: rows padded to `width` entries, entry e of row r at place `e rows + r`; made by [`Csr::to_ell`].
#[derive(Clone, Debug, PartialEq)]
pub struct Ell {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) width: usize,
    pub(crate) columns: Vec<i32>,
    pub(crate) values: Vec<f32>,
}

impl Ell {
    /// Entries that each row has room for.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Places that hold no entry.
    pub fn padding(&self) -> usize {
        self.columns.iter().filter(|&&c| c == PADDING).count()
    }
}

impl From<&Ell> for Csr {
    fn from(ell: &Ell) -> Self {
        let (mut row_ptr, mut columns, mut values) = (vec![0], vec![], vec![]);
        for r in 0..ell.rows {
            for at in
                (0..ell.width).map(|e| e * ell.rows + r).filter(|&at| ell.columns[at] != PADDING)
            {
                columns.push(ell.columns[at]);
                values.push(ell.values[at]);
            }
            row_ptr.push(columns.len() as i32);
        }
        Self { cols: ell.cols, row_ptr, columns, values }
    }
}

/// Jagged diagonals: rows in order of falling length, entry e of the i-th longest at `diag_ptr[e] + i`; made by [`Csr::to_jds`].
#[derive(Clone, Debug, PartialEq)]
pub struct Jds {
    pub(crate) cols: usize,
    pub(crate) perm: Vec<i32>,
    pub(crate) diag_ptr: Vec<i32>,
    pub(crate) columns: Vec<i32>,
    pub(crate) values: Vec<f32>,
}

impl Jds {
    /// The rows in order of falling length.
    pub fn permutation(&self) -> &[i32] {
        &self.perm
    }
}

impl From<&Jds> for Csr {
    fn from(jds: &Jds) -> Self {
        let mut rows = vec![Vec::new(); jds.perm.len()];
        for (i, &r) in jds.perm.iter().enumerate() {
            let ends = jds.diag_ptr.windows(2).map(|w| (w[0] as usize + i, w[1] as usize));
            for at in ends.take_while(|(at, end)| at < end).map(|(at, _)| at) {
                rows[r as usize].push((jds.columns[at], jds.values[at]));
            }
        }
        let (mut row_ptr, mut columns, mut values) = (vec![0], vec![], vec![]);
        for row in rows {
            columns.extend(row.iter().map(|e| e.0));
            values.extend(row.iter().map(|e| e.1));
            row_ptr.push(columns.len() as i32);
        }
        Self { cols: jds.cols, row_ptr, columns, values }
    }
}

/// ELLPACK for the first entries of each row and coordinates for the others; made by [`Csr::to_hybrid`].
#[derive(Clone, Debug, PartialEq)]
pub struct Hybrid {
    pub(crate) ell: Ell,
    pub(crate) coo: Coo,
}

impl Hybrid {
    /// The padded part.
    pub fn ell(&self) -> &Ell {
        &self.ell
    }

    /// What did not fit into it.
    pub fn coo(&self) -> &Coo {
        &self.coo
    }
}

impl From<&Hybrid> for Csr {
    fn from(hybrid: &Hybrid) -> Self {
        let (head, tail) = (Self::from(&hybrid.ell), Self::from(&hybrid.coo));
        let (mut row_ptr, mut columns, mut values) = (vec![0], vec![], vec![]);
        for r in 0..head.rows() {
            for (column, value) in head.row(r).chain(tail.row(r)) {
                columns.push(column as i32);
                values.push(value);
            }
            row_ptr.push(columns.len() as i32);
        }
        Self { cols: head.cols, row_ptr, columns, values }
    }
}
