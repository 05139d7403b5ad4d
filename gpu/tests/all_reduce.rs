//! Sums over several soft devices, exactly.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use gpu_kernels::{
    AllReduce, Communicator, DeviceBuffer, Error, Gpu, SoftSettings, Variant, all_reduce_perf,
    configure_soft,
};
use proptest::prelude::*;
use std::sync::LazyLock;

const DEVICES: u32 = 5;

/// Up to five devices; fewer on a machine with real ones.
fn gpus(count: usize) -> Vec<Gpu> {
    static ALL: LazyLock<Vec<Gpu>> = LazyLock::new(|| {
        let checks = Some(softcuda::sanitize::Checks::ALL);
        configure_soft(SoftSettings { devices: Some(DEVICES), checks, ..SoftSettings::default() })
            .unwrap();
        (0..Gpu::count().unwrap().min(DEVICES)).map(|n| Gpu::new(n).unwrap()).collect()
    });
    ALL[..count.min(ALL.len())].to_vec()
}

/// An integer for each device and element.
fn element(rank: usize, i: usize, seed: u64) -> f32 {
    let mixed = (seed ^ (rank as u64) << 40 ^ i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 46) as f32 - 131_072.0
}

fn check(communicator: &mut Communicator, gpus: &[Gpu], variant: AllReduce, n: usize, seed: u64) {
    let data = |rank| (0..n).map(|i| element(rank, i, seed)).collect::<Vec<_>>();
    let buffers =
        gpus.iter().enumerate().map(|(rank, gpu)| DeviceBuffer::from_slice(gpu, &data(rank)));
    let mut buffers: Vec<_> = buffers.collect::<Result<_, _>>().unwrap();
    communicator.all_reduce(variant, &mut buffers).unwrap();
    communicator.synchronize().unwrap();
    let sum = |i| (0..gpus.len()).map(|rank| element(rank, i, seed)).sum::<f32>();
    let expected: Vec<f32> = (0..n).map(sum).collect();
    for (rank, buffer) in buffers.iter().enumerate() {
        let found = gpus[rank].take_findings().unwrap();
        assert!(found.is_empty(), "{}", found[0]);
        assert!(
            buffer.to_vec().unwrap() == expected,
            "{variant} of {n} elements: device {rank} of {}",
            gpus.len()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20) })]

    #[test]
    fn sums_are_exact(
        devices in 1..=DEVICES as usize, lengths in prop::collection::vec(prop_oneof![0..12_usize, 0..5000_usize], 1..4), seed: u64,
    ) {
        let gpus = gpus(devices);
        let mut communicator = Communicator::new(&gpus).unwrap();
        // One after the other with the same staging memory, nothing waiting in between but what has to.
        for n in lengths {
            for &variant in AllReduce::ALL {
                check(&mut communicator, &gpus, variant, n, seed);
            }
        }
    }
}

#[test]
fn many_at_once() {
    let gpus = gpus(4);
    let mut communicator = Communicator::new(&gpus).unwrap();
    let mut buffers: Vec<_> =
        gpus.iter().map(|gpu| DeviceBuffer::from_slice(gpu, &[1.0_f32; 1000]).unwrap()).collect();
    // Each multiplies by the number of devices; nothing is waited for in between.
    for round in 0..9 {
        communicator.all_reduce(AllReduce::ALL[round % 3], &mut buffers).unwrap();
    }
    communicator.synchronize().unwrap();
    let expected = (gpus.len() as f32).powi(9);
    for buffer in &buffers {
        assert_eq!(buffer.to_vec().unwrap(), [expected; 1000]);
    }
}

#[test]
fn rows_of_sizes() {
    let gpus = gpus(4);
    let mut communicator = Communicator::new(&gpus).unwrap();
    for &variant in AllReduce::ALL {
        let rows = all_reduce_perf(&mut communicator, variant, &[8, 4096, 1 << 20], 2).unwrap();
        assert_eq!(rows.iter().map(|row| row.bytes).collect::<Vec<_>>(), [8, 4096, 1 << 20]);
        for row in rows {
            assert_eq!((row.errors, row.devices, row.variant), (0, gpus.len(), variant));
            let share = 2.0 * (gpus.len() - 1) as f64 / gpus.len() as f64;
            assert_eq!(row.bus_bandwidth, row.algorithm_bandwidth * share);
            assert!(row.seconds > 0.0);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let gpus = gpus(2);
    assert!(matches!(Communicator::new(&[]), Err(Error::Invalid { .. })));
    let twice = [gpus[0].clone(), gpus[0].clone()];
    let error = Communicator::new(&twice).unwrap_err().to_string();
    assert_eq!(error, "all_reduce: the devices is 0 and 1 are the same: a context for each");
    let mut communicator = Communicator::new(&gpus).unwrap();
    let buffer = |gpu: usize, n| DeviceBuffer::<f32>::zeroed(&gpus[gpu], n).unwrap();
    let refuse = |communicator: &mut Communicator, mut buffers: Vec<DeviceBuffer<f32>>| {
        communicator.all_reduce(AllReduce::Ring, &mut buffers).unwrap_err()
    };
    assert!(matches!(refuse(&mut communicator, vec![buffer(0, 3)]), Error::Invalid { .. }));
    let lengths = vec![buffer(0, 3), buffer(1, 4)];
    assert!(matches!(
        refuse(&mut communicator, lengths),
        Error::Length { found: 4, expected: 3, .. }
    ));
    let crossed = vec![buffer(1, 3), buffer(0, 3)];
    assert!(matches!(refuse(&mut communicator, crossed), Error::ForeignContext { .. }));
}
