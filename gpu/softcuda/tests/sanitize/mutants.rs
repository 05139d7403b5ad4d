//! The mutants of `gpu/kernels`: what a check can see of them is found, by the name that their patches give it.

use crate::harness::ALL;
use softcuda::sanitize::{Report, launch, prepare};
use softcuda::{Arg, Device, Dim, LaunchOptions, Module, Statistics};

struct Case {
    /// The mutant; `None` of the original.
    mutant: bool,
    device: Device,
    module: Module,
    kernel: String,
}

fn path(name: &str) -> String {
    format!("{}/../kernels/{name}", env!("CARGO_MANIFEST_DIR"))
}

impl Case {
    fn new(name: &str, source: &str, mutant: bool) -> (Self, String) {
        let patch = std::fs::read_to_string(path(&format!("mutants/{name}.patch"))).unwrap();
        let head = |key: &str| {
            let line = patch.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().to_owned()
        };
        let file = if mutant { format!("mutants/{name}.ptx") } else { format!("{source}.ptx") };
        let module = Module::load(&std::fs::read_to_string(path(&file)).unwrap()).unwrap();
        let device = Device::new(1 << 26);
        prepare(&device, ALL);
        (Self { mutant, device, module, kernel: head("Kernel:") }, head("Finding:"))
    }

    fn put(&self, bytes: &[u8]) -> Arg {
        let address = self.device.memory().alloc(bytes.len() as u64).unwrap();
        self.device.memory().write(address, bytes).unwrap();
        Arg::from(address)
    }

    fn words(&self, n: usize, f: impl Fn(usize) -> u32) -> Arg {
        self.put(&(0..n).flat_map(|i| f(i).to_le_bytes()).collect::<Vec<_>>())
    }

    fn floats(&self, n: usize) -> Arg {
        self.words(n, |i| ((i % 13) as f32 - 6.0).to_bits())
    }

    fn room(&self, n: usize) -> Arg {
        Arg::from(self.device.memory().alloc(4 * n as u64).unwrap())
    }

    fn run(
        &self,
        grid: impl Into<Dim>,
        block: impl Into<Dim>,
        shared: u32,
        args: &[Arg],
    ) -> Report {
        let kernel = self.module.kernel(&self.kernel).unwrap();
        let options = LaunchOptions { shared, ..LaunchOptions::default() };
        launch(&kernel, &self.device, grid, block, args, &options, ALL)
    }
}

fn case(name: &str, case: &Case) -> Report {
    let size = |n: usize| Arg::from(n as i64);
    let int = |n: i32| Arg::from(n);
    match name {
        "conv2d_tiled_short_halo" => {
            let (address, bytes) =
                case.module.variable(&case.device, "conv_mask").unwrap().unwrap();
            case.device.memory().write(address, &vec![0; bytes as usize]).unwrap();
            let args = [case.floats(70 * 45), case.room(70 * 45), int(45), int(70), int(2)];
            case.run((3, 2), (32, 8), 0, &args)
        }
        "histogram_privatised_without_atomic" | "histogram_privatised_without_clear" => {
            let n = 1000;
            let args = [case.words(n, |i| i as u32 % 7), case.words(16, |_| 0), int(16), size(n)];
            case.run(4, 256, 64, &args)
        }
        "merge_tiled_even_items" => {
            let (m, n) = (5000, 4000);
            let tile: usize = if case.mutant { 2048 } else { 1792 };
            let (a, b) = (case.words(m, |i| 2 * i as u32), case.words(n, |i| 2 * i as u32 + 1));
            let grid = (m + n).div_ceil(tile) as u32;
            case.run(grid, 256, 0, &[a, size(m), b, size(n), case.room(m + n)])
        }
        "reduce_sequential_without_barrier"
        | "reduce_shuffle_divergent_barrier"
        | "reduce_shuffle_half_mask" => {
            let n = 2000;
            case.run(4, 256, 0, &[case.floats(n), case.room(4), size(n)])
        }
        "softmax_online_without_last_barrier" => {
            let (rows, columns) = (6, 300);
            let (input, out) = (case.floats(rows * columns), case.room(rows * columns));
            case.run(2, 256, 0, &[input, out, int(rows as i32), int(columns as i32)])
        }
        "stencil_naive_without_upper_face" => {
            let n = 8 * 8 * 8;
            let mut args = vec![case.floats(n), case.room(n), int(8), int(8), int(8)];
            args.extend((0..7).map(|i| Arg::from(i as f32)));
            case.run((1, 2, 4), (32, 4, 2), 0, &args)
        }
        "vec_add_float4_shifted" | "vec_add_grid_stride_chunked" | "vec_add_off_by_one" => {
            let n = 4000;
            let grid = if name == "vec_add_float4_shifted" { 4 } else { 16 };
            let grid = if name == "vec_add_grid_stride_chunked" { 2 } else { grid };
            case.run(grid, 256, 0, &[case.floats(n), case.floats(n), case.room(n), size(n)])
        }
        _ => panic!("no case for {name}"),
    }
}

/// How bad what counters show is.
fn badness(finding: &str, done: &Statistics) -> f64 {
    let totals = done.totals();
    match finding {
        "uncoalesced" => totals.sectors_per_request().unwrap(),
        "bank-conflicts" => totals.bank_conflict_degree().unwrap(),
        _ => panic!("no counter for {finding}"),
    }
}

#[test]
fn each_mutant_is_found_and_each_original_is_clean() {
    let mut names: Vec<String> = std::fs::read_dir(path("mutants"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".patch").map(str::to_owned))
        .collect();
    names.sort();
    assert_eq!(names.len(), 12);
    for name in names {
        let patch = std::fs::read_to_string(path(&format!("mutants/{name}.patch"))).unwrap();
        let file = patch.lines().find_map(|line| line.strip_prefix("--- a/gpu/kernels/")).unwrap();
        let source = file.strip_suffix(".cu").unwrap();
        let (original, _) = Case::new(&name, source, false);
        let right = case(&name, &original);
        assert!(right.is_clean(), "{name}, the original:\n{right}");
        let (mutant, finding) = Case::new(&name, source, true);
        let report = case(&name, &mutant);
        if ["uncoalesced", "bank-conflicts"].contains(&finding.as_str()) {
            // Right, but slow.
            assert!(report.is_clean(), "{name}:\n{report}");
            let (before, after) = (right.outcome.unwrap(), report.outcome.unwrap());
            let (before, after) = (badness(&finding, &before), badness(&finding, &after));
            assert!(after > 1.5 * before, "{name}: {after}, without the fault {before}");
            continue;
        }
        let found = report.findings.iter().find(|f| f.kind.class() == finding);
        let found = found.unwrap_or_else(|| panic!("{name} is {finding}:\n{report}"));
        let source = found.place.as_ref().and_then(|place| place.source.as_ref());
        assert!(source.is_some_and(|(name, _)| name.ends_with(file)), "{name}:\n{report}");
    }
}
