//! What goes wrong is an error of cust's, and says what softcuda knows.

use crate::{begin, vec_add};
use cust::error::CudaError;
use cust::launch;
use cust::memory::{DeviceBuffer, DevicePointer};
use cust::module::Module;
use cust::stream::{Stream, StreamFlags};

#[test]
fn refused() {
    let _context = begin();
    assert_eq!(Module::from_ptx("nonsense", &[]).unwrap_err(), CudaError::InvalidPtx);
    let told = softcuda_driver::last_error().unwrap();
    assert!(told.contains("line 1:1"), "{told}");
    let module = vec_add();
    assert_eq!(module.get_function("none").unwrap_err(), CudaError::NotFound);
    assert_eq!(Module::from_file("/none").unwrap_err(), CudaError::FileNotFound);
    let kernel = module.get_function("vec_add_scalar").unwrap();
    let stream = Stream::new(StreamFlags::DEFAULT, None).unwrap();
    let none = DevicePointer::<f32>::null();
    // SAFETY: refused before anything is done.
    let launched = unsafe { launch!(kernel<<<1, 2048, 0, stream>>>(none, none, none, 1_i64)) };
    assert_eq!(launched.unwrap_err(), CudaError::InvalidValue);
    // SAFETY: nothing is allocated.
    let large = unsafe { DeviceBuffer::<u8>::uninitialized(5 << 30) };
    assert_eq!(large.unwrap_err(), CudaError::OutOfMemory);
    assert_eq!(CudaError::OutOfMemory.to_string(), "\"out of memory\"");
    // SAFETY: refused before anything is done.
    let imported = unsafe { cust::external::ExternalMemory::import(0, 4096) };
    assert_eq!(imported.err(), Some(CudaError::NotSupported));
}
