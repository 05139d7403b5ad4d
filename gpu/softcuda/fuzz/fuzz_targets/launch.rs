//! Takes the text after the first line for PTX and launches its kernels under all checks; the first line's bytes are the shape, the
//! shared memory and the arguments. Whatever kernels do must end in a result, an error or findings, all of which can be shown; and what
//! is no memory of the device must not be touched.
#![no_main]

use softcuda::sanitize::{Checks, launch, prepare};
use softcuda::{Arg, Device, LaunchOptions, Module};
use std::num::NonZero;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|&byte| byte == b'\n') else { return };
    let (head, text) = (&input[..end], &input[end + 1..]);
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(module) = Module::load(text) else { return };
    let mut head = head.iter().copied();
    let mut next = || u32::from(head.next().unwrap_or(b'1'));
    for name in module.kernels() {
        let Ok(kernel) = module.kernel(name) else { continue };
        let device = Device::new(1 << 20).with_workers(NonZero::<usize>::MIN);
        let checks = Checks { global_races: true, ..Checks::ALL };
        prepare(&device, checks);
        let Ok(buffer) = device.memory().alloc(4096) else { return };
        let args: Vec<Arg> = kernel
            .parameters()
            .iter()
            .map(|parameter| match (parameter.size, next()) {
                // The buffer, a place before its end, or a number.
                (8, kind) if kind % 4 != 0 => Arg::from(buffer + u64::from(kind / 4 * 16)),
                (size, number) => Arg::bytes(vec![number as u8; size.min(1 << 16) as usize]),
            })
            .collect();
        let options = LaunchOptions {
            shared: next() % 64 * 16,
            cooperative: next() % 8 == 0,
            step_limit: Some(20_000),
            print: Some(&|_| {}),
            ..LaunchOptions::default()
        };
        let (grid, block) = (next() % 4, next() % 80);
        let _ = launch(&kernel, &device, grid, block, &args, &options, checks).to_string();
    }
});
