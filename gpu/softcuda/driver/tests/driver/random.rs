//! Calls in any order with any numbers for handles, addresses and sizes: always an answer, never a crash.

use crate::support::{KERNELS, Session};
use proptest::prelude::*;
use softcuda_driver::*;
use std::ffi::c_void;
use std::ptr::{null_mut, without_provenance_mut};

/// A call: which, and what for its arguments.
type Call = (u8, [Pick; 3], [u32; 4]);

/// A number: one that a call gave, or any.
#[derive(Clone, Debug)]
enum Pick {
    Known(prop::sample::Index),
    Any(u64),
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![
        4 => any::<prop::sample::Index>().prop_map(Pick::Known),
        1 => prop_oneof![0..4_u64, any::<u64>()].prop_map(Pick::Any),
    ]
}

fn small() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..40_u32, 1 => any::<u32>()]
}

fn call() -> impl Strategy<Value = Call> {
    (0..30_u8, [pick(), pick(), pick()], [small(), small(), small(), small()])
}

/// Makes a call; what it gave.
///
/// # Safety
/// Memory of the host is the test's own, and device code is `KERNELS`.
unsafe fn make(which: u8, [a, b, c]: [u64; 3], [m, n, p, q]: [u32; 4]) -> (CUresult, Option<u64>) {
    fn handle<T>(number: u64) -> *mut T {
        without_provenance_mut(number as usize)
    }
    let mut bytes = [0_u8; 64];
    let host: *mut c_void = bytes.as_mut_ptr().cast();
    let len = (n as usize).min(64);
    let mut out = null_mut::<c_void>();
    let to = &raw mut out;
    let mut address = 0;
    // SAFETY: the caller's promise; arguments of kernels are 64 bits each, and there are four.
    let code = unsafe {
        match which {
            0 => cuStreamCreate(to.cast(), m),
            1 => cuEventCreate(to.cast(), m),
            2 => cuMemAlloc_v2(&mut address, m as usize),
            3 => cuMemAllocAsync(&mut address, m as usize, handle(a)),
            4 => cuMemAllocManaged(&mut address, m as usize, n),
            5 => cuModuleGetFunction(to.cast(), handle(a), c"store".as_ptr()),
            6 => cuModuleGetGlobal_v2(&mut address, null_mut(), handle(a), c"counter".as_ptr()),
            7 => cuModuleLoadData(to.cast(), c"nonsense".as_ptr().cast()),
            8 => cuStreamDestroy_v2(handle(a)),
            9 => cuEventDestroy_v2(handle(a)),
            10 => cuMemFree_v2(a),
            11 => cuMemFreeAsync(a, handle(b)),
            12 => cuModuleUnload(handle(a)),
            13 => cuEventRecord(handle(a), handle(b)),
            14 => cuStreamWaitEvent(handle(a), handle(b), 0),
            15 => cuStreamSynchronize(handle(a)),
            16 => cuEventSynchronize(handle(a)),
            17 => cuMemcpyHtoD_v2(a.wrapping_add(m.into()), host, len),
            18 => cuMemcpyDtoH_v2(host, a.wrapping_add(m.into()), len),
            19 => cuMemcpyDtoDAsync_v2(a, b.wrapping_add(m.into()), n as usize, handle(c)),
            20 => cuMemsetD16Async(a.wrapping_add(m.into()), 7, n as usize, handle(b)),
            21 => {
                let mut args = [b, c, a, 1];
                let mut params = args.each_mut().map(|arg| std::ptr::from_mut(arg).cast());
                let params = params.as_mut_ptr();
                // Blocks and threads beyond the limits are refused; others are few.
                let (m, q) = (m % 41, if q < 40 { q } else { 0 });
                cuLaunchKernel(
                    handle(a),
                    m,
                    n % 3,
                    p % 3,
                    q,
                    1,
                    1,
                    n,
                    handle(c),
                    params,
                    null_mut(),
                )
            }
            22 => cuFuncSetAttribute(handle(a), (m % 12) as i32, n as i32),
            23 => cuFuncGetAttribute((&raw mut address).cast(), (m % 20) as i32, handle(a)),
            24 => cuEventElapsedTime(&mut 0.0, handle(a), handle(b)),
            25 => cuMemGetAddressRange_v2(&mut address, null_mut(), a),
            26 => cuPointerGetAttribute(host, (m % 15) as i32, a),
            27 => cuLinkComplete(handle(a), to, null_mut()),
            28 => cuOccupancyMaxActiveBlocksPerMultiprocessor(
                (&raw mut address).cast(),
                handle(a),
                n as i32,
                p as usize,
            ),
            _ => cuStreamQuery(handle(a)),
        }
    };
    let gave = if out.is_null() { address } else { out.addr() as u64 };
    (code, (code == CUDA_SUCCESS && gave != 0).then_some(gave))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn there_is_always_an_answer(calls in prop::collection::vec(call(), 1..80)) {
        let session = Session::new();
        let module = session.module(KERNELS);
        let mut known = vec![module.addr() as u64, session.kernel_of(module, "add").addr() as u64];
        known.push(session.alloc(64));
        known.push(session.stream().addr() as u64);
        for (which, picks, numbers) in calls {
            let picks = picks.map(|pick| match pick {
                Pick::Known(index) => *index.get(&known),
                Pick::Any(number) => number,
            });
            // SAFETY: as it asks for.
            let (code, gave) = unsafe { make(which, picks, numbers) };
            prop_assert!(code.name().is_some(), "{code:?}");
            known.extend(gave);
        }
    }
}
