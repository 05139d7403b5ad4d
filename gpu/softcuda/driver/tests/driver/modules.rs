//! Modules: what is no PTX is told by line and column; variables; the linker.

use crate::support::{KERNELS, Session, fails, launch, ok, read, write};
use softcuda_driver::*;
use std::ffi::{CStr, CString, c_void};
use std::ptr::{null_mut, without_provenance_mut};

fn load(text: &str) -> CUresult {
    let image = CString::new(text).unwrap();
    let mut module = null_mut();
    // SAFETY: good pointers.
    unsafe { cuModuleLoadData(&mut module, image.as_ptr().cast()) }
}

#[test]
fn wrong_texts() {
    let _session = Session::new();
    for text in ["", "hello", &KERNELS[..300], &KERNELS.replace("add.u64", "addd.u64")] {
        fails!(load(text), CUDA_ERROR_INVALID_PTX);
    }
    let detail = fails!(load(&KERNELS.replace("trap;", "trapp;")), CUDA_ERROR_INVALID_PTX);
    assert!(detail.contains("`trapp` is not supported"), "{detail}");
    for image in [b"\x7fELF\0".as_slice(), b"\x50\xed\x55\xba\0", b"\xb1\x43\x62\x46\0"] {
        let code = fails!(
            cuModuleLoadData(&mut null_mut(), image.as_ptr().cast()),
            CUDA_ERROR_NO_BINARY_FOR_GPU
        );
        assert!(code.contains("softcuda runs PTX"), "{code}");
    }
    fails!(
        cuModuleLoadData(&mut null_mut(), c".version \xff".as_ptr().cast()),
        CUDA_ERROR_INVALID_IMAGE
    );
}

#[test]
fn the_log_tells_line_and_column() {
    let _session = Session::new();
    let text =
        CString::new(".version 7.0\n.target sm_80\n.address_size 64\n.visble .entry a() { ret; }")
            .unwrap();
    let mut log = [1_i8; 256];
    let mut info = [1_i8; 4];
    let mut options = [
        CU_JIT_ERROR_LOG_BUFFER,
        CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        CU_JIT_INFO_LOG_BUFFER,
        CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES,
        7,
    ];
    let mut values: [*mut c_void; 5] = [
        log.as_mut_ptr().cast(),
        without_provenance_mut(log.len()),
        info.as_mut_ptr().cast(),
        without_provenance_mut(info.len()),
        without_provenance_mut(4),
    ];
    let mut load = |image: *const c_void| {
        // SAFETY: good arrays of so many.
        unsafe {
            let (options, values) = (options.as_mut_ptr(), values.as_mut_ptr());
            cuModuleLoadDataEx(&mut null_mut(), image, 5, options, values)
        }
    };
    fails!(load(text.as_ptr().cast()), CUDA_ERROR_INVALID_PTX);
    // SAFETY: the driver ended it with 0.
    let said = unsafe { CStr::from_ptr(log.as_ptr()) }.to_str().unwrap();
    assert!(said.starts_with("line 4:1: "), "{said}");
    assert_eq!(values[1].addr(), said.len());
    assert_eq!((values[3].addr(), info[0]), (0, 0));
    // A short buffer is filled and ended.
    log[..4].fill(1);
    values[1] = without_provenance_mut(4);
    let (o, v) = (options.as_mut_ptr(), values.as_mut_ptr());
    fails!(
        cuModuleLoadDataEx(&mut null_mut(), text.as_ptr().cast(), 2, o, v),
        CUDA_ERROR_INVALID_PTX
    );
    assert_eq!(log[..4].iter().map(|&byte| byte as u8).collect::<Vec<_>>(), b"lin\0");
    assert_eq!(values[1].addr(), 3);
    fails!(
        cuModuleLoadDataEx(&mut null_mut(), text.as_ptr().cast(), 2, null_mut(), v),
        CUDA_ERROR_INVALID_VALUE
    );
}

#[test]
fn files() {
    let session = Session::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kernels/vec_add.ptx\0");
    let mut module = null_mut();
    ok!(cuModuleLoad(&mut module, path.as_ptr().cast()));
    session.kernel_of(module, "vec_add_scalar");
    let detail = fails!(cuModuleLoad(&mut module, c"/no/such".as_ptr()), CUDA_ERROR_FILE_NOT_FOUND);
    assert!(detail.contains("/no/such: "), "{detail}");
}

#[test]
fn names_that_are_not_there() {
    let session = Session::new();
    let module = session.module(KERNELS);
    let detail = fails!(
        cuModuleGetFunction(&mut null_mut(), module, c"none".as_ptr()),
        CUDA_ERROR_NOT_FOUND
    );
    assert!(detail.contains("there is no kernel none; the module has store, add"), "{detail}");
    fails!(cuModuleGetGlobal_v2(&mut 0, &mut 0, module, c"none".as_ptr()), CUDA_ERROR_NOT_FOUND);
    fails!(
        cuModuleGetFunction(&mut null_mut(), module, c"\xff".as_ptr()),
        CUDA_ERROR_INVALID_VALUE
    );
}

#[test]
fn kernels_and_their_figures() {
    let session = Session::new();
    let module = session.module(KERNELS);
    let kernel = session.kernel_of(module, "sized");
    assert_eq!(kernel, session.kernel_of(module, "sized"));
    let figure = |kernel, attribute| {
        let mut value = -9;
        ok!(cuFuncGetAttribute(&mut value, attribute, kernel));
        value
    };
    assert_eq!(figure(kernel, 0), 1024);
    assert_eq!(figure(session.kernel_of(module, "bounded"), 0), 64);
    assert_eq!(figure(kernel, 1), 1024);
    assert_eq!(figure(kernel, 4), 0);
    assert_eq!(figure(kernel, 8), 47 << 10);
    assert_eq!(figure(kernel, 9), -1);
    ok!(cuFuncSetAttribute(kernel, 9, 50));
    assert_eq!(figure(kernel, 9), 50);
    fails!(cuFuncGetAttribute(&mut 0, 16, kernel), CUDA_ERROR_INVALID_VALUE);
    fails!(cuFuncSetAttribute(kernel, 9, 101), CUDA_ERROR_INVALID_VALUE);
    let mut name = std::ptr::null();
    ok!(cuFuncGetName(&mut name, kernel));
    // SAFETY: a C string of the driver.
    assert_eq!(unsafe { CStr::from_ptr(name) }, c"sized");
    let mut of = null_mut();
    ok!(cuFuncGetModule(&mut of, kernel));
    assert_eq!(of, module);
    ok!(cuFuncSetCacheConfig(kernel, 1));
    fails!(cuFuncSetCacheConfig(kernel, 7), CUDA_ERROR_INVALID_VALUE);
    ok!(cuFuncSetSharedMemConfig(kernel, 1));
}

#[test]
fn variables() {
    let session = Session::new();
    let module = session.module(KERNELS);
    let (mut at, mut size) = (0, 0);
    ok!(cuModuleGetGlobal_v2(&mut at, &mut size, module, c"counter".as_ptr()));
    assert_eq!((size, read(at)), (8, 7));
    ok!(launch(session.kernel_of(module, "double"), null_mut(), &[at]));
    assert_eq!(read(at), 14);
    // It is the module's.
    fails!(cuMemFree_v2(at), CUDA_ERROR_INVALID_VALUE);
    ok!(cuModuleGetGlobal_v2(&mut at, null_mut(), module, c"table".as_ptr()));
    assert_eq!(read(at), 2 << 32 | 1);
    write(at, 9);
    assert_eq!(read(at), 9);
    // A kernel may not write to a constant.
    ok!(launch(session.kernel_of(module, "store"), null_mut(), &[at, 1]));
    fails!(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

#[test]
fn the_linker_takes_one_text() {
    let session = Session::new();
    let mut link = null_mut();
    ok!(cuLinkCreate_v2(0, null_mut(), null_mut(), &mut link));
    let (mut image, mut size) = (null_mut(), 0);
    fails!(cuLinkComplete(link, &mut image, &mut size), CUDA_ERROR_INVALID_IMAGE);
    let add = |text: &[u8], kind| {
        let data = text.as_ptr().cast_mut().cast();
        // SAFETY: so many bytes.
        unsafe {
            let none = null_mut();
            cuLinkAddData_v2(link, kind, data, text.len(), c"k".as_ptr(), 0, null_mut(), none)
        }
    };
    fails!(add(KERNELS.as_bytes(), 0), CUDA_ERROR_NO_BINARY_FOR_GPU);
    fails!(add(b"nonsense", 1), CUDA_ERROR_INVALID_PTX);
    ok!(add(KERNELS.as_bytes(), 1));
    fails!(add(KERNELS.as_bytes(), 1), CUDA_ERROR_NOT_SUPPORTED);
    ok!(cuLinkComplete(link, &mut image, &mut size));
    assert_eq!(size, KERNELS.len() + 1);
    let mut module = null_mut();
    ok!(cuModuleLoadData(&mut module, image));
    ok!(cuLinkDestroy(link));
    session.kernel_of(module, "store");
    fails!(cuLinkComplete(link, &mut image, &mut size), CUDA_ERROR_INVALID_HANDLE);
}
