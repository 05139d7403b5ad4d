//! Who answers: softcuda, or a real `libcuda.so.1`.

use crate::result::{
    Answer, CUDA_ERROR_INVALID_VALUE, CUDA_ERROR_NO_DEVICE, CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
    CUDA_SUCCESS, CUresult, Failure, fail,
};
use crate::settings::{Mode, Settings};
use crate::soft::Soft;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{CStr, c_int, c_uint, c_void};
use std::path::Path;
use std::sync::OnceLock;

/// Drivers before 11.0 do not take PTX for sm_80.
const OLDEST: c_int = 11_000;

/// Where the loader may not look, but distributions put it (Debian, Red Hat, WSL, containers).
const PLACES: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
    "/usr/lib/aarch64-linux-gnu/libcuda.so.1",
    "/usr/lib64/libcuda.so.1",
    "/usr/lib/wsl/lib/libcuda.so.1",
    "/usr/local/nvidia/lib64/libcuda.so.1",
];

/// Present in every library that softcuda-driver is part of.
const MARKER: &CStr = c"softcuda_last_error";

/// A real driver.
pub(crate) struct Real {
    library: Library,
    path: String,
}

/// Who answers, from the first call to the end of the process.
enum Decision {
    Soft(Box<Soft>),
    Real(Real),
    Nobody(Failure),
}

static DECISION: OnceLock<Decision> = OnceLock::new();

/// Whether it has been decided who answers.
pub(crate) fn decided() -> bool {
    DECISION.get().is_some()
}

/// Softcuda, deciding first where nobody has yet.
pub(crate) fn soft() -> Answer<&'static Soft> {
    match DECISION.get_or_init(decide) {
        Decision::Soft(soft) => Ok(soft),
        Decision::Nobody(failure) => Err(failure.clone()),
        // Functions ask only when they have not been handed over.
        Decision::Real(_) => Err(fail(CUDA_ERROR_NO_DEVICE, "handed over to the real driver")),
    }
}

/// Path of the real driver that everything is handed over to; `None` while nothing was called, and on softcuda.
pub fn real_driver() -> Option<&'static str> {
    match DECISION.get() {
        Some(Decision::Real(real)) => Some(&real.path),
        _ => None,
    }
}

fn decide() -> Decision {
    let settings = match Settings::gather() {
        Ok(settings) => settings,
        Err(message) => {
            crate::export::complain(&message);
            return Decision::Nobody(fail(CUDA_ERROR_INVALID_VALUE, message));
        }
    };
    let mode = settings.mode.unwrap_or_default();
    let verbose = settings.verbose == Some(true);
    if mode != Mode::Force {
        match Real::find(settings.library.as_deref()) {
            Ok(real) => {
                if verbose {
                    crate::export::complain(&format!("handing over to {}", real.path));
                }
                return Decision::Real(real);
            }
            Err(failure) if mode == Mode::Never => return Decision::Nobody(failure),
            Err(failure) => {
                if verbose {
                    crate::export::complain(&format!("no real driver: {}", failure.detail));
                }
            }
        }
    }
    Decision::Soft(Box::new(Soft::new(&settings)))
}

impl Real {
    /// The first real driver that has a device and is not too old.
    fn find(path: Option<&str>) -> Result<Self, Failure> {
        let candidates: Vec<&str> = match path {
            Some(path) => vec![path],
            None => std::iter::once("libcuda.so.1")
                .chain(PLACES.into_iter().filter(|place| Path::new(place).exists()))
                .collect(),
        };
        let mut last = fail(CUDA_ERROR_NO_DEVICE, "no libcuda.so.1 was found");
        for candidate in candidates {
            match Self::open(candidate) {
                Ok(real) => return Ok(real),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    fn open(path: &str) -> Result<Self, Failure> {
        let no = |why: String| fail(CUDA_ERROR_NO_DEVICE, format!("{path}: {why}"));
        // SAFETY: opening runs the library's initialisers. It is the driver of the system, which every CUDA program runs, or what
        // the user named in its place.
        let opened = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL | deep_bind()) };
        let real = Self { library: opened.map_err(|e| no(e.to_string()))?, path: path.to_owned() };
        if real.symbol(MARKER).is_some() {
            return Err(no("it is softcuda".to_owned()));
        }
        let (Some(init), Some(count), Some(version)) = (
            real.symbol(c"cuInit"),
            real.symbol(c"cuDeviceGetCount"),
            real.symbol(c"cuDriverGetVersion"),
        ) else {
            return Err(no("it lacks cuInit, cuDeviceGetCount or cuDriverGetVersion".to_owned()));
        };
        let mut found = 0;
        // SAFETY: the driver's functions of these names have these types.
        let (code, devices) = unsafe {
            let init: extern "C" fn(c_uint) -> CUresult = std::mem::transmute(init);
            let count: unsafe extern "C" fn(*mut c_int) -> CUresult = std::mem::transmute(count);
            let version: unsafe extern "C" fn(*mut c_int) -> CUresult =
                std::mem::transmute(version);
            if version(&mut found) == CUDA_SUCCESS && found < OLDEST {
                let why = format!("its version {found} is below {OLDEST}");
                return Err(fail(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, format!("{path}: {why}")));
            }
            let mut devices = 0;
            let code = match init(0) {
                CUDA_SUCCESS => count(&mut devices),
                failed => failed,
            };
            (code, devices)
        };
        match code {
            CUDA_SUCCESS if devices > 0 => Ok(real),
            CUDA_SUCCESS => Err(no("it has no device".to_owned())),
            failed => Err(Failure { code: failed, ..no(format!("cuInit: {failed}")) }),
        }
    }

    fn symbol(&self, name: &CStr) -> Option<*mut c_void> {
        // SAFETY: the symbol is only turned into an address here.
        let symbol = unsafe { self.library.get::<*mut c_void>(name.to_bytes_with_nul()) }.ok()?;
        let address = symbol.into_raw();
        (!address.is_null()).then_some(address)
    }
}

/// Where softcuda itself stands in for `libcuda.so.1`, its names must not be found in place of the real driver's own.
fn deep_bind() -> c_int {
    // SAFETY: nothing is called.
    let taken = unsafe { Library::this().get::<*mut c_void>(MARKER.to_bytes_with_nul()) }.is_ok();
    #[cfg(target_env = "gnu")]
    const RTLD_DEEPBIND: c_int = 8;
    #[cfg(not(target_env = "gnu"))]
    const RTLD_DEEPBIND: c_int = 0;
    if taken { RTLD_DEEPBIND } else { 0 }
}

/// Whom a function is to ask.
pub(crate) enum Asked {
    /// Softcuda.
    Soft,
    /// The real driver's function at this address.
    Real(*mut c_void),
    /// The real driver, which has no such function.
    Missing,
}

/// A function's counterpart in the real driver, looked up once.
pub(crate) struct Counterpart {
    name: &'static CStr,
    found: OnceLock<Option<usize>>,
}

impl Counterpart {
    pub(crate) const fn new(name: &'static CStr) -> Self {
        Self { name, found: OnceLock::new() }
    }

    /// Whom to ask. Nobody has decided before the first call of `cuInit`, `cuDriverGetVersion` or `cuGetProcAddress`.
    pub(crate) fn ask(&self) -> Asked {
        const DECIDING: [&CStr; 4] =
            [c"cuInit", c"cuDriverGetVersion", c"cuGetProcAddress", c"cuGetProcAddress_v2"];
        let decision = match DECISION.get() {
            None if DECIDING.contains(&self.name) => DECISION.get_or_init(decide),
            None => return Asked::Soft,
            Some(decision) => decision,
        };
        let Decision::Real(real) = decision else {
            return Asked::Soft;
        };
        let find = || real.symbol(self.name).map(|address| address.expose_provenance());
        match self.found.get_or_init(find) {
            Some(address) => Asked::Real(std::ptr::with_exposed_provenance_mut(*address)),
            None => Asked::Missing,
        }
    }
}
