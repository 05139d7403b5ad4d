//! What all tests need: a context of their own, and small kernels.

use softcuda_driver::*;
use std::ffi::{CString, c_void};
use std::ptr::null_mut;
use std::sync::Once;

/// Asserts that a call succeeds.
macro_rules! ok {
    ($call:expr) => {{
        #[allow(unused_unsafe, reason = "for calls from both kinds of places")]
        // SAFETY: the test's pointers are good, or null.
        let code = unsafe { $call };
        assert_eq!(code, CUDA_SUCCESS, "{}: {:?}", stringify!($call), last_error());
    }};
}

/// Asserts that a call fails with a code; what it failed of.
macro_rules! fails {
    ($call:expr, $code:expr) => {{
        #[allow(unused_unsafe, reason = "for calls from both kinds of places")]
        // SAFETY: the test's pointers are good, or null.
        let code = unsafe { $call };
        assert_eq!(code, $code, "{}: {:?}", stringify!($call), last_error());
        last_error().unwrap_or_default()
    }};
}

pub(crate) use {fails, ok};

/// Initialises softcuda with two devices.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let settings = Settings {
            mode: Some(Mode::Force),
            devices: Some(2),
            memory: Some(256 << 20),
            step_limit: Some(1 << 32),
            ..Settings::default()
        };
        configure(settings).unwrap();
    });
    ok!(cuInit(0));
}

/// A context of the test's own, current on its thread.
pub struct Session {
    pub context: CUcontext,
}

impl Session {
    pub fn new() -> Self {
        Self::on(0)
    }

    pub fn on(device: i32) -> Self {
        init();
        let mut context = null_mut();
        ok!(cuCtxCreate_v2(&mut context, 0, device));
        Self { context }
    }

    pub fn current(&self) {
        ok!(cuCtxSetCurrent(self.context));
    }

    pub fn alloc(&self, bytes: usize) -> CUdeviceptr {
        let mut address = 0;
        ok!(cuMemAlloc_v2(&mut address, bytes));
        address
    }

    pub fn stream(&self) -> CUstream {
        let mut stream = null_mut();
        ok!(cuStreamCreate(&mut stream, CU_STREAM_NON_BLOCKING));
        stream
    }

    pub fn event(&self) -> CUevent {
        let mut event = null_mut();
        ok!(cuEventCreate(&mut event, 0));
        event
    }

    pub fn module(&self, ptx: &str) -> CUmodule {
        let image = CString::new(ptx).unwrap();
        let mut module = null_mut();
        ok!(cuModuleLoadData(&mut module, image.as_ptr().cast()));
        module
    }

    pub fn kernel(&self, name: &str) -> CUfunction {
        self.kernel_of(self.module(KERNELS), name)
    }

    pub fn kernel_of(&self, module: CUmodule, name: &str) -> CUfunction {
        let name = CString::new(name).unwrap();
        let mut kernel = null_mut();
        ok!(cuModuleGetFunction(&mut kernel, module, name.as_ptr()));
        kernel
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            ok!(cuCtxDestroy_v2(self.context));
        }
    }
}

/// Launches one thread of a kernel of parameters of 64 bits.
pub fn launch(kernel: CUfunction, stream: CUstream, args: &[u64]) -> CUresult {
    launch_shape(kernel, [1, 1, 1], [1, 1, 1], 0, stream, args)
}

pub fn launch_shape(
    kernel: CUfunction,
    grid: [u32; 3],
    block: [u32; 3],
    shared: u32,
    stream: CUstream,
    args: &[u64],
) -> CUresult {
    let mut params: Vec<*mut c_void> =
        args.iter().map(|arg| std::ptr::from_ref(arg).cast_mut().cast()).collect();
    // SAFETY: as many arguments as the tests' kernels have, of 64 bits each.
    unsafe {
        cuLaunchKernel(
            kernel,
            grid[0],
            grid[1],
            grid[2],
            block[0],
            block[1],
            block[2],
            shared,
            stream,
            params.as_mut_ptr(),
            null_mut(),
        )
    }
}

pub fn read(at: CUdeviceptr) -> u64 {
    let mut value = 0_u64;
    ok!(cuMemcpyDtoH_v2((&raw mut value).cast(), at, 8));
    value
}

pub fn write(at: CUdeviceptr, value: u64) {
    ok!(cuMemcpyHtoD_v2(at, (&raw const value).cast(), 8));
}

/// Page-locked memory of eight bytes that a kernel can be made to wait for.
pub struct Gate(*mut c_void);

impl Gate {
    pub fn new() -> Self {
        let mut at = null_mut();
        ok!(cuMemAllocHost_v2(&mut at, 8));
        Self(at)
    }

    pub fn address(&self) -> u64 {
        self.0.expose_provenance() as u64
    }

    /// Lets kernels go that wait.
    pub fn open(&self) {
        use std::sync::atomic::{AtomicU64, Ordering::Release};
        // SAFETY: allocated, aligned, and shared with the kernel by atomics alone.
        unsafe { AtomicU64::from_ptr(self.0.cast()) }.store(1, Release);
    }
}

/// `store(at, value)`; `add(at, value)`: of one thread; `double(at)`: doubles the value; `wait(gate)`: until it is not 0; faults: `load(at)`, `trap`,
/// `unaligned(at)`, `assertion`, `forever`; shapes: `bounded` (at most 64 threads), `exact` (exactly 32), `shared` (1024 bytes).
pub const KERNELS: &str = r#"
.version 7.0
.target sm_80
.address_size 64
.global .align 8 .u64 counter = 7;
.const .align 4 .u32 table[4] = {1, 2, 3, 4};
.extern .func __assertfail(.param .b64 message, .param .b64 file, .param .b32 line, .param .b64 function, .param .b64 size);
.global .align 1 .b8 text[9] = {120, 32, 60, 32, 110, 0, 102, 0, 0};
.visible .entry store(.param .u64 at, .param .u64 value) {
    .reg .b64 %d<3>;
    ld.param.u64 %d1, [at];
    ld.param.u64 %d2, [value];
    st.global.u64 [%d1], %d2;
    ret;
}
.visible .entry add(.param .u64 at, .param .u64 value) {
    .reg .b64 %d<4>;
    ld.param.u64 %d1, [at];
    ld.param.u64 %d2, [value];
    ld.global.u64 %d3, [%d1];
    add.u64 %d3, %d3, %d2;
    st.global.u64 [%d1], %d3;
    ret;
}
.visible .entry double(.param .u64 at) {
    .reg .b64 %d<3>;
    ld.param.u64 %d1, [at];
    ld.global.u64 %d2, [%d1];
    add.u64 %d2, %d2, %d2;
    st.global.u64 [%d1], %d2;
    ret;
}
.visible .entry wait(.param .u64 gate) {
    .reg .b64 %d<3>;
    .reg .pred %p;
    ld.param.u64 %d1, [gate];
again:
    ld.volatile.global.u64 %d2, [%d1];
    setp.eq.u64 %p, %d2, 0;
    @%p bra again;
    ret;
}
.visible .entry load(.param .u64 at) {
    .reg .b64 %d<3>;
    .reg .b32 %r;
    ld.param.u64 %d1, [at];
    ld.global.u32 %r, [%d1];
    ret;
}
.visible .entry unaligned(.param .u64 at) {
    .reg .b64 %d<3>;
    ld.param.u64 %d1, [at];
    ld.global.u64 %d2, [%d1+4];
    ret;
}
.visible .entry trapped() {
    trap;
}
.visible .entry assertion() {
    .reg .b64 %d<3>;
    mov.u64 %d1, text;
    cvta.global.u64 %d1, %d1;
    add.u64 %d2, %d1, 6;
    { .param .b64 a; .param .b64 b; .param .b32 c; .param .b64 d; .param .b64 e;
    st.param.b64 [a], %d1; st.param.b64 [b], %d2; st.param.b32 [c], 12; st.param.b64 [d], %d2; st.param.b64 [e], 1;
    call.uni __assertfail, (a, b, c, d, e); }
    ret;
}
.visible .entry forever() {
again:
    bra again;
}
.visible .entry bounded() .maxntid 64, 1, 1 {
    ret;
}
.visible .entry exact() .reqntid 32, 1, 1 {
    ret;
}
.visible .entry sized() {
    .shared .align 4 .b8 room[1024];
    .reg .b64 %d;
    mov.u64 %d, room;
    ret;
}
.visible .entry bytes(.param .align 4 .b8 all[12], .param .u64 at) {
    .reg .b64 %d;
    .reg .b32 %r;
    ld.param.u64 %d, [at];
    ld.param.u32 %r, [all+8];
    st.global.u32 [%d], %r;
    ret;
}
"#;
