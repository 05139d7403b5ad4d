//! Copies and fills against a model: a vector of bytes.

use crate::support::{Gate, Session, fails, launch, ok, read};
use proptest::prelude::*;
use softcuda_driver::*;
use std::ptr::null_mut;

const SIZE: usize = 40_000;

#[derive(Clone, Debug)]
enum Step {
    FromHost { to: usize, bytes: Vec<u8> },
    ToHost { from: usize, len: usize },
    Within { to: usize, from: usize, len: usize },
    Fill8 { to: usize, value: u8, count: usize },
    Fill16 { to: usize, value: u16, count: usize },
    Fill32 { to: usize, value: u32, count: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let at = || prop_oneof![0..SIZE, 0..64_usize, SIZE - 64..=SIZE];
    let len = || prop_oneof![0..64_usize, 0..SIZE];
    prop_oneof![
        (at(), proptest::collection::vec(any::<u8>(), 0..100))
            .prop_map(|(to, bytes)| Step::FromHost { to, bytes }),
        (at(), len()).prop_map(|(from, len)| Step::ToHost { from, len }),
        (at(), at(), len()).prop_map(|(to, from, len)| Step::Within { to, from, len }),
        (at(), any::<u8>(), len()).prop_map(|(to, value, count)| Step::Fill8 { to, value, count }),
        (at(), any::<u16>(), len()).prop_map(|(to, value, count)| Step::Fill16 {
            to,
            value,
            count
        }),
        (at(), any::<u32>(), len()).prop_map(|(to, value, count)| Step::Fill32 {
            to,
            value,
            count
        }),
    ]
}

/// Does a step to memory at `base`, in a stream or without; what the code must be by the model, to which it is done too.
fn apply(base: u64, model: &mut [u8], step: &Step, stream: Option<CUstream>) {
    let fits = |at: usize, len: usize| at + len <= model.len();
    let fill = |model: &mut [u8], to: usize, pattern: &[u8], count: usize| {
        let len = pattern.len() * count;
        let good = to + len <= model.len() && to.is_multiple_of(pattern.len());
        if good {
            model[to..to + len].copy_from_slice(&pattern.repeat(count));
        }
        good
    };
    // SAFETY: memory of the host is there.
    let (code, good) = unsafe {
        match *step {
            Step::FromHost { to, ref bytes } => {
                let (at, from, len) = (base + to as u64, bytes.as_ptr().cast(), bytes.len());
                let code = match stream {
                    Some(stream) => cuMemcpyHtoDAsync_v2(at, from, len, stream),
                    None => cuMemcpyHtoD_v2(at, from, len),
                };
                let good = fits(to, len);
                if good {
                    model[to..to + len].copy_from_slice(bytes);
                }
                (code, good || len == 0)
            }
            Step::ToHost { from, len } => {
                let mut out = vec![0xaa_u8; len];
                let (at, to) = (base + from as u64, out.as_mut_ptr().cast());
                let code = match stream {
                    Some(stream) => cuMemcpyDtoHAsync_v2(to, at, len, stream),
                    None => cuMemcpyDtoH_v2(to, at, len),
                };
                if fits(from, len) {
                    assert_eq!(out, model[from..from + len]);
                } else {
                    assert!(out.iter().all(|&byte| byte == 0xaa));
                }
                (code, fits(from, len) || len == 0)
            }
            Step::Within { to, from, len } => {
                // Overlapping copies are undefined.
                let len = len.min(to.abs_diff(from));
                let (t, f) = (base + to as u64, base + from as u64);
                let code = match stream {
                    Some(stream) => cuMemcpyDtoDAsync_v2(t, f, len, stream),
                    None => cuMemcpyDtoD_v2(t, f, len),
                };
                let good = fits(to, len) && fits(from, len);
                if good {
                    model.copy_within(from..from + len, to);
                }
                (code, good || len == 0)
            }
            Step::Fill8 { to, value, count } => {
                let at = base + to as u64;
                let code = match stream {
                    Some(stream) => cuMemsetD8Async(at, value, count, stream),
                    None => cuMemsetD8_v2(at, value, count),
                };
                (code, fill(model, to, &[value], count) || count == 0)
            }
            Step::Fill16 { to, value, count } => {
                let at = base + to as u64;
                let code = match stream {
                    Some(stream) => cuMemsetD16Async(at, value, count, stream),
                    None => cuMemsetD16_v2(at, value, count),
                };
                let good = fill(model, to, &value.to_le_bytes(), count);
                (code, good || (count == 0 && to % 2 == 0))
            }
            Step::Fill32 { to, value, count } => {
                let at = base + to as u64;
                let code = match stream {
                    Some(stream) => cuMemsetD32Async(at, value, count, stream),
                    None => cuMemsetD32_v2(at, value, count),
                };
                let good = fill(model, to, &value.to_le_bytes(), count);
                (code, good || (count == 0 && to % 4 == 0))
            }
        }
    };
    let expected = if good { CUDA_SUCCESS } else { CUDA_ERROR_INVALID_VALUE };
    assert_eq!(code, expected, "{step:?}: {:?}", last_error());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn memory_is_a_vector_of_bytes(
        steps in proptest::collection::vec((step(), any::<bool>()), 1..40),
    ) {
        let session = Session::new();
        let (base, stream) = (session.alloc(SIZE), session.stream());
        ok!(cuMemsetD8_v2(base, 0, SIZE));
        let mut model = vec![0; SIZE];
        for (step, asynchronous) in &steps {
            apply(base, &mut model, step, asynchronous.then_some(stream));
        }
        ok!(cuStreamSynchronize(stream));
        let mut out = vec![1; SIZE];
        ok!(cuMemcpyDtoH_v2(out.as_mut_ptr().cast(), base, SIZE));
        prop_assert!(out == model);
    }

    #[test]
    fn rectangles(
        (width, height) in (0_usize..40, 0_usize..6),
        (from_x, from_y, to_x, to_y) in (0_usize..20, 0_usize..4, 0_usize..20, 0_usize..4),
        (from_pitch, to_pitch) in (1_usize..64, 1_usize..64),
        (from_device, to_device) in (any::<bool>(), any::<bool>()),
    ) {
        let session = Session::new();
        let mut host = [(0..512).map(|i| i as u8).collect::<Vec<u8>>(), vec![0xee; 512]];
        let device = [session.alloc(512), session.alloc(512)];
        for (host, device) in host.iter().zip(device) {
            ok!(cuMemcpyHtoD_v2(device, host.as_ptr().cast(), 512));
        }
        let copy = CUDA_MEMCPY2D {
            srcXInBytes: from_x,
            srcY: from_y,
            srcMemoryType: if from_device { CU_MEMORYTYPE_DEVICE } else { CU_MEMORYTYPE_HOST },
            srcHost: host[0].as_ptr().cast(),
            srcDevice: device[0],
            srcArray: null_mut(),
            srcPitch: from_pitch,
            dstXInBytes: to_x,
            dstY: to_y,
            dstMemoryType: if to_device { CU_MEMORYTYPE_UNIFIED } else { CU_MEMORYTYPE_HOST },
            dstHost: host[1].as_mut_ptr().cast(),
            dstDevice: device[1],
            dstArray: null_mut(),
            dstPitch: to_pitch,
            WidthInBytes: width,
            Height: height,
        };
        let fits = |x, y, pitch| {
            width == 0 || height == 0 || (
                (height == 1 || x + width <= pitch) && (y + height - 1) * pitch + x + width <= 512
            )
        };
        let good = fits(from_x, from_y, from_pitch) && fits(to_x, to_y, to_pitch);
        let mut expected = vec![0xee; 512];
        if good {
            for row in 0..height {
                let from = (from_y + row) * from_pitch + from_x;
                let to = (to_y + row) * to_pitch + to_x;
                expected[to..to + width].copy_from_slice(&host[0][from..from + width]);
            }
        } else {
            // Memory of the host that is too short cannot be seen.
            prop_assume!(from_device || fits(from_x, from_y, from_pitch));
            prop_assume!(to_device || fits(to_x, to_y, to_pitch));
        }
        // SAFETY: what of it lies on the host fits.
        let code = unsafe { cuMemcpy2D_v2(&copy) };
        prop_assert_eq!(code, if good { CUDA_SUCCESS } else { CUDA_ERROR_INVALID_VALUE });
        let mut out = host[1].clone();
        if to_device {
            ok!(cuMemcpyDtoH_v2(out.as_mut_ptr().cast(), device[1], 512));
        }
        prop_assert_eq!(out, expected);
    }
}

#[test]
fn between_any_addresses() {
    let session = Session::new();
    let (a, b) = (session.alloc(8), session.alloc(8));
    let from = 55_u64;
    let source = (&raw const from).expose_provenance() as u64;
    ok!(cuMemcpy(a, source, 8));
    ok!(cuMemcpy(b, a, 8));
    for source in [b, source] {
        let mut to = 0_u64;
        let target = (&raw mut to).expose_provenance() as u64;
        ok!(cuMemcpyAsync(target, source, 8, null_mut()));
        assert_eq!(to, 55);
    }
    fails!(cuMemcpy(a, b, 9), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemcpy(0, b, 8), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemcpy(a + 4096, b, 8), CUDA_ERROR_INVALID_VALUE);
    // Handles are no memory.
    fails!(cuMemcpyHtoD_v2(a, session.context.cast(), 8), CUDA_ERROR_INVALID_VALUE);
    // Nor does a device's memory lie on the host.
    fails!(
        cuMemcpyDtoH_v2(std::ptr::without_provenance_mut(a as usize), b, 8),
        CUDA_ERROR_INVALID_VALUE
    );
}

#[test]
fn page_locked_memory_is_copied_behind_the_callers_back() {
    let session = Session::new();
    let (stream, gate, at) = (session.stream(), Gate::new(), session.alloc(8));
    let mut pinned = null_mut();
    ok!(cuMemAllocHost_v2(&mut pinned, 16));
    let words = pinned.cast::<u64>();
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(cuMemcpyHtoDAsync_v2(at, pinned, 8, stream));
    ok!(launch(session.kernel("double"), stream, &[at]));
    ok!(cuMemcpyDtoHAsync_v2(pinned.wrapping_byte_add(8), at, 8, stream));
    // The copy has not begun: it sees what is written now.
    // SAFETY: allocated, and the copy is held back.
    unsafe { words.write(100) };
    gate.open();
    ok!(cuStreamSynchronize(stream));
    // SAFETY: allocated, and all is done.
    assert_eq!(unsafe { words.add(1).read() }, 200);
    assert_eq!(read(at), 200);
}
