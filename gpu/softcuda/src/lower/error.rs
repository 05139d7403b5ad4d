//! Why a module could not be loaded.

use crate::ptx;

/// Why a module could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The text is no PTX, or its names do not resolve.
    #[error("line {0}")]
    Ptx(#[from] ptx::Error),
    /// An instruction that the machine does not have.
    #[error("line {line}: `{opcode}` is not supported{why}")]
    Unsupported {
        /// The line of the text.
        line: u32,
        /// Opcode and modifiers.
        opcode: String,
        /// What about it; empty or beginning with `: `.
        why: String,
    },
    /// An instruction with operands that it does not take.
    #[error("line {line}: `{opcode}`: {why}")]
    Operand {
        /// The line of the text.
        line: u32,
        /// Opcode and modifiers.
        opcode: String,
        /// What is wrong.
        why: String,
    },
    /// Something else that the machine does not have.
    #[error("line {line}: {what}")]
    Module {
        /// The line of the text.
        line: u32,
        /// What it is.
        what: String,
    },
    /// No kernel of this name.
    #[error("there is no kernel {name}; the module has {}", if has.is_empty() { "none".to_owned() } else { has.join(", ") })]
    NoKernel {
        /// The name asked for.
        name: String,
        /// The kernels of the module.
        has: Vec<String>,
    },
}
