use crate::args;
use crate::host::{Host, Random, U, close, module, plain};

struct Rows {
    start: Vec<i32>,
    columns: Vec<i32>,
    values: Vec<f32>,
}

fn rows(random: &mut Random, rows: usize, columns: usize, most: u64) -> Rows {
    let mut out = Rows { start: vec![0], columns: Vec::new(), values: Vec::new() };
    for _ in 0..rows {
        for _ in 0..random.below(most + 1) {
            out.columns.push(random.below(columns as u64) as i32);
            out.values.push(random.float());
        }
        out.start.push(out.columns.len() as i32);
    }
    out
}

#[test]
fn sparse_products() {
    let host = Host::new();
    let mut random = Random(9);
    let file = module("spmv");
    let n = 300_usize;
    let matrix = rows(&mut random, n, n, 9);
    let x = random.floats(n);
    let (mut y, mut sizes) = (vec![0.0; n], vec![0.0; n]);
    let mut row_of = Vec::new();
    for i in 0..n {
        for e in matrix.start[i] as usize..matrix.start[i + 1] as usize {
            let product = f64::from(matrix.values[e]) * f64::from(x[matrix.columns[e] as usize]);
            y[i] += product;
            sizes[i] += product.abs();
            row_of.push(i as i32);
        }
    }
    let bound = |i: usize| 12.0 * U * sizes[i];
    let (dx, nnz) = (host.put(&x), row_of.len());
    let (start, columns, values) =
        (host.put(&matrix.start), host.put(&matrix.columns), host.put(&matrix.values));
    let row_of = host.put(&row_of);
    let out = host.put(&vec![0_f32; n]);
    let kernel = file.kernel("spmv_coo").unwrap();
    let grid = nnz.div_ceil(256) as u32;
    host.run(&kernel, grid, 256, plain(), args![row_of, columns, values, dx, out, nnz as i64]);
    close("coo", &host.get::<f32>(out, n), &y, bound);
    for (name, grid) in
        [("spmv_csr_scalar", n.div_ceil(256)), ("spmv_csr_vector", (32 * n).div_ceil(256))]
    {
        let out = host.room::<f32>(n);
        let kernel = file.kernel(name).unwrap();
        host.run(
            &kernel,
            grid as u32,
            256,
            plain(),
            args![start, columns, values, dx, out, n as i32],
        );
        close(name, &host.get::<f32>(out, n), &y, bound);
    }
    let width = 9;
    let (mut ell_columns, mut ell_values) = (vec![-1; width * n], vec![0_f32; width * n]);
    for i in 0..n {
        for (e, at) in (matrix.start[i] as usize..matrix.start[i + 1] as usize).enumerate() {
            ell_columns[e * n + i] = matrix.columns[at];
            ell_values[e * n + i] = matrix.values[at];
        }
    }
    let (c, v, out) = (host.put(&ell_columns), host.put(&ell_values), host.room::<f32>(n));
    let kernel = file.kernel("spmv_ell").unwrap();
    host.run(
        &kernel,
        n.div_ceil(256) as u32,
        256,
        plain(),
        args![c, v, dx, out, n as i32, width as i32],
    );
    close("ell", &host.get::<f32>(out, n), &y, bound);
}

#[test]
fn breadth_first() {
    let host = Host::new();
    let mut random = Random(10);
    let file = module("bfs");
    let n = 1500_usize;
    let graph = rows(&mut random, n, n, 4);
    let mut expected = vec![-1; n];
    expected[0] = 0;
    let mut frontier = vec![0];
    for level in 1.. {
        let mut next = Vec::new();
        for &v in &frontier {
            for e in graph.start[v] as usize..graph.start[v + 1] as usize {
                let to = graph.columns[e] as usize;
                if expected[to] < 0 {
                    expected[to] = level;
                    next.push(to);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        frontier = next;
    }
    let (start, adjacent) = (host.put(&graph.start), host.put(&graph.columns));
    let mut begin = vec![-1; n];
    begin[0] = 0;
    let levels = host.put(&begin);
    let push = file.kernel("bfs_push").unwrap();
    for level in 1.. {
        let found = host.put(&[0_u32]);
        host.run(
            &push,
            n.div_ceil(256) as u32,
            256,
            plain(),
            args![start, adjacent, levels, found, n as i32, level],
        );
        if host.get::<u32>(found, 1) == [0] {
            break;
        }
    }
    assert_eq!(host.get::<i32>(levels, n), expected);
    for name in ["bfs_frontier", "bfs_frontier_privatised"] {
        let kernel = file.kernel(name).unwrap();
        let levels = host.put(&begin);
        let (mut from, mut to, mut count) = (host.room::<i32>(n), host.room::<i32>(n), 1);
        host.0.memory().write(from, &[0; 4]).unwrap();
        for level in 1.. {
            let next = host.put(&[0_u32]);
            let grid = (count as u32).div_ceil(256);
            host.run(
                &kernel,
                grid,
                256,
                plain(),
                args![start, adjacent, levels, from, count, to, next, level],
            );
            count = host.get::<i32>(next, 1)[0];
            (from, to) = (to, from);
            if count == 0 {
                break;
            }
        }
        assert_eq!(host.get::<i32>(levels, n), expected, "{name}");
    }
}
