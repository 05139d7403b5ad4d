use crate::data::{Random, cases, gpu, room};
use gpu_kernels::{Bfs, Direction, Error, Graph, GraphOnDevice, Variant, bfs, reference};
use proptest::prelude::*;

/// A graph of `edges` edges by chance; `hubs` of the vertices have most of them.
fn graph(random: &mut Random, vertices: usize, edges: usize, hubs: u64) -> Graph {
    let end = |random: &mut Random| {
        let among = if hubs != 0 && random.below(3) != 0 {
            hubs.min(vertices as u64)
        } else {
            vertices as u64
        };
        random.below(among) as u32
    };
    let edges: Vec<(u32, u32)> = (0..edges).map(|_| (end(random), end(random))).collect();
    Graph::from_edges(vertices, &edges).unwrap()
}

fn search_all(graph: &Graph, root: usize) {
    let on_device = GraphOnDevice::new(&gpu(), graph).unwrap();
    let expected = reference::bfs(graph, root);
    let reached = expected.iter().filter(|&&level| level >= 0).count() as u64;
    for &variant in Bfs::ALL {
        let mut levels = room(graph.vertices());
        let search = bfs(&gpu(), variant, &on_device, root, &mut levels).unwrap();
        assert_eq!(levels.to_vec().unwrap(), expected, "{variant}");
        assert_eq!(search.reached, reached, "{variant}");
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn searches(vertices in prop_oneof![Just(1_usize), Just(257), 1..3000_usize], degree in 0..9_usize, hubs in 0..5_u64, seed: u64) {
        let mut random = Random(seed);
        let graph = graph(&mut random, vertices, vertices * degree, hubs);
        search_all(&graph, random.below(vertices as u64) as usize);
    }

    #[test]
    fn turned_round_twice(vertices in 1..50_usize, edges in 0..200_usize, seed: u64) {
        let graph = graph(&mut Random(seed), vertices, edges, 0);
        let twice = graph.reversed().reversed();
        for v in 0..vertices {
            let mut a = graph.neighbours(v).to_vec();
            let mut b = twice.neighbours(v).to_vec();
            a.sort_unstable();
            b.sort_unstable();
            prop_assert_eq!(a, b);
        }
    }
}

#[test]
fn a_path_a_star_and_an_overflowing_queue() {
    let path: Vec<(u32, u32)> = (0..99).map(|v| (v, v + 1)).collect();
    search_all(&Graph::from_edges(100, &path).unwrap(), 0);
    search_all(&Graph::from_edges(100, &path).unwrap(), 99);
    // More neighbours than a block's queue holds.
    let star: Vec<(u32, u32)> = (1..5000).map(|v| (0, v)).collect();
    search_all(&Graph::from_edges(5000, &star).unwrap(), 0);
}

#[test]
fn directions_change_where_they_should() {
    let mut random = Random(8);
    let graph = graph(&mut random, 4000, 60_000, 0);
    let on_device = GraphOnDevice::new(&gpu(), &graph).unwrap();
    let mut levels = room(4000);
    let search = bfs(&gpu(), Bfs::DirectionOptimised, &on_device, 0, &mut levels).unwrap();
    assert_eq!(search.directions[0], Direction::Push);
    assert!(search.directions.contains(&Direction::Pull));
    let path: Vec<(u32, u32)> = (0..99).map(|v| (v, v + 1)).collect();
    let path = GraphOnDevice::new(&gpu(), &Graph::from_edges(100, &path).unwrap()).unwrap();
    let mut levels = room(100);
    let search = bfs(&gpu(), Bfs::DirectionOptimised, &path, 0, &mut levels).unwrap();
    assert_eq!(search.directions[..80], [Direction::Push; 80]);
}

#[test]
fn wrong_graphs_and_roots() {
    let wrong = [
        Graph::new(vec![], vec![]),
        Graph::new(vec![0, 2], vec![0]),
        Graph::new(vec![0, 1], vec![1]),
        Graph::new(vec![0, 2, 1], vec![0]),
        Graph::from_edges(2, &[(0, 2)]),
    ];
    for found in wrong {
        assert!(matches!(found, Err(Error::Malformed { what: "graph", .. })), "{found:?}");
    }
    let one = GraphOnDevice::new(&gpu(), &Graph::from_edges(1, &[]).unwrap()).unwrap();
    let error = bfs(&gpu(), Bfs::Push, &one, 1, &mut room(1)).unwrap_err();
    assert_eq!(error.to_string(), "bfs: root is 1: a vertex of the graph");
}
