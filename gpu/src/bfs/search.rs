//! The search, level by level.

use super::graph::Graph;
use crate::buffer::DeviceBuffer;
use crate::check::Check;
use crate::driver;
use crate::element::bytes_of_mut;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::ViewMut;

variants! {
    /// From which end edges are looked at in [`bfs`].
    Bfs: "bfs" {
        /// Every vertex of the last level labels its neighbours; all vertices are looked at.
        Push = "bfs_push",
        /// Every vertex without a label looks for a neighbour on the last level.
        Pull = "bfs_pull",
        /// The last level stands in a queue.
        Frontier = "bfs_frontier",
        /// The same with a queue of its own for each block.
        FrontierPrivatised = "bfs_frontier_privatised",
        /// By queue while the frontier has few edges, else by pulling (Beamer, Asanović and Patterson).
        DirectionOptimised = "bfs_direction_optimised",
    }
}

/// Pull once the frontier's edges are more than this part of those that are left.
const ALPHA: u64 = 14;
/// Push again once the frontier is less than this part of the vertices.
const BETA: u64 = 24;

/// How a level was searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the last level to its neighbours.
    Push,
    /// From the vertices without a label back to the last level.
    Pull,
}

/// What a search was like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Vertices with a label, the root among them.
    pub reached: u64,
    /// How each level was searched; the last one found nothing, unless all vertices had a label.
    pub directions: Vec<Direction>,
}

/// A graph on the device: the edges that leave each vertex and those that come in.
#[derive(Debug)]
pub struct GraphOnDevice {
    vertices: usize,
    edges: usize,
    out: [DeviceBuffer<i32>; 2],
    incoming: [DeviceBuffer<i32>; 2],
}

impl GraphOnDevice {
    /// A copy of the graph. Takes 8 bytes a vertex and 8 bytes an edge.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn new(gpu: &Gpu, graph: &Graph) -> Result<Self> {
        let copy = |g: &Graph| {
            let row_ptr = DeviceBuffer::from_slice(gpu, g.row_ptr())?;
            Ok([row_ptr, DeviceBuffer::from_slice(gpu, g.adjacent())?])
        };
        Ok(Self {
            vertices: graph.vertices(),
            edges: graph.edges(),
            out: copy(graph)?,
            incoming: copy(&graph.reversed())?,
        })
    }

    /// Number of vertices.
    pub fn vertices(&self) -> usize {
        self.vertices
    }
}

/// A search under way.
struct Walk<'w> {
    gpu: &'w Gpu,
    graph: &'w GraphOnDevice,
    levels: Arg,
    /// Queues of vertices, of which `at` says which one holds the frontier.
    queues: [u64; 2],
    at: usize,
    /// Vertices in the queue, if it holds the last level.
    queued: Option<u64>,
    /// A counter of 64 bits.
    counter: u64,
}

/// `levels[v]` = the least number of edges from `root` to `v`; -1 where there is no way. Waits for every level.
///
/// Scratch, kept by the stream: 8 bytes a vertex.
///
/// # Errors
/// When there is no such root, or `levels` has not as many places as there are vertices.
pub fn bfs<'o>(
    gpu: &Gpu,
    variant: Bfs,
    graph: &GraphOnDevice,
    root: usize,
    levels: impl Into<ViewMut<'o, i32>>,
) -> Result<Search> {
    let levels = levels.into();
    let check = Check::new(gpu, Bfs::FAMILY);
    let vertices = graph.vertices;
    check.context("the graph", &graph.out[0].view())?;
    check.buffer("levels", &levels, vertices, || format!("the graph has {vertices} vertices"))?;
    check.int("the number of vertices", vertices)?;
    if root >= vertices {
        return Err(check.invalid("root", root, "a vertex of the graph"));
    }
    gpu.context().enter()?;
    let stream = gpu.stream().raw;
    let room = 4 * vertices as u64;
    let (_pieces, [queue, other, counter]) = gpu.stream().scratch.take([room, room, 8])?;
    driver::fill_async(levels.as_raw(), 0xff, room, stream)?;
    driver::fill_async(levels.as_raw() + 4 * root as u64, 0, 4, stream)?;
    driver::fill32_async(queue, root as u32, 1, stream)?;
    let mut walk = Walk {
        gpu,
        graph,
        levels: Arg::from(&levels),
        queues: [queue, other],
        at: 0,
        queued: Some(1),
        counter,
    };
    let mut search = Search { reached: 1, directions: Vec::new() };
    let (mut frontier, mut unseen_edges) = (1_u64, graph.edges as u64);
    let mut pulling = false;
    let mut level = 0;
    loop {
        level += 1;
        let direction = match variant {
            Bfs::Pull => Direction::Pull,
            Bfs::DirectionOptimised => {
                pulling = if pulling {
                    frontier * BETA >= vertices as u64
                } else {
                    let edges = walk.frontier_edges()?;
                    unseen_edges = unseen_edges.saturating_sub(edges);
                    edges * ALPHA > unseen_edges
                };
                if pulling { Direction::Pull } else { Direction::Push }
            }
            _ => Direction::Push,
        };
        frontier = match (variant, direction) {
            (Bfs::Push, _) => walk.sweep("bfs_push", &graph.out, level)?,
            (_, Direction::Pull) => walk.sweep("bfs_pull", &graph.incoming, level)?,
            (Bfs::Frontier, _) => walk.step("bfs_frontier", level)?,
            _ => walk.step("bfs_frontier_privatised", level)?,
        };
        search.directions.push(direction);
        search.reached += frontier;
        if frontier == 0 || search.reached == vertices as u64 {
            return Ok(search);
        }
    }
}

impl Walk<'_> {
    fn launch(&self, name: &'static str, threads: u64, args: &[Arg]) -> Result<()> {
        let kernel = Kernel { file: files::BFS, name };
        kernel.launch(self.gpu, Shape::line(blocks(threads as usize, 256), 256), args)
    }

    fn zero_counter(&self) -> Result<()> {
        driver::fill_async(self.counter, 0, 8, self.gpu.stream().raw)
    }

    /// Kernels that count in 32 bits leave the upper half zero.
    fn counted(&self) -> Result<u64> {
        let mut count = [0_u64];
        driver::stream_synchronize(self.gpu.stream().raw)?;
        driver::read(self.counter, bytes_of_mut(&mut count))?;
        Ok(count[0])
    }

    /// All vertices are looked at.
    fn sweep(
        &mut self,
        name: &'static str,
        edges: &[DeviceBuffer<i32>; 2],
        level: i32,
    ) -> Result<u64> {
        let vertices = self.graph.vertices;
        self.zero_counter()?;
        let (row_ptr, adjacent) = (edges[0].view(), edges[1].view());
        let args = args![&row_ptr, &adjacent, self.levels, self.counter, vertices as i32, level];
        self.launch(name, vertices as u64, args)?;
        self.queued = None;
        self.counted()
    }

    /// The vertices of the queue are looked at.
    fn step(&mut self, name: &'static str, level: i32) -> Result<u64> {
        let count = self.queue_of(level - 1)?;
        self.zero_counter()?;
        let [row_ptr, adjacent] = &self.graph.out;
        let (row_ptr, adjacent) = (row_ptr.view(), adjacent.view());
        let (from, to) = (self.queues[self.at], self.queues[1 - self.at]);
        let args =
            args![&row_ptr, &adjacent, self.levels, from, count as i32, to, self.counter, level];
        self.launch(name, count, args)?;
        self.at = 1 - self.at;
        let found = self.counted()?;
        self.queued = Some(found);
        Ok(found)
    }

    /// Sees to it that the queue holds the level; how many it holds.
    fn queue_of(&mut self, level: i32) -> Result<u64> {
        if let Some(count) = self.queued {
            return Ok(count);
        }
        let vertices = self.graph.vertices;
        self.zero_counter()?;
        let args = args![self.levels, self.queues[self.at], self.counter, vertices as i32, level];
        self.launch("bfs_frontier_of_level", vertices as u64, args)?;
        let count = self.counted()?;
        self.queued = Some(count);
        Ok(count)
    }

    /// Edges that leave the frontier. It stands in the queue.
    fn frontier_edges(&mut self) -> Result<u64> {
        let count = self.queued.unwrap_or(0);
        self.zero_counter()?;
        let row_ptr = self.graph.out[0].view();
        let args = args![&row_ptr, self.queues[self.at], count as i32, self.counter];
        self.launch("bfs_frontier_edges", count, args)?;
        self.counted()
    }
}
