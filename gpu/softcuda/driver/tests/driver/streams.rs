//! Streams, events and callbacks. A gate in page-locked memory holds work back, so that nothing depends on time.

use crate::support::{Gate, Session, fails, launch, ok, read, write};
use softcuda_driver::*;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::mpsc::{Sender, channel};

#[test]
fn work_is_done_in_order_and_behind_the_callers_back() {
    let session = Session::new();
    let (stream, gate, at) = (session.stream(), Gate::new(), session.alloc(8));
    let event = session.event();
    ok!(cuEventQuery(event));
    ok!(cuEventSynchronize(event));
    ok!(cuMemsetD32Async(at, 5, 2, stream));
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(launch(session.kernel("store"), stream, &[at, 10]));
    ok!(launch(session.kernel("double"), stream, &[at]));
    ok!(launch(session.kernel("add"), stream, &[at, 1]));
    ok!(cuEventRecord(event, stream));
    fails!(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
    fails!(cuEventQuery(event), CUDA_ERROR_NOT_READY);
    let other = session.event();
    ok!(cuEventRecord(other, stream));
    fails!(cuEventElapsedTime(&mut 0.0, event, other), CUDA_ERROR_NOT_READY);
    gate.open();
    ok!(cuEventSynchronize(event));
    ok!(cuStreamSynchronize(stream));
    ok!(cuStreamQuery(stream));
    ok!(cuEventQuery(event));
    assert_eq!(read(at), 21);
}

#[test]
fn the_default_stream_waits_for_all() {
    let session = Session::new();
    let (stream, gate, at) = (session.stream(), Gate::new(), session.alloc(8));
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(launch(session.kernel("store"), stream, &[at, 4]));
    ok!(launch(session.kernel("double"), CU_STREAM_LEGACY, &[at]));
    ok!(launch(session.kernel("double"), CU_STREAM_PER_THREAD, &[at]));
    fails!(cuStreamQuery(null_mut()), CUDA_ERROR_NOT_READY);
    gate.open();
    assert_eq!(read(at), 16);
    ok!(cuStreamQuery(null_mut()));
}

#[test]
fn elapsed_time() {
    let session = Session::new();
    let (start, end) = (session.event(), session.event());
    let mut time = f32::NAN;
    fails!(cuEventElapsedTime(&mut time, start, end), CUDA_ERROR_INVALID_HANDLE);
    ok!(cuEventRecord(start, null_mut()));
    ok!(launch(session.kernel("bounded"), null_mut(), &[]));
    ok!(cuEventRecord(end, null_mut()));
    ok!(cuEventSynchronize(end));
    ok!(cuEventElapsedTime(&mut time, start, end));
    assert!(time >= 0.0, "{time}");
    let forth = time;
    ok!(cuEventElapsedTime(&mut time, end, start));
    assert_eq!(time, -forth);
    let mut untimed = null_mut();
    ok!(cuEventCreate(&mut untimed, CU_EVENT_DISABLE_TIMING));
    ok!(cuEventRecord(untimed, null_mut()));
    fails!(cuEventElapsedTime(&mut time, start, untimed), CUDA_ERROR_INVALID_HANDLE);
    fails!(cuEventCreate(&mut untimed, 8), CUDA_ERROR_INVALID_VALUE);
}

#[test]
fn a_stream_waits_for_an_event_of_another_device() {
    let first = Session::on(0);
    let (gate, at, event) = (Gate::new(), first.alloc(8), first.event());
    let from = first.stream();
    ok!(launch(first.kernel("wait"), from, &[gate.address()]));
    ok!(launch(first.kernel("store"), from, &[at, 6]));
    ok!(cuEventRecord(event, from));
    // What is recorded afterwards is another recording.
    let second = Session::on(1);
    let (to, there) = (second.stream(), second.alloc(8));
    ok!(cuStreamWaitEvent(to, event, 0));
    fails!(cuStreamWaitEvent(to, event, 2), CUDA_ERROR_INVALID_VALUE);
    fails!(cuEventRecord(event, to), CUDA_ERROR_INVALID_HANDLE);
    ok!(cuMemcpyPeerAsync(there, second.context, at, first.context, 8, to));
    ok!(launch(second.kernel("double"), to, &[there]));
    fails!(cuStreamQuery(to), CUDA_ERROR_NOT_READY);
    gate.open();
    ok!(cuStreamSynchronize(to));
    assert_eq!(read(there), 12);
    drop(second);
    first.current();
}

#[test]
fn a_wait_ends_when_the_other_context_fails() {
    let first = Session::on(0);
    let (gate, event, from) = (Gate::new(), first.event(), first.stream());
    ok!(launch(first.kernel("wait"), from, &[gate.address()]));
    ok!(launch(first.kernel("trapped"), from, &[]));
    ok!(cuEventRecord(event, from));
    let second = Session::on(1);
    let to = second.stream();
    ok!(cuStreamWaitEvent(to, event, 0));
    gate.open();
    ok!(cuStreamSynchronize(to));
    fails!(cuEventSynchronize(event), CUDA_ERROR_LAUNCH_FAILED);
    drop(second);
    first.current();
}

unsafe extern "C" fn tell(data: *mut c_void) {
    // SAFETY: the tests pass a sender that outlives the stream's work.
    let sender = unsafe { &*data.cast::<Sender<CUresult>>() };
    let mut count = 0;
    // SAFETY: a good pointer.
    sender.send(unsafe { cuDeviceGetCount(&mut count) }).unwrap();
}

unsafe extern "C" fn tell_status(_: CUstream, status: CUresult, data: *mut c_void) {
    // SAFETY: as above.
    unsafe { &*data.cast::<Sender<CUresult>>() }.send(status).unwrap();
}

#[test]
fn functions_of_the_host() {
    let session = Session::new();
    let (stream, gate) = (session.stream(), Gate::new());
    let (sender, receiver) = channel::<CUresult>();
    let data = std::ptr::from_ref(&sender).cast_mut().cast();
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(cuLaunchHostFunc(stream, Some(tell), data));
    ok!(cuStreamAddCallback(stream, Some(tell_status), data, 0));
    fails!(cuStreamAddCallback(stream, Some(tell_status), data, 1), CUDA_ERROR_INVALID_VALUE);
    fails!(cuStreamAddCallback(stream, None, data, 0), CUDA_ERROR_INVALID_VALUE);
    assert!(receiver.try_recv().is_err());
    gate.open();
    ok!(cuStreamSynchronize(stream));
    // A function that a stream calls may not call CUDA.
    assert_eq!(receiver.recv().unwrap(), CUDA_ERROR_NOT_PERMITTED);
    assert_eq!(receiver.recv().unwrap(), CUDA_SUCCESS);
    // After a fault only the older kind is called, and told.
    let gate = Gate::new();
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(launch(session.kernel("trapped"), stream, &[]));
    ok!(cuLaunchHostFunc(stream, Some(tell), data));
    ok!(cuStreamAddCallback(stream, Some(tell_status), data, 0));
    gate.open();
    fails!(cuStreamSynchronize(stream), CUDA_ERROR_LAUNCH_FAILED);
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [CUDA_ERROR_LAUNCH_FAILED]);
}

#[test]
fn flags_and_priorities() {
    let session = Session::new();
    let mut stream = null_mut();
    ok!(cuStreamCreateWithPriority(&mut stream, CU_STREAM_NON_BLOCKING, -100));
    let (mut flags, mut priority, mut context) = (0, 0, null_mut());
    ok!(cuStreamGetFlags(stream, &mut flags));
    ok!(cuStreamGetPriority(stream, &mut priority));
    ok!(cuStreamGetCtx(stream, &mut context));
    assert_eq!((flags, priority, context), (1, -5, session.context));
    ok!(cuStreamGetFlags(null_mut(), &mut flags));
    assert_eq!(flags, 0);
    fails!(cuStreamCreate(&mut stream, 2), CUDA_ERROR_INVALID_VALUE);
}

#[test]
fn destroyed_streams_and_events_are_done_all_the_same() {
    let session = Session::new();
    let (stream, gate, at) = (session.stream(), Gate::new(), session.alloc(8));
    let event = session.event();
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(launch(session.kernel("store"), stream, &[at, 8]));
    ok!(cuEventRecord(event, stream));
    ok!(cuEventDestroy_v2(event));
    ok!(cuStreamDestroy_v2(stream));
    gate.open();
    assert_eq!(read(at), 8);
}

#[test]
fn launches_from_many_threads() {
    let session = Session::new();
    let at = session.alloc(8);
    write(at, 0);
    let (context, kernel) = (session.context.addr(), session.kernel("add").addr());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                ok!(cuCtxSetCurrent(std::ptr::without_provenance_mut(context)));
                for _ in 0..50 {
                    let kernel = std::ptr::without_provenance_mut(kernel);
                    ok!(launch(kernel, null_mut(), &[at, 1]));
                }
                ok!(cuCtxSynchronize());
            });
        }
    });
    assert_eq!(read(at), 200);
}
