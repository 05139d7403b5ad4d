//! One body, compiled for more than one set of vector extensions; the best that the processor has is chosen when a module is loaded.

use super::context::Context;
use super::instruction::{Body, Flow, Instruction};

/// An instruction's meaning.
pub(crate) trait Run: 'static {
    /// Runs it for the lanes of `mask`. Implementations are `#[inline(always)]`, so that they take on the extensions of the
    /// function that they are compiled into.
    ///
    /// # Safety
    /// The context's pointers must be good, and the instruction's rows within the program's.
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow;
}

/// # Safety
/// As [`Run::run`].
unsafe fn plain<R: Run>(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { R::run(cx, ins, mask) }
}

/// # Safety
/// As [`Run::run`], on a processor with these extensions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,f16c")]
unsafe fn avx2<R: Run>(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { R::run(cx, ins, mask) }
}

/// Whether the processor has what the faster bodies are compiled for.
pub(crate) fn fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::sync::LazyLock;
        static FAST: LazyLock<bool> = LazyLock::new(|| {
            is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("f16c")
        });
        *FAST
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The function for a body on this processor.
pub(crate) fn body<R: Run>() -> Body {
    #[cfg(target_arch = "x86_64")]
    if fast() {
        return avx2::<R>;
    }
    plain::<R>
}
