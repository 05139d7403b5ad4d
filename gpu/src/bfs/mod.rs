//! Breadth-first search.

mod graph;
mod search;

pub use graph::Graph;
pub use search::{Bfs, Direction, GraphOnDevice, Search, bfs};
