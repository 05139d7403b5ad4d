//! PTX: parsing, checking and showing it.
//!
//! Written after the *PTX ISA* manual, versions 7.0 to 9.x. The parser knows the shape of the language, not its instructions: an
//! instruction is an opcode with modifiers, and operands.
//!
//! ```
//! let text = ".version 8.0\n.target sm_80\n.address_size 64\n\
//!             .visible .entry one(.param .u64 out) {\n\
//!                 .reg .b64 %rd<2>;\n\
//!                 ld.param.u64 %rd1, [out];\n\
//!                 st.global.u32 [%rd1], 1;\n\
//!                 ret;\n\
//!             }\n";
//! let module = softcuda::ptx::parse(text)?;
//! let program = softcuda::ptx::resolve(&module)?;
//! let body = &program.kernel("one").unwrap();
//! assert_eq!(body.steps.len(), 3);
//! // What is shown is parsed to the same again.
//! assert_eq!(softcuda::ptx::parse(&module.to_string())?, module);
//!
//! let error = softcuda::ptx::parse(&text.replace("1;", "1")).unwrap_err();
//! assert_eq!(error.to_string(), "8:1: expected `,` or `;` after the operand, found `ret`");
//! # Ok::<(), softcuda::ptx::Error>(())
//! ```

pub mod ast;
mod constant;
mod error;
mod lexer;
pub mod limits;
mod parse;
mod position;
mod print;
pub mod resolve;

pub use ast::Module;
pub use constant::{WARP_SIZE, evaluate};
pub use error::{Error, ErrorKind};
pub use parse::parse;
pub use position::Position;
pub use resolve::{Program, resolve, validate};
