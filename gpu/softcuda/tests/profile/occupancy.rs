//! The occupancy calculator.

use proptest::prelude::*;
use softcuda::profile::{A100, GPUS, Gpu, Limiter, Usage, occupancy};

#[test]
fn agrees_with_the_vendors_calculator() {
    let mut seen = 0;
    for line in include_str!("occupancy.txt").lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words[i].parse::<u32>().unwrap();
        let gpu = Gpu::named(words[0]).unwrap();
        let usage = Usage { threads: number(1), registers: Some(number(2)), shared: number(3) };
        let found = occupancy(gpu, &usage);
        assert_eq!(found.blocks, number(4), "{line}");
        if found.blocks != 0 {
            let bit = |limiter| match limiter {
                Limiter::Warps => 1,
                Limiter::Registers => 2,
                Limiter::Shared => 4,
                Limiter::Blocks => 8,
            };
            let bits: u32 = found.limited_by.iter().map(|&limiter| bit(limiter)).sum();
            assert_eq!(bits, number(5), "{line}");
        }
        seen += 1;
    }
    assert!(seen > 500);
}

/// Worked by hand from the tables of the programming guide.
#[test]
fn a_worked_example() {
    // 40 registers x 32 = 1280 a warp; 16384 of a quarter / 1280 = 12 warps, 48 in all: 6 blocks of 8 warps.
    let found = occupancy(&A100, &Usage { threads: 256, registers: Some(40), shared: 1024 });
    assert_eq!((found.blocks, found.warps, found.occupancy), (6, 48, 0.75));
    assert_eq!(found.limited_by, [Limiter::Registers]);
    assert_eq!((found.by_warps, found.by_shared, found.by_blocks), (8, Some(82), 32));
    // Unknown registers limit nothing.
    let found = occupancy(&A100, &Usage { threads: 256, registers: None, shared: 1024 });
    assert_eq!((found.blocks, found.by_registers), (8, None));
}

#[test]
fn what_cannot_run_has_no_blocks() {
    let fits = |threads, registers, shared| {
        occupancy(&A100, &Usage { threads, registers: Some(registers), shared }).blocks
    };
    assert_eq!(fits(1024, 64, 0), 1);
    assert_eq!(fits(1024, 65, 0), 0);
    assert_eq!(fits(1025, 16, 0), 0);
    assert_eq!(fits(0, 16, 0), 0);
    assert_eq!(fits(32, 256, 0), 0);
    assert_eq!(fits(32, 16, 163 << 10), 1);
    assert_eq!(fits(32, 16, (163 << 10) + 1), 0);
    assert_eq!(fits(32, 16, u32::MAX), 0);
    assert_eq!(fits(32, u32::MAX, 0), 0);
}

proptest! {
    /// More of anything never makes room for more blocks, and what limits is what says so.
    #[test]
    fn falls_with_what_a_block_takes(
        gpu in 0_usize..4,
        threads in 1_u32..1025,
        registers in 1_u32..256,
        shared in 0_u32..(230 << 10),
        more in (0_u32..64, 0_u32..64, 0_u32..4096),
    ) {
        let gpu = &GPUS[gpu];
        let of = |threads, registers, shared| {
            occupancy(gpu, &Usage { threads, registers: Some(registers), shared })
        };
        let found = of(threads, registers, shared);
        prop_assert!(of(threads, registers + more.1, shared).blocks <= found.blocks);
        prop_assert!(of(threads, registers, shared + more.2).blocks <= found.blocks);
        prop_assert!(of(threads + more.0, registers, shared).blocks <= found.blocks);
        let unknown = occupancy(gpu, &Usage { threads, registers: None, shared });
        prop_assert!(unknown.blocks >= found.blocks);
        prop_assert!(found.warps <= gpu.warps && found.occupancy <= 1.0);
        prop_assert!(!found.limited_by.is_empty());
    }
}
