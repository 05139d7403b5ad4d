//! Graphs on the host, checked when they are made.

use crate::error::{Error, Result};
use crate::spmv::Csr;

/// A directed graph in compressed rows: the ends of the edges that leave vertex v are `adjacent[row_ptr[v] .. row_ptr[v + 1]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    row_ptr: Vec<i32>,
    adjacent: Vec<i32>,
}

impl Graph {
    /// A graph of `row_ptr.len() - 1` vertices.
    ///
    /// # Errors
    /// When `row_ptr` does not rise from 0 to the number of edges, or an edge ends at no vertex.
    pub fn new(row_ptr: Vec<i32>, adjacent: Vec<i32>) -> Result<Self> {
        let values = vec![0.0; adjacent.len()];
        let vertices = row_ptr.len().saturating_sub(1);
        match Csr::new(vertices, row_ptr, adjacent, values) {
            Ok(Csr { row_ptr, columns, .. }) => Ok(Self { row_ptr, adjacent: columns }),
            Err(Error::Malformed { why, .. }) => Err(Error::Malformed { what: "graph", why }),
            Err(other) => Err(other),
        }
    }

    /// A graph of these edges, each from its first vertex to its second; those of a vertex keep their order.
    ///
    /// # Errors
    /// When an edge begins or ends at no vertex, or there are too many.
    pub fn from_edges(vertices: usize, edges: &[(u32, u32)]) -> Result<Self> {
        let malformed = |why| Error::Malformed { what: "graph", why };
        let most = (1 << 31) - 1024;
        if vertices > most || edges.len() > most {
            let why = format!(
                "{vertices} vertices and {} edges, the greatest number is {most}",
                edges.len()
            );
            return Err(malformed(why));
        }
        let mut row_ptr = vec![0_i32; vertices + 1];
        for (i, &(from, to)) in edges.iter().enumerate() {
            if from as usize >= vertices || to as usize >= vertices {
                return Err(malformed(format!(
                    "edge {i} goes from {from} to {to}: there are {vertices} vertices"
                )));
            }
            row_ptr[from as usize + 1] += 1;
        }
        for v in 0..vertices {
            row_ptr[v + 1] += row_ptr[v];
        }
        let mut next = row_ptr.clone();
        let mut adjacent = vec![0; edges.len()];
        for &(from, to) in edges {
            adjacent[next[from as usize] as usize] = to as i32;
            next[from as usize] += 1;
        }
        Ok(Self { row_ptr, adjacent })
    }

    /// Each edge turned round.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let vertices = self.vertices();
        let mut row_ptr = vec![0_i32; vertices + 1];
        for &to in &self.adjacent {
            row_ptr[to as usize + 1] += 1;
        }
        for v in 0..vertices {
            row_ptr[v + 1] += row_ptr[v];
        }
        let mut next = row_ptr.clone();
        let mut adjacent = vec![0; self.adjacent.len()];
        for from in 0..vertices {
            for &to in self.neighbours(from) {
                adjacent[next[to as usize] as usize] = from as i32;
                next[to as usize] += 1;
            }
        }
        Self { row_ptr, adjacent }
    }

    /// Number of vertices.
    pub fn vertices(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// Number of edges.
    pub fn edges(&self) -> usize {
        self.adjacent.len()
    }

    /// Where the edges of a vertex end.
    ///
    /// # Panics
    /// When there is no such vertex.
    pub fn neighbours(&self, vertex: usize) -> &[i32] {
        &self.adjacent[self.row_ptr[vertex] as usize..self.row_ptr[vertex + 1] as usize]
    }

    pub(crate) fn row_ptr(&self) -> &[i32] {
        &self.row_ptr
    }

    pub(crate) fn adjacent(&self) -> &[i32] {
        &self.adjacent
    }
}
