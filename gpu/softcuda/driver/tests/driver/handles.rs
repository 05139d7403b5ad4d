//! Handles that are none, of another kind, or gone: errors, never crashes.

use crate::support::{Session, fails, launch, ok};
use softcuda_driver::*;
use std::ptr::{null_mut, without_provenance_mut};

#[test]
fn foreign_handles() {
    let session = Session::new();
    let stream = session.stream();
    let numbers = [
        0xdead_beef_usize,
        3,
        usize::MAX,
        session.context.addr(),
        session.module(crate::support::KERNELS).addr(),
        (&raw const session).addr(),
    ];
    for number in numbers {
        fails!(launch(without_provenance_mut(number), stream, &[]), CUDA_ERROR_INVALID_HANDLE);
        fails!(cuStreamSynchronize(without_provenance_mut(number)), CUDA_ERROR_INVALID_HANDLE);
        fails!(cuStreamDestroy_v2(without_provenance_mut(number)), CUDA_ERROR_INVALID_HANDLE);
        fails!(cuEventDestroy_v2(without_provenance_mut(number)), CUDA_ERROR_INVALID_HANDLE);
        fails!(cuEventQuery(without_provenance_mut(number)), CUDA_ERROR_INVALID_HANDLE);
        if number != numbers[4] {
            fails!(cuModuleUnload(without_provenance_mut(number)), CUDA_ERROR_INVALID_HANDLE);
        }
        fails!(cuLinkDestroy(without_provenance_mut(number)), CUDA_ERROR_INVALID_HANDLE);
        if number != numbers[3] {
            fails!(cuCtxDestroy_v2(without_provenance_mut(number)), CUDA_ERROR_INVALID_CONTEXT);
            fails!(cuCtxSetCurrent(without_provenance_mut(number)), CUDA_ERROR_INVALID_CONTEXT);
        }
        fails!(cuMemFree_v2(number as u64), CUDA_ERROR_INVALID_VALUE);
        fails!(cuMemFreeHost(without_provenance_mut(number)), CUDA_ERROR_INVALID_VALUE);
    }
    fails!(launch(null_mut(), stream, &[]), CUDA_ERROR_INVALID_HANDLE);
    fails!(cuEventRecord(null_mut(), stream), CUDA_ERROR_INVALID_HANDLE);
    fails!(cuModuleUnload(null_mut()), CUDA_ERROR_INVALID_HANDLE);
    fails!(cuCtxDestroy_v2(null_mut()), CUDA_ERROR_INVALID_CONTEXT);
}

#[test]
fn handles_that_are_gone() {
    let session = Session::new();
    let stream = session.stream();
    ok!(cuStreamDestroy_v2(stream));
    let detail = fails!(cuStreamDestroy_v2(stream), CUDA_ERROR_INVALID_HANDLE);
    assert!(detail.ends_with("was destroyed"), "{detail}");
    fails!(cuStreamQuery(stream), CUDA_ERROR_INVALID_HANDLE);
    let event = session.event();
    ok!(cuEventDestroy_v2(event));
    fails!(cuEventSynchronize(event), CUDA_ERROR_INVALID_HANDLE);
    let module = session.module(crate::support::KERNELS);
    let kernel = session.kernel_of(module, "trapped");
    ok!(cuModuleUnload(module));
    fails!(cuModuleUnload(module), CUDA_ERROR_INVALID_HANDLE);
    fails!(launch(kernel, null_mut(), &[]), CUDA_ERROR_INVALID_HANDLE);
    let at = session.alloc(8);
    ok!(cuMemFree_v2(at));
    let detail = fails!(cuMemFree_v2(at), CUDA_ERROR_INVALID_VALUE);
    assert!(detail.contains("into freed allocation"), "{detail}");
    ok!(cuMemFree_v2(0));
    ok!(cuMemFreeHost(null_mut()));
}

#[test]
fn everything_goes_with_its_context() {
    let session = Session::new();
    let (stream, event, at) = (session.stream(), session.event(), session.alloc(8));
    let kernel = session.kernel("trapped");
    drop(session);
    let _other = Session::new();
    fails!(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
    fails!(cuEventQuery(event), CUDA_ERROR_INVALID_HANDLE);
    fails!(launch(kernel, null_mut(), &[]), CUDA_ERROR_INVALID_HANDLE);
    fails!(cuMemFree_v2(at), CUDA_ERROR_INVALID_VALUE);
}
