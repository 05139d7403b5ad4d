//! How much a PTX text may ask of the parser.
//!
//! Nothing is allocated from a number in the text: `.reg .b32 %r<4000000000>` and `.shared .b8 a[1000000000]` cost no more than other
//! declarations. The tree is some ten times as large as what compilers write, and at most some three hundred times as large as a text
//! that is made for it, of nothing but braces.

/// Longest text, in bytes.
pub const MAX_TEXT_BYTES: usize = u32::MAX as usize - 1;

/// Deepest nesting of blocks, of braces in an initialiser, of vectors in operands, and of parentheses and prefixes in an expression.
pub const MAX_DEPTH: u32 = 100;

/// Most operators in one constant expression.
pub const MAX_OPERATORS: u32 = 256;

/// Most labels that the ranges of a function's `.branchtargets`, like `N<5>`, may name together.
pub const MAX_RANGE_TARGETS: u64 = 1 << 20;
