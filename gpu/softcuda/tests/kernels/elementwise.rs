use crate::args;
use crate::host::{Host, Random, module, plain};

#[test]
fn all_modules_load() {
    let dir = format!("{}/../kernels", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "ptx") {
            let loaded = module(path.file_stem().unwrap().to_str().unwrap());
            assert!(loaded.kernels().count() > 0);
            count += 1;
        }
    }
    assert!(count >= 19, "{count}");
}

#[test]
fn vec_add() {
    let host = Host::new();
    let mut random = Random(1);
    for name in ["vec_add_scalar", "vec_add_float4", "vec_add_grid_stride"] {
        let kernel = module("vec_add").kernel(name).unwrap();
        for n in [0, 1, 31, 1000, 4097] {
            let (a, b) = (random.floats(n), random.floats(n));
            let (da, db, dc) = (host.put(&a), host.put(&b), host.room::<f32>(n));
            let grid = (n as u32).div_ceil(256).max(1);
            host.run(&kernel, grid, 256, plain(), args![da, db, dc, n as i64]);
            let expected: Vec<f32> = a.iter().zip(&b).map(|(x, y)| x + y).collect();
            assert_eq!(host.get::<f32>(dc, n), expected, "{name} {n}");
        }
    }
}
