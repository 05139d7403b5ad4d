//! The path that every program takes: context, memory, module, launch, copy back.
#![allow(missing_docs)]

use softcuda_driver::*;
use std::ffi::{CString, c_void};
use std::ptr::null_mut;

const PTX: &str = include_str!("../../../kernels/vec_add.ptx");

#[test]
fn vec_add_runs() {
    let n = 1000_usize;
    // SAFETY: every pointer is to a live variable of the right type.
    unsafe {
        assert_eq!(cuInit(0), CUDA_SUCCESS);
        let mut context = null_mut();
        assert_eq!(cuDevicePrimaryCtxRetain(&mut context, 0), CUDA_SUCCESS);
        assert_eq!(cuCtxSetCurrent(context), CUDA_SUCCESS);
        let (mut module, mut kernel) = (null_mut(), null_mut());
        let image = CString::new(PTX).unwrap();
        assert_eq!(cuModuleLoadData(&mut module, image.as_ptr().cast()), CUDA_SUCCESS);
        let name = c"vec_add_scalar";
        assert_eq!(cuModuleGetFunction(&mut kernel, module, name.as_ptr()), CUDA_SUCCESS);
        let mut buffers = [0; 3];
        for buffer in &mut buffers {
            assert_eq!(cuMemAlloc_v2(buffer, n * 4), CUDA_SUCCESS);
        }
        let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let b: Vec<f32> = (0..n).map(|i| 0.5 * i as f32).collect();
        assert_eq!(cuMemcpyHtoD_v2(buffers[0], a.as_ptr().cast(), n * 4), CUDA_SUCCESS);
        assert_eq!(cuMemcpyHtoD_v2(buffers[1], b.as_ptr().cast(), n * 4), CUDA_SUCCESS);
        let mut count = n as i64;
        let mut params: [*mut c_void; 4] = [
            (&raw mut buffers[0]).cast(),
            (&raw mut buffers[1]).cast(),
            (&raw mut buffers[2]).cast(),
            (&raw mut count).cast(),
        ];
        let (blocks, params) = (n.div_ceil(256) as u32, params.as_mut_ptr());
        let launched =
            cuLaunchKernel(kernel, blocks, 1, 1, 256, 1, 1, 0, null_mut(), params, null_mut());
        assert_eq!(launched, CUDA_SUCCESS);
        assert_eq!(cuCtxSynchronize(), CUDA_SUCCESS);
        let mut c = vec![0_f32; n];
        assert_eq!(cuMemcpyDtoH_v2(c.as_mut_ptr().cast(), buffers[2], n * 4), CUDA_SUCCESS);
        assert!((0..n).all(|i| c[i] == 1.5 * i as f32));
        let statistics = last_statistics().unwrap();
        assert_eq!(statistics.kernel, "vec_add_scalar");
        assert_eq!(statistics.totals().global_bytes, 12 * n as u64);
        assert_eq!(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS);
    }
}
