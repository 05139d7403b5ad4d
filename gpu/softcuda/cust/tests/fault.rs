//! A kernel that reads past its arrays. A process of its own: cust works in the primary context, which stays failed.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use cust::error::CudaError;
use cust::launch;
use cust::memory::DeviceBuffer;
use cust::module::Module;
use cust::stream::{Stream, StreamFlags};
use softcuda_driver::{Mode, Settings, configure, last_error};

#[test]
fn a_thread_past_the_end_is_found() {
    configure(Settings { mode: Some(Mode::Force), ..Settings::default() }).unwrap();
    let _context = cust::quick_init().unwrap();
    let module = Module::from_ptx(include_str!("../../../kernels/vec_add.ptx"), &[]).unwrap();
    let kernel = module.get_function("vec_add_scalar").unwrap();
    let stream = Stream::new(StreamFlags::NON_BLOCKING, None).unwrap();
    let a = DeviceBuffer::from_slice(&[1.0_f32; 100]).unwrap();
    let out = DeviceBuffer::from_slice(&[0.0_f32; 101]).unwrap();
    let (a, out) = (a.as_device_ptr(), out.as_device_ptr());
    // SAFETY: not at all on a GPU: 101 elements of 100. Softcuda finds it.
    unsafe { launch!(kernel<<<1, 128, 0, stream>>>(a, a, out, 101_i64)).unwrap() };
    assert_eq!(stream.synchronize().unwrap_err(), CudaError::IllegalAddress);
    let told = last_error().unwrap();
    for part in ["kernel vec_add_scalar, block (0,0,0), thread (100,0,0)", "vec_add.cu:"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(DeviceBuffer::from_slice(&[1_u8]).unwrap_err(), CudaError::IllegalAddress);
}
