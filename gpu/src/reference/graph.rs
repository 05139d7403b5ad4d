//! Sparse products and breadth-first search.

use super::{Expected, LEAST, U};
use crate::bfs::Graph;
use crate::spmv::Csr;

/// `y[r] = Σ values x[columns]` over row r; bounds `(length of the row + 2) u Σ |value| |x|`.
///
/// # Panics
/// When `x` has not as many elements as the matrix has columns.
pub fn spmv(matrix: &Csr, x: &[f32]) -> Expected {
    assert_eq!(x.len(), matrix.cols(), "an element for each column");
    let mut expected = Expected::default();
    for r in 0..matrix.rows() {
        let (mut sum, mut magnitude) = (0.0, 0.0);
        for (column, value) in matrix.row(r) {
            let product = f64::from(value) * f64::from(x[column]);
            sum += product;
            magnitude += product.abs();
        }
        expected.values.push(sum);
        expected.bounds.push((matrix.row(r).len() + 2) as f64 * U * magnitude + LEAST);
    }
    expected
}

/// The least number of edges from the root to each vertex; -1 where there is no way. Exact.
///
/// # Panics
/// When there is no such root.
pub fn bfs(graph: &Graph, root: usize) -> Vec<i32> {
    let mut levels = vec![-1; graph.vertices()];
    levels[root] = 0;
    let mut frontier = vec![root];
    for level in 1.. {
        let mut next = Vec::new();
        for v in frontier {
            for &u in graph.neighbours(v) {
                let u = u as usize;
                if levels[u] == -1 {
                    levels[u] = level;
                    next.push(u);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        frontier = next;
    }
    levels
}
