//! Compressed rows on the host, checked when they are made, and what they are converted to.

use super::formats::{Coo, Ell, Hybrid, Jds};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// The greatest number of rows, columns, or entries, which kernels take as `int`.
const MOST: usize = (1 << 31) - 1024;
/// The column that marks padding.
pub(super) const PADDING: i32 = -1;

pub(super) fn malformed(what: &'static str, why: String) -> Error {
    Error::Malformed { what, why }
}

pub(super) fn sizes(what: &'static str, rows: usize, cols: usize, entries: usize) -> Result<()> {
    for (name, n) in [("rows", rows), ("columns", cols), ("entries", entries)] {
        if n > MOST {
            return Err(malformed(what, format!("{n} {name}, the greatest number is {MOST}")));
        }
    }
    Ok(())
}

pub(super) fn columns(what: &'static str, found: &[i32], cols: usize) -> Result<()> {
    match found.iter().position(|&c| c < 0 || c as usize >= cols) {
        Some(i) => Err(malformed(what, format!("entry {i} is in column {} of {cols}", found[i]))),
        None => Ok(()),
    }
}

/// Compressed rows: the entries of row r are those from `row_ptr[r]` to `row_ptr[r + 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr {
    pub(crate) cols: usize,
    pub(crate) row_ptr: Vec<i32>,
    pub(crate) columns: Vec<i32>,
    pub(crate) values: Vec<f32>,
}

impl Csr {
    /// A matrix of `row_ptr.len() - 1` rows and `cols` columns.
    ///
    /// # Errors
    /// When `row_ptr` does not rise from 0 to the number of entries, there are not as many columns as values, or an entry's column is none.
    pub fn new(
        cols: usize,
        row_ptr: Vec<i32>,
        columns: Vec<i32>,
        values: Vec<f32>,
    ) -> Result<Self> {
        let what = "compressed rows";
        sizes(what, row_ptr.len().saturating_sub(1), cols, columns.len())?;
        check_rows(what, &row_ptr, columns.len())?;
        if columns.len() != values.len() {
            return Err(malformed(
                what,
                format!("{} columns, {} values", columns.len(), values.len()),
            ));
        }
        self::columns(what, &columns, cols)?;
        Ok(Self { cols, row_ptr, columns, values })
    }

    /// The elements of a dense matrix, row by row, that are not zero.
    ///
    /// # Errors
    /// When there are not rows x cols of them, or too many.
    pub fn from_dense(rows: usize, cols: usize, dense: &[f32]) -> Result<Self> {
        if rows.checked_mul(cols) != Some(dense.len()) {
            let why = format!("{} elements for {rows} x {cols}", dense.len());
            return Err(malformed("dense matrix", why));
        }
        let mut coo = Coo { rows, cols, row_of: vec![], columns: vec![], values: vec![] };
        sizes("dense matrix", rows, cols, dense.len())?;
        for (i, &value) in dense.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            coo.row_of.push((i / cols) as i32);
            coo.columns.push((i % cols) as i32);
            coo.values.push(value);
        }
        Ok(Self::from(&coo))
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// Columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Stored entries.
    pub fn entries(&self) -> usize {
        self.values.len()
    }

    /// Columns and values of a row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (usize, f32)> + '_ {
        let range = self.row_ptr[row] as usize..self.row_ptr[row + 1] as usize;
        self.columns[range.clone()]
            .iter()
            .map(|&c| c as usize)
            .zip(self.values[range].iter().copied())
    }

    /// The length of the longest row.
    pub fn longest_row(&self) -> usize {
        self.row_ptr.windows(2).map(|w| (w[1] - w[0]) as usize).max().unwrap_or(0)
    }

    /// ELLPACK: each row padded to the longest.
    ///
    /// # Errors
    /// When that takes more than 2^31 - 1024 places.
    pub fn to_ell(&self) -> Result<Ell> {
        self.head(self.longest_row())
    }

    /// ELLPACK of the first `width` entries of each row.
    fn head(&self, width: usize) -> Result<Ell> {
        let rows = self.rows();
        let places = rows.checked_mul(width).filter(|&n| n <= MOST);
        let places = places.ok_or_else(|| {
            malformed(
                "ELLPACK",
                format!(
                    "{rows} rows padded to {width} entries, the greatest number of places is {MOST}"
                ),
            )
        })?;
        let (mut columns, mut values) = (vec![PADDING; places], vec![0.0; places]);
        for r in 0..rows {
            for (e, (column, value)) in self.row(r).take(width).enumerate() {
                columns[e * rows + r] = column as i32;
                values[e * rows + r] = value;
            }
        }
        Ok(Ell { rows, cols: self.cols, width, columns, values })
    }

    /// Jagged diagonals.
    pub fn to_jds(&self) -> Jds {
        let rows = self.rows();
        let len = |r: usize| (self.row_ptr[r + 1] - self.row_ptr[r]) as usize;
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by_key(|&r| std::cmp::Reverse(len(r)));
        let width = self.longest_row();
        let (mut diag_ptr, mut columns, mut values) = (vec![0], vec![], vec![]);
        for e in 0..width {
            for &r in order.iter().take_while(|&&r| len(r) > e) {
                let at = self.row_ptr[r] as usize + e;
                columns.push(self.columns[at]);
                values.push(self.values[at]);
            }
            diag_ptr.push(columns.len() as i32);
        }
        let perm = order.iter().map(|&r| r as i32).collect();
        Jds { cols: self.cols, perm, diag_ptr, columns, values }
    }

    /// The first `width` entries of each row in ELLPACK, the others as coordinates.
    ///
    /// # Errors
    /// As [`to_ell`](Self::to_ell).
    pub fn to_hybrid(&self, width: usize) -> Result<Hybrid> {
        let width = width.min(self.longest_row());
        let ell = self.head(width)?;
        let mut coo = Coo {
            rows: self.rows(),
            cols: self.cols,
            row_of: vec![],
            columns: vec![],
            values: vec![],
        };
        for r in 0..self.rows() {
            for (column, value) in self.row(r).skip(width) {
                coo.row_of.push(r as i32);
                coo.columns.push(column as i32);
                coo.values.push(value);
            }
        }
        Ok(Hybrid { ell, coo })
    }

    /// The width at which [`to_hybrid`](Self::to_hybrid) takes least room: padding costs 8 bytes a place, a coordinate 12. A third of the rows
    /// must be longer for another column to pay (Bell and Garland's rule in its simplest form).
    pub fn hybrid_width(&self) -> usize {
        let mut longer = BTreeMap::new();
        for w in self.row_ptr.windows(2) {
            *longer.entry((w[1] - w[0]) as usize).or_insert(0_usize) += 1;
        }
        let mut left = self.rows();
        let mut width = 0;
        for (len, rows) in longer {
            // For all widths from here to `len`, `left` rows have an entry there: 8 bytes a row against 12 an entry.
            if 8 * self.rows() > 12 * left {
                break;
            }
            width = len;
            left -= rows;
        }
        width
    }
}

fn check_rows(what: &'static str, row_ptr: &[i32], entries: usize) -> Result<()> {
    let (Some(&first), Some(&last)) = (row_ptr.first(), row_ptr.last()) else {
        return Err(malformed(
            what,
            "row_ptr is empty: it has one place more than there are rows".into(),
        ));
    };
    if first != 0 || last < 0 || last as usize != entries {
        let why =
            format!("row_ptr goes from {first} to {last}, not from 0 to the {entries} entries");
        return Err(malformed(what, why));
    }
    match row_ptr.windows(2).position(|w| w[1] < w[0]) {
        Some(r) => {
            let why =
                format!("row {r} ends at {}, before it begins at {}", row_ptr[r + 1], row_ptr[r]);
            Err(malformed(what, why))
        }
        None => Ok(()),
    }
}
