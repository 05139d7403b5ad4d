//! What callers pass by pointers and numbers is decoded as a model says: arguments of launches, addresses and sizes.

use crate::support::{Session, ok};
use proptest::prelude::*;
use softcuda_driver::*;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{null_mut, without_provenance_mut};

/// Bytes of a parameter, and what it is aligned to: a number, or a structure of bytes.
#[derive(Clone, Copy, Debug)]
struct Parameter {
    size: usize,
    align: usize,
}

fn parameter() -> impl Strategy<Value = Parameter> {
    let number =
        prop::sample::select(vec![1, 2, 4, 8]).prop_map(|size| Parameter { size, align: size });
    let structure = (1..40_usize, prop::sample::select(vec![1, 2, 4, 8, 16]))
        .prop_map(|(size, align)| Parameter { size, align });
    prop_oneof![2 => number, 1 => structure]
}

/// A kernel that writes the first and the last byte of each parameter to where its last parameter points.
fn kernel(parameters: &[Parameter]) -> String {
    let mut list = String::new();
    let mut body = String::new();
    for (i, it) in parameters.iter().enumerate() {
        list += &format!(".param .align {} .b8 p{i}[{}], ", it.align, it.size);
        for (j, byte) in [0, it.size - 1].into_iter().enumerate() {
            body +=
                &format!("ld.param.u8 %r, [p{i}+{byte}];\nst.global.u8 [%d+{}], %r;\n", 2 * i + j);
        }
    }
    format!(
        ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry k({list}.param .u64 to) {{\n.reg .b16 %r;\n.reg .b64 %d;\n\
         ld.param.u64 %d, [to];\n{body}ret;\n}}\n"
    )
}

/// Where each parameter stands in a buffer, and where the last ends.
fn offsets(parameters: &[Parameter]) -> (Vec<usize>, usize) {
    let mut end = 0_usize;
    let mut all = Vec::new();
    for it in parameters {
        let at = end.next_multiple_of(it.align);
        all.push(at);
        end = at + it.size;
    }
    (all, end)
}

/// What is wrong with how a launch passes its arguments.
#[derive(Clone, Debug)]
enum Fault {
    Nothing,
    NullParameter(prop::sample::Index),
    NoParameters,
    Both,
    ShortBuffer(prop::sample::Index),
    NoPointer,
    NoSize,
    NullValue,
    UnknownKey(usize),
    AbsurdSize,
}

fn fault() -> impl Strategy<Value = Fault> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => Just(Fault::Nothing),
        1 => index().prop_map(Fault::NullParameter),
        1 => index().prop_map(Fault::ShortBuffer),
        1 => (3..usize::MAX).prop_map(Fault::UnknownKey),
        1 => prop::sample::select(vec![
            Fault::NoParameters, Fault::Both, Fault::NoPointer, Fault::NoSize, Fault::NullValue, Fault::AbsurdSize,
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arguments_of_launches(
        mut parameters in prop::collection::vec(parameter(), 0..9),
        bytes in prop::collection::vec(any::<u8>(), 9 * 56),
        by_buffer: bool,
        longer in 0..9_usize,
        fault in fault(),
    ) {
        let session = Session::new();
        let to = session.alloc(32);
        ok!(cuMemsetD8_v2(to, 0, 32));
        let function = session.kernel_of(session.module(&kernel(&parameters)), "k");
        let count = parameters.len();
        parameters.push(Parameter { size: 8, align: 8 });
        let (at, end) = offsets(&parameters);
        let mut buffer = bytes;
        buffer[at[count]..end].copy_from_slice(&to.to_le_bytes());
        let mut params: Vec<*mut c_void> = at.iter().map(|&at| (&raw mut buffer[at]).cast()).collect();
        let size = Cell::new(end + longer);
        let mut extra = vec![
            CU_LAUNCH_PARAM_BUFFER_POINTER,
            buffer.as_mut_ptr().cast(),
            CU_LAUNCH_PARAM_BUFFER_SIZE,
            size.as_ptr().cast(),
            CU_LAUNCH_PARAM_END,
        ];
        // Which of the two is given, and whether it is good.
        let (mut with_params, mut with_extra) = (!by_buffer, by_buffer);
        let mut good = false;
        match &fault {
            Fault::Nothing => good = true,
            Fault::NullParameter(index) => {
                (with_params, with_extra) = (true, false);
                *index.get_mut(&mut params) = null_mut();
            }
            Fault::NoParameters => (with_params, with_extra) = (false, false),
            Fault::Both => (with_params, with_extra) = (true, true),
            _ => (with_params, with_extra) = (false, true),
        }
        match fault {
            Fault::ShortBuffer(index) => size.set(index.index(end)),
            Fault::NoPointer => drop(extra.drain(..2)),
            Fault::NoSize => drop(extra.drain(2..4)),
            Fault::NullValue => extra[1] = null_mut(),
            Fault::UnknownKey(key) => extra[2] = without_provenance_mut(key),
            Fault::AbsurdSize => size.set(usize::MAX),
            _ => {}
        }
        let params = if with_params { params.as_mut_ptr() } else { null_mut() };
        let extra = if with_extra { extra.as_mut_ptr() } else { null_mut() };
        // SAFETY: what is not null has as many bytes as it says, or says what nobody may.
        let code = unsafe { cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null_mut(), params, extra) };
        prop_assert_eq!(code, if good { CUDA_SUCCESS } else { CUDA_ERROR_INVALID_VALUE }, "{:?}", last_error());
        ok!(cuCtxSynchronize());
        let mut found = [0_u8; 32];
        ok!(cuMemcpyDtoH_v2(found.as_mut_ptr().cast(), to, 32));
        for (i, it) in parameters[..count].iter().enumerate() {
            let expected = if good { [buffer[at[i]], buffer[at[i] + it.size - 1]] } else { [0; 2] };
            prop_assert_eq!(&found[2 * i..2 * i + 2], &expected[..], "parameter {} of {:?}", i, parameters);
        }
    }

    /// Of 96 bytes between two others: whatever is not all within is refused, and nothing else is touched.
    #[test]
    fn addresses_and_sizes(
        which in 0..12_u8,
        from in prop_oneof![4 => 0..97_u64, 1 => any::<u64>()],
        bytes in prop_oneof![4 => 1..97_u64, 1 => any::<u64>().prop_map(|it| it.max(1)), 1 => Just(u64::MAX)],
    ) {
        const ROOM: usize = 96;
        let session = Session::new();
        let (before, at, after, other) = (session.alloc(ROOM), session.alloc(ROOM), session.alloc(ROOM), session.alloc(ROOM));
        for room in [before, after] {
            ok!(cuMemsetD8_v2(room, 0x5a, ROOM));
        }
        let address = at.wrapping_add(from);
        let within = |from: u64, bytes: u128| u128::from(from) + bytes <= ROOM as u128;
        // No size that is refused is seen by what touches memory of the host.
        let mut host = vec![0_u8; ROOM];
        let (n, stream) = (bytes as usize, null_mut());
        let pointer: *mut c_void = host.as_mut_ptr().cast();
        let mut wide = u128::from(bytes);
        // SAFETY: the host has all bytes that an allocation of the device has.
        let code = unsafe {
            match which {
                0 => cuMemcpyHtoD_v2(address, pointer, n),
                1 => cuMemcpyDtoH_v2(pointer, address, n),
                2 => cuMemcpyHtoDAsync_v2(address, pointer, n, stream),
                3 => cuMemcpyDtoHAsync_v2(pointer, address, n, stream),
                4 => cuMemcpyDtoD_v2(address, other, n),
                5 => cuMemcpyDtoDAsync_v2(other, address, n, stream),
                6 => cuMemsetD8_v2(address, 1, n),
                7 => cuMemsetD8Async(address, 1, n, stream),
                8 => { wide *= 2; cuMemsetD16_v2(address, 1, n) }
                9 => { wide *= 4; cuMemsetD32_v2(address, 1, n) }
                10 => cuMemcpyPeer(address, session.context, other, session.context, n),
                _ => cuMemcpyPeerAsync(other, session.context, address, session.context, n, stream),
            }
        };
        let unit = match which { 8 => 2, 9 => 4, _ => 1 };
        let fits = within(from, wide) && (unit == 1 || from % unit == 0);
        prop_assert_eq!(code, if fits { CUDA_SUCCESS } else { CUDA_ERROR_INVALID_VALUE }, "{:?}", last_error());
        ok!(cuCtxSynchronize());
        for room in [before, after] {
            let mut found = [0_u8; ROOM];
            ok!(cuMemcpyDtoH_v2(found.as_mut_ptr().cast(), room, ROOM));
            prop_assert_eq!(found, [0x5a; ROOM]);
        }
    }

    /// Rectangles of devices: what is taken lies within both allocations, row by row.
    #[test]
    fn rectangles(
        [width, height, source_x, source_y, source_pitch, target_x, target_y, target_pitch] in [(); 8].map(|()| {
            prop_oneof![6 => 0..17_usize, 1 => any::<usize>()]
        }),
        swapped: bool,
    ) {
        const ROOM: usize = 128;
        let session = Session::new();
        let (source, target, guard) = (session.alloc(ROOM), session.alloc(ROOM), session.alloc(ROOM));
        for room in [source, target, guard] {
            ok!(cuMemsetD8_v2(room, 0x5a, ROOM));
        }
        let copy = CUDA_MEMCPY2D {
            srcXInBytes: source_x,
            srcY: source_y,
            srcMemoryType: CU_MEMORYTYPE_DEVICE,
            srcHost: std::ptr::null(),
            srcDevice: if swapped { target } else { source },
            srcArray: null_mut(),
            srcPitch: source_pitch,
            dstXInBytes: target_x,
            dstY: target_y,
            dstMemoryType: CU_MEMORYTYPE_DEVICE,
            dstHost: null_mut(),
            dstDevice: if swapped { source } else { target },
            dstArray: null_mut(),
            dstPitch: target_pitch,
            WidthInBytes: width,
            Height: height,
        };
        // SAFETY: all of it is memory of the device.
        let code = unsafe { cuMemcpy2D_v2(&copy) };
        let end = |x: usize, y: usize, pitch: usize| {
            let pitch = if pitch == 0 { width } else { pitch } as u128;
            (y as u128 + height as u128 - 1) * pitch + x as u128 + width as u128
        };
        if code == CUDA_SUCCESS && width > 0 && height > 0 {
            for (x, y, pitch) in [(source_x, source_y, source_pitch), (target_x, target_y, target_pitch)] {
                prop_assert!(end(x, y, pitch) <= ROOM as u128, "{:?}", (x, y, pitch, width, height));
            }
        } else if code != CUDA_SUCCESS {
            prop_assert_eq!(code, CUDA_ERROR_INVALID_VALUE, "{:?}", last_error());
        }
        ok!(cuCtxSynchronize());
        let mut found = [0_u8; ROOM];
        ok!(cuMemcpyDtoH_v2(found.as_mut_ptr().cast(), guard, ROOM));
        prop_assert_eq!(found, [0x5a; ROOM]);
    }

    /// More than the device has is out of memory, gives no address, and leaves a device that works.
    #[test]
    fn allocations_beyond_the_device(bytes in (256_u64 << 20) + 1..u64::MAX, rows in 1..u64::MAX, which in 0..5_u8) {
        let session = Session::new();
        let (mut address, mut pitch) = (7, 0);
        let n = bytes as usize;
        // SAFETY: the pointers are to variables.
        let code = unsafe {
            match which {
                0 => cuMemAlloc_v2(&mut address, n),
                1 => cuMemAllocAsync(&mut address, n, null_mut()),
                2 => cuMemAllocManaged(&mut address, n, 1),
                3 => cuMemAllocPitch_v2(&mut address, &mut pitch, n, rows as usize, 4),
                _ => cuMemAllocPitch_v2(&mut address, &mut pitch, 4096, n, 4),
            }
        };
        prop_assert!(matches!(code, CUDA_ERROR_OUT_OF_MEMORY | CUDA_ERROR_INVALID_VALUE), "{:?} {:?}", code, last_error());
        prop_assert!(which > 2 || code == CUDA_ERROR_OUT_OF_MEMORY);
        // How much is free is no test's to know: others allocate meanwhile.
        prop_assert_eq!((address, pitch), (7, 0));
        ok!(cuMemFree_v2(session.alloc(64)));
    }
}
