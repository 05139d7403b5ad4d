//! Modules, kernels, variables.

use crate::export::{export, not_null, put, put_if, put_text, text};
use crate::module::{Function, LoadedModule, SHARED, load, read_image};
use crate::result::{
    Answer, CUDA_ERROR_FILE_NOT_FOUND, CUDA_ERROR_NOT_FOUND, CUDA_ERROR_OUT_OF_MEMORY, Failure,
    fail, invalid,
};
use crate::soft::{current, soft};
use crate::types::{
    CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, CU_JIT_INFO_LOG_BUFFER,
    CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, CUdeviceptr, CUfunction, CUmodule,
};
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr::without_provenance_mut;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

const MAX_DYNAMIC_SHARED: c_int = 8;
const CARVEOUT: c_int = 9;

export! {
    /// Loads a module of PTX into the current context.
    fn cuModuleLoadData(module: *mut CUmodule, image: *const c_void) {
        load_image(module, image, &Log::default())
    }

    /// As [`cuModuleLoadData`]. Of the options, the buffers for messages are filled: `CU_JIT_ERROR_LOG_BUFFER` with what is wrong in which
    /// line and column. The others have no effect.
    fn cuModuleLoadDataEx(
        module: *mut CUmodule,
        image: *const c_void,
        numOptions: c_uint,
        options: *mut c_uint,
        optionValues: *mut *mut c_void,
    ) {
        load_image(module, image, &Log::read(numOptions, options, optionValues)?)
    }

    /// As [`cuModuleLoadData`]; a fat binary must be PTX too.
    fn cuModuleLoadFatBinary(module: *mut CUmodule, fatCubin: *const c_void) {
        load_image(module, fatCubin, &Log::default())
    }

    /// Loads a module from a file of PTX.
    fn cuModuleLoad(module: *mut CUmodule, fname: *const c_char) {
        not_null(fname, "fname")?;
        let path = std::ffi::OsStr::from_bytes(CStr::from_ptr(fname).to_bytes());
        let mut image = std::fs::read(path).map_err(|error| {
            fail(CUDA_ERROR_FILE_NOT_FOUND, format!("{}: {error}", path.display()))
        })?;
        image.push(0);
        load_image(module, image.as_ptr().cast(), &Log::default())
    }

    /// Ends a module. Its kernels that are under way go on.
    fn cuModuleUnload(hmod: CUmodule) {
        let (soft, context) = current()?;
        let handle = hmod.addr() as u64;
        soft.modules.get(handle)?;
        // Work under way may use the module's variables.
        context.queue.drain();
        soft.modules.remove(handle)?;
        soft.functions.remove_where(|function| function.module == handle);
        Ok(())
    }

    /// A kernel of a module.
    fn cuModuleGetFunction(hfunc: *mut CUfunction, hmod: CUmodule, name: *const c_char) {
        let (soft, _) = current()?;
        let handle = hmod.addr() as u64;
        let module = soft.modules.get(handle)?;
        let name = text(name, "name")?;
        not_null(hfunc, "hfunc")?;
        let kernel = module
            .module
            .kernel(name)
            .map_err(|error| fail(CUDA_ERROR_NOT_FOUND, error.to_string()))?;
        let mut known = module.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let function = *known.entry(name.to_owned()).or_insert_with(|| {
            let room = SHARED.saturating_sub(kernel.shared_bytes());
            soft.functions.insert(Function {
                context: module.context,
                module: handle,
                name: CString::new(name).unwrap_or_default(),
                kernel,
                max_dynamic_shared: AtomicU32::new(room),
                carveout: AtomicI32::new(-1),
            })
        });
        put(hfunc, without_provenance_mut(function as usize), "hfunc")
    }

    /// Address and size of a variable of a module.
    fn cuModuleGetGlobal_v2(
        dptr: *mut CUdeviceptr,
        bytes: *mut usize,
        hmod: CUmodule,
        name: *const c_char,
    ) {
        let (soft, context) = current()?;
        let module = soft.modules.get(hmod.addr() as u64)?;
        let name = text(name, "name")?;
        if dptr.is_null() && bytes.is_null() {
            return Err(invalid("both dptr and bytes are null"));
        }
        let (address, size) = module
            .module
            .variable(context.device(soft)?, name)
            .map_err(|error| fail(CUDA_ERROR_OUT_OF_MEMORY, error.to_string()))?
            .ok_or_else(|| fail(CUDA_ERROR_NOT_FOUND, format!("there is no variable {name}")))?;
        put_if(dptr, address);
        put_if(bytes, size as usize);
        Ok(())
    }

    /// A figure of a kernel. `CU_FUNC_ATTRIBUTE_NUM_REGS` is what `.maxnreg` says, else 0: PTX does not tell.
    fn cuFuncGetAttribute(pi: *mut c_int, attrib: c_int, hfunc: CUfunction) {
        let soft = soft()?;
        let function = soft.functions.get(hfunc.addr() as u64)?;
        let kernel = &function.kernel;
        let limits = soft.device(0)?.device.limits();
        let value = match attrib {
            0 => kernel.max_threads().unwrap_or(limits.threads).min(limits.threads) as c_int,
            1 => kernel.shared_bytes() as c_int,
            3 => kernel.local_bytes() as c_int,
            4 => kernel.max_registers().unwrap_or(0) as c_int,
            5 | 6 => 80,
            MAX_DYNAMIC_SHARED => function.max_dynamic_shared.load(Relaxed) as c_int,
            CARVEOUT => function.carveout.load(Relaxed),
            // Constants, caching, clusters: none.
            2 | 7 | 10..=15 => 0,
            _ => return Err(invalid(format!("there is no function attribute {attrib}"))),
        };
        put(pi, value, "pi")
    }

    /// Sets the most dynamic shared memory of a kernel, or the preferred split of the first cache (which has no effect).
    fn cuFuncSetAttribute(hfunc: CUfunction, attrib: c_int, value: c_int) {
        let (soft, context) = current()?;
        let function = soft.functions.get(hfunc.addr() as u64)?;
        match attrib {
            MAX_DYNAMIC_SHARED => {
                let most = context.device(soft)?.limits().shared;
                let room = most.saturating_sub(function.kernel.shared_bytes());
                let value = u32::try_from(value).ok().filter(|&value| value <= room);
                let value = value.ok_or_else(|| {
                    let name = function.kernel.name();
                    invalid(format!("kernel {name} can have {room} bytes of dynamic shared memory"))
                })?;
                function.max_dynamic_shared.store(value, Relaxed);
                Ok(())
            }
            CARVEOUT if (-1..=100).contains(&value) => {
                function.carveout.store(value, Relaxed);
                Ok(())
            }
            _ => Err(invalid(format!("attribute {attrib} cannot be set to {value}"))),
        }
    }

    /// Notes a kernel's preferred split of the first cache, which has no effect.
    fn cuFuncSetCacheConfig(hfunc: CUfunction, config: c_uint) {
        let (soft, _) = current()?;
        soft.functions.get(hfunc.addr() as u64)?;
        super::context::cache_config(config)
    }

    /// Notes a kernel's width of banks, which has no effect: it is 4 bytes.
    fn cuFuncSetSharedMemConfig(hfunc: CUfunction, config: c_uint) {
        let (soft, _) = current()?;
        soft.functions.get(hfunc.addr() as u64)?;
        super::context::shared_config(config)
    }

    /// The module of a kernel.
    fn cuFuncGetModule(hmod: *mut CUmodule, hfunc: CUfunction) {
        let module = soft()?.functions.get(hfunc.addr() as u64)?.module;
        put(hmod, without_provenance_mut(module as usize), "hmod")
    }

    /// The name of a kernel, as long as its module is loaded.
    fn cuFuncGetName(name: *mut *const c_char, hfunc: CUfunction) {
        put(name, soft()?.functions.get(hfunc.addr() as u64)?.name.as_ptr(), "name")
    }
}

/// Buffers for the messages of the JIT.
#[derive(Default)]
pub(crate) struct Log {
    error: Buffer,
    info: Buffer,
}

// SAFETY: the buffers are only written under the promise of whoever named them.
unsafe impl Send for Log {}
// SAFETY: as above.
unsafe impl Sync for Log {}

#[derive(Default)]
struct Buffer {
    at: Option<*mut c_char>,
    size: usize,
    /// Where the size is to be told.
    size_at: Option<*mut *mut c_void>,
}

impl Log {
    /// The buffers among options.
    ///
    /// # Safety
    /// The arrays are null or have so many entries.
    pub(crate) unsafe fn read(
        count: c_uint,
        options: *mut c_uint,
        values: *mut *mut c_void,
    ) -> Answer<Self> {
        let mut log = Self::default();
        if count == 0 {
            return Ok(log);
        }
        not_null(options, "options")?;
        not_null(values, "optionValues")?;
        for index in 0..count as usize {
            // SAFETY: there are so many, by the caller's promise.
            let (option, place) =
                unsafe { (options.add(index).read_unaligned(), values.add(index)) };
            // SAFETY: as above.
            let value = unsafe { place.read_unaligned() };
            match option {
                CU_JIT_INFO_LOG_BUFFER => log.info.at = Some(value.cast()),
                CU_JIT_ERROR_LOG_BUFFER => log.error.at = Some(value.cast()),
                // Sizes are 32 bits of the value.
                CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES => {
                    log.info.size = value.addr() as u32 as usize;
                    log.info.size_at = Some(place);
                }
                CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES => {
                    log.error.size = value.addr() as u32 as usize;
                    log.error.size_at = Some(place);
                }
                _ => {}
            }
        }
        Ok(log)
    }

    /// Tells what was wrong, or nothing.
    ///
    /// # Safety
    /// The buffers are good for so many bytes as the options said.
    pub(crate) unsafe fn write(&self, error: &str) {
        // SAFETY: the caller's promise.
        unsafe {
            self.error.write(error);
            self.info.write("");
        }
    }
}

impl Buffer {
    /// # Safety
    /// The buffer is good for writes of its size.
    unsafe fn write(&self, text: &str) {
        let mut filled = 0;
        if let Some(at) = self.at.filter(|at| !at.is_null() && self.size > 0) {
            // SAFETY: not null and not empty, and so good by the caller's promise.
            unsafe { put_text(at, self.size, text) };
            filled = text.len().min(self.size - 1);
        }
        if let Some(place) = self.size_at {
            // SAFETY: the size was read there.
            unsafe { place.write_unaligned(without_provenance_mut(filled)) };
        }
    }
}

/// Loads an image into the current context.
///
/// # Safety
/// The pointers are null or good; an image of text ends with 0.
unsafe fn load_image(to: *mut CUmodule, image: *const c_void, log: &Log) -> Answer {
    let (soft, context) = current()?;
    not_null(to, "module")?;
    not_null(image, "image")?;
    // SAFETY: the caller's promise.
    let loaded = unsafe { read_image(image.cast()) }.and_then(load);
    let message = loaded.as_ref().err().map_or("", |Failure { detail, .. }| detail);
    // SAFETY: the caller's promise.
    unsafe { log.write(message) };
    let module =
        LoadedModule { context: context.handle, module: loaded?, functions: Mutex::default() };
    let handle = soft.modules.insert(module);
    // SAFETY: the caller's promise.
    unsafe { put(to, without_provenance_mut(handle as usize), "module") }
}
