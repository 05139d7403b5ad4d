//! How a function of the driver is written, and what they all do.

use crate::queue::{guarded, in_callback};
use crate::result::{
    Answer, CUDA_ERROR_NOT_PERMITTED, CUDA_SUCCESS, CUresult, Failure, fail, invalid, note,
};
use std::ffi::{CStr, c_char};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether errors are printed.
pub(crate) static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Writes a line to standard error.
pub(crate) fn complain(text: &str) {
    complain_text(&format!("softcuda: {text}"));
}

/// Writes lines to standard error, as they are.
pub(crate) fn complain_text(text: &str) {
    // There is nowhere to say that it could not be said.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Defines functions of the driver: each hands over to the real driver or runs its body, and is listed in `FUNCTIONS`.
macro_rules! export {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $t:ty),* $(,)?) $body:block)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// As NVIDIA's reference of this function says.
            ///
            /// # Safety
            /// Pointers to memory of the host must be null or good for what the reference says is read or written there.
            #[unsafe(no_mangle)]
            #[allow(non_snake_case, reason = "the names of cuda.h")]
            #[allow(clippy::too_many_arguments, reason = "as cuda.h has it")]
            pub unsafe extern "C" fn $name($($arg: $t),*) -> $crate::CUresult {
                use $crate::handover::{Asked, Counterpart};
                const NAME: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(
                    concat!(stringify!($name), "\0").as_bytes(),
                ) {
                    Ok(name) => name,
                    Err(_) => c"",
                };
                static REAL: Counterpart = Counterpart::new(NAME);
                match REAL.ask() {
                    Asked::Soft => $crate::export::answer(stringify!($name), || {
                        // SAFETY: the caller's promise about pointers; bodies follow them by `put`, `get` and their like, which
                        // refuse null.
                        #[allow(unused_unsafe, reason = "not every function has pointers")]
                        unsafe { $body }
                    }),
                    // SAFETY: the real driver's function of this name has this type; its pointers are the caller's promise.
                    Asked::Real(address) => unsafe {
                        let real: unsafe extern "C" fn($($t),*) -> $crate::CUresult =
                            std::mem::transmute(address);
                        real($($arg),*)
                    },
                    Asked::Missing => $crate::CUDA_ERROR_NOT_SUPPORTED,
                }
            }
        )*

        /// Names and addresses of the functions of this module.
        pub(crate) const FUNCTIONS: &[(&str, $crate::export::Address)] =
            &[$((stringify!($name), $crate::export::Address($name as *const ()))),*];
    };
}
pub(crate) use export;

/// The address of a function.
#[derive(Clone, Copy)]
pub(crate) struct Address(pub *const ());

// SAFETY: functions are there for all threads.
unsafe impl Sync for Address {}
// SAFETY: as above.
unsafe impl Send for Address {}

/// Runs the body of a function and turns what it says into a code.
pub(crate) fn answer(name: &'static str, body: impl FnOnce() -> Answer) -> CUresult {
    let body = || {
        if in_callback() {
            return Err(fail(
                CUDA_ERROR_NOT_PERMITTED,
                "functions that a stream calls must not call CUDA",
            ));
        }
        body()
    };
    match guarded(body) {
        Ok(()) => CUDA_SUCCESS,
        Err(failure) => {
            let code = failure.code;
            // "Not yet" is no error.
            if code != crate::CUDA_ERROR_NOT_READY {
                let text = note(name, &failure);
                if VERBOSE.load(Relaxed) {
                    complain(&text);
                }
            }
            code
        }
    }
}

/// Writes an answer to where the caller wants it.
///
/// # Safety
/// `to` is null or good for a write; it need not be aligned.
pub(crate) unsafe fn put<T>(to: *mut T, value: T, what: &str) -> Answer {
    if to.is_null() {
        return Err(null(what));
    }
    // SAFETY: not null, and so good by the caller's promise.
    unsafe { to.write_unaligned(value) };
    Ok(())
}

/// Writes an answer that the caller may not want.
///
/// # Safety
/// As [`put`].
pub(crate) unsafe fn put_if<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: not null, and so good by the caller's promise.
        unsafe { to.write_unaligned(value) };
    }
}

/// Reads what the caller points to.
///
/// # Safety
/// `from` is null or good for a read; it need not be aligned.
pub(crate) unsafe fn get<T: Copy>(from: *const T, what: &str) -> Answer<T> {
    if from.is_null() {
        return Err(null(what));
    }
    // SAFETY: not null, and so good by the caller's promise.
    Ok(unsafe { from.read_unaligned() })
}

/// A C string of the caller.
///
/// # Safety
/// `from` is null or a C string that outlives the call.
pub(crate) unsafe fn text<'a>(from: *const c_char, what: &str) -> Answer<&'a str> {
    if from.is_null() {
        return Err(null(what));
    }
    // SAFETY: not null, and so a C string by the caller's promise.
    let bytes = unsafe { CStr::from_ptr(from) };
    bytes.to_str().map_err(|_| invalid(format!("{what} is not UTF-8: {bytes:?}")))
}

/// Refuses null where something is wanted.
pub(crate) fn not_null<T>(pointer: *const T, what: &str) -> Answer {
    if pointer.is_null() { Err(null(what)) } else { Ok(()) }
}

fn null(what: &str) -> Failure {
    invalid(format!("{what} is null"))
}

/// Writes a C string into a buffer, cut where the buffer ends.
///
/// # Safety
/// `to` is good for writes of `room` bytes, at least one.
pub(crate) unsafe fn put_text(to: *mut c_char, room: usize, text: &str) {
    let len = text.len().min(room.saturating_sub(1));
    // SAFETY: `len + 1` bytes at most, by the caller's promise; text of ours is elsewhere.
    unsafe {
        to.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), len);
        to.add(len).write(0);
    }
}
