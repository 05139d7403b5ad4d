//! Module 3: CUDA kernels. On a GPU where there is one; else they run on softcuda, and what only a device can tell is not measured.

use std::time::Duration;

use gates::gate::{Comparison, Gates};

use super::{Lab, at_least, between, binary, gate};
use crate::Result;
use crate::check::{Check, Must};

/// All of them, in the course's order.
pub(super) fn labs(gates: &Gates) -> Result<Vec<Lab>> {
    Ok(vec![
        vec_add(gates)?,
        matmul(gates)?,
        occupancy(),
        reduction(gates)?,
        scan(gates)?,
        all_reduce(),
    ])
}

/// A subcommand of `gpu-lab` as a lab.
fn lab(
    id: &str,
    title: &str,
    objective: &str,
    arguments: &[&str],
    artefacts: &[&str],
    checks: Vec<Check>,
) -> Lab {
    let out = format!("out/lab/{id}");
    Lab {
        id: id.into(),
        title: title.into(),
        module: "3".into(),
        objective: objective.into(),
        command: binary("gpu-lab", &[arguments, &["--out", &out, "--json"]].concat()),
        artefacts: artefacts.iter().map(|&name| name.to_owned()).collect(),
        checks,
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}

const ROOFLINES: [&str; 4] =
    ["roofline-t4.svg", "roofline-a100-80.svg", "roofline-rtx-4090.svg", "roofline-h100.svg"];

fn none(measure: &str, what: &str, unit: &str) -> Check {
    Check::new(measure, what, unit, Must::Equal(0.0))
}

/// References bound the error of each element by what its sums may lose.
fn within_bounds() -> Check {
    between(
        "worst_error_over_bound",
        "the greatest error / what its bound allows",
        "ratio",
        0.0,
        1.0,
    )
}

/// What the course asks to be written down and gives no number for.
fn recorded(measure: &str, what: &str, unit: &str) -> Check {
    let comparison = Comparison::MoreThan;
    Check::new(measure, what, unit, Must::Compare { comparison, threshold: 0.0, gate: None })
}

fn vec_add(gates: &Gates) -> Result<Lab> {
    let id = "3-1";
    let near = |target, tolerance| Must::Near { target, tolerance };
    Ok(lab(
        id,
        "Vector add",
        "Three ways to add two vectors move the same twelve bytes an element and hardly compute: memory is what limits them, on every GPU, and \
         neither wider loads nor fewer instructions change that.",
        &["vec-add"],
        &ROOFLINES,
        vec![
            none("wrong_elements", "elements that are not the sum, to the bit", "elements"),
            Check::new(
                "dram_bytes_over_theory",
                "bytes of DRAM / 12 bytes an element, counted",
                "ratio",
                near(1.0, 0.05),
            ),
            Check::new(
                "coalescing",
                "bytes asked for / bytes of the sectors that bring them",
                "%",
                Must::Equal(100.0),
            ),
            // 30 instructions of a warp for four elements a lane, against 24 for one.
            between(
                "instructions_float4_over_scalar",
                "warp instructions with loads of 16 bytes / with loads of 4",
                "ratio",
                0.25,
                0.4,
            ),
            Check::new(
                "gpus_bound_by_memory",
                "of four GPUs, those on which DRAM is what takes longest (predicted)",
                "GPUs",
                Must::Equal(4.0),
            ),
            Check::of_gate(
                "gb_per_second",
                "what the device reads and writes",
                gate(gates, id, "gpu.device.vec-add")?,
            ),
            Check::of_gate(
                "faster_than_cpu",
                "one core of this machine's CPU / the device, time",
                gate(gates, id, "gpu.device.vec-add-cpu")?,
            ),
        ],
    ))
}

fn matmul(gates: &Gates) -> Result<Lab> {
    let id = "3-2";
    Ok(lab(
        id,
        "Tiled matmul",
        "Nine ways to multiply matrices, and two on tensor cores: a tile of T x T in shared memory asks for a T-th of the bytes; registers, \
         wide loads and copies behind the arithmetic take the product to the compute side of the roofline.",
        &["matmul"],
        &ROOFLINES,
        vec![
            within_bounds(),
            Check::of_gate(
                "bytes_off_theory_percent",
                "bytes asked of global memory against theory, worst of eleven variants",
                gate(gates, id, "gpu.bytes.matmul")?,
            ),
            // (8 n^3 + 4 n^2) / (8 n^3 / 16 + 4 n^2) with n = 512.
            Check::new(
                "bytes_naive_over_tiled_16",
                "bytes of the naive kernel / of the one with tiles of 16 x 16",
                "ratio",
                Must::Near { target: 4100.0 / 260.0, tolerance: 0.05 },
            ),
            Check::new(
                "gpus_not_bound_by_memory",
                "of four GPUs, those on which the best variant is past memory (predicted)",
                "GPUs",
                Must::Equal(4.0),
            ),
            Check::of_gate(
                "predicted_naive_over_best_a100",
                "naive / double-buffered on an A100, predicted time",
                gate(gates, id, "gpu.predicted.matmul")?,
            ),
            Check::of_gate(
                "faster_than_cpu",
                "one core of this machine's CPU / the device, time",
                gate(gates, id, "gpu.device.matmul-cpu")?,
            ),
        ],
    ))
}

fn occupancy() -> Lab {
    lab(
        "3-3",
        "Occupancy tuner",
        "Threads that wait for their own last result need others to fill the time: many warps, or several chains in each thread. A sweep \
         over block sizes and chains shows the optimum, and that full occupancy is one way to it.",
        &["occupancy"],
        &[
            "sweep-t4.svg",
            "sweep-a100-80.svg",
            "sweep-rtx-4090.svg",
            "sweep-h100.svg",
            "occupancy-t4.svg",
            "occupancy-a100-80.svg",
            "occupancy-rtx-4090.svg",
            "occupancy-h100.svg",
        ],
        vec![
            none(
                "wrong_elements",
                "elements that are not what the chains give, to the bit",
                "elements",
            ),
            Check::new(
                "points",
                "block sizes and occupancies, times chains a thread",
                "points",
                Must::Equal(36.0),
            ),
            between(
                "ilp_off_percent",
                "parallelism within threads as counted, against 1, 2, 4, 8 chains: worst point",
                "%",
                0.0,
                5.0,
            ),
            at_least(
                "eight_chains_at_low_occupancy_percent",
                "of the best rate, with 8 chains at less than 7 % occupancy (predicted)",
                "%",
                90.0,
            ),
            between(
                "one_chain_at_low_occupancy_percent",
                "the same with one chain",
                "%",
                0.0,
                60.0,
            ),
            recorded("best_gflops", "the optimum on the device", "GFLOP/s"),
        ],
    )
}

fn reduction(gates: &Gates) -> Result<Lab> {
    let id = "3-4";
    Ok(lab(
        id,
        "Warp-shuffle reduction",
        "Four ways to sum up an array. In a tree in shared memory each step costs a barrier and a round trip; a shuffle hands a register to the next \
         lane, and a barrier is left for each warp's sum.",
        &["reduction"],
        &ROOFLINES,
        vec![
            within_bounds(),
            Check::of_gate(
                "predicted_shared_over_shuffle",
                "tree in shared memory / shuffles: predicted time, least of the GPUs whose second cache holds the array",
                gate(gates, id, "gpu.predicted.shuffle")?,
            ),
            at_least(
                "barriers_shared_over_shuffle",
                "barriers that warps wait at: tree / shuffles",
                "ratio",
                5.0,
            ),
            at_least(
                "shared_passes_over_shuffle",
                "passes over the banks of shared memory: tree / shuffles",
                "ratio",
                5.0,
            ),
            Check::of_gate(
                "shared_over_shuffle",
                "tree in shared memory / shuffles on the device, time",
                gate(gates, id, "gpu.device.shuffle")?,
            ),
        ],
    ))
}

fn scan(gates: &Gates) -> Result<Lab> {
    let id = "3-5";
    Ok(lab(
        id,
        "Prefix scan",
        "A prefix sum needs all that came before, and blocks do not wait for each other: three kernels move the array twice, one that looks back moves \
         it once, and a grid that can wait is something in between.",
        &["scan"],
        &[&ROOFLINES[..], &["rate-by-size.svg"]].concat(),
        vec![
            none("wrong_sums", "sums of 32-bit integers that are not exact", "elements"),
            within_bounds(),
            Check::of_gate(
                "bytes_per_element_look_back",
                "bytes of DRAM an element, looking back",
                gate(gates, id, "gpu.bytes.scan")?,
            ),
            Check::new(
                "bytes_per_element_three_kernels",
                "the same with three kernels",
                "bytes",
                Must::Near { target: 16.0, tolerance: 0.05 },
            ),
            Check::new(
                "launches_look_back",
                "launches, looking back",
                "launches",
                Must::Equal(1.0),
            ),
            at_least(
                "launches_three_kernels",
                "launches of sections, sums and offsets",
                "launches",
                3.0,
            ),
            recorded("elements_per_second", "the fastest on the device", "elements/s"),
            Check::of_gate(
                "look_back_over_vec_add",
                "bytes a second of looking back / of adding two vectors, on the device",
                gate(gates, id, "gpu.device.scan")?,
            ),
        ],
    ))
}

fn all_reduce() -> Lab {
    lab(
        "3-6",
        "Ring all-reduce",
        "Four devices sum up buffers of 8 bytes to 512 MiB round a ring, and shorter ones up a tree and directly, all sums exact; in the ring no device adds \
         more than its share, in the tree the root adds whole buffers.",
        &["all-reduce", "--devices", "4", "--most", "512"],
        &["bandwidth.svg", "all_reduce_perf.csv"],
        vec![
            none("errors", "elements of all devices that are not the exact sum", "elements"),
            Check::new("sizes", "powers of two from 8 bytes on", "sizes", Must::Equal(27.0)),
            Check::new("longest_mib", "the longest buffers", "MiB", Must::Equal(512.0)),
            // (N - 1) / N with N = 4.
            Check::new(
                "ring_sums_per_element",
                "additions of the busiest device for each element of a buffer, ring",
                "sums",
                Must::Near { target: 0.75, tolerance: 0.05 },
            ),
            Check::new("tree_sums_per_element", "the same, tree: log2 N", "sums", Must::Equal(2.0)),
            recorded("bus_gb_per_second", "bus bandwidth between the devices", "GB/s"),
        ],
    )
}
