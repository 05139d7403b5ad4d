//! Constants and constant expressions (PTX ISA, section 4.5).

/// A literal, or a negated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Literal {
    /// An integer of 64 bits.
    Int {
        /// Its bits, in two's complement where it is signed.
        value: u64,
        /// Whether it is of type `.u64`: written with a `U`, or too large for `.s64`.
        unsigned: bool,
    },
    /// The bits of a float of single precision, as `0f3F800000` gives them.
    Single(u32),
    /// The bits of a float of double precision, as `0d3FF0000000000000` or `1.0` gives them.
    Double(u64),
}

impl Literal {
    /// A signed integer.
    pub fn signed(value: i64) -> Self {
        Literal::Int { value: value as u64, unsigned: false }
    }

    /// An unsigned integer.
    pub fn unsigned(value: u64) -> Self {
        Literal::Int { value, unsigned: true }
    }

    /// What a minus right before the literal makes of it; `None` where the sign is an operation (`-1U`).
    pub(crate) fn negated(self) -> Option<Self> {
        match self {
            Literal::Int { value, unsigned: false } => {
                Some(Literal::Int { value: value.wrapping_neg(), unsigned: false })
            }
            Literal::Int { .. } => None,
            Literal::Single(bits) => Some(Literal::Single(bits ^ (1 << 31))),
            Literal::Double(bits) => Some(Literal::Double(bits ^ (1 << 63))),
        }
    }

    /// Whether it is written with a minus before it.
    pub(crate) fn is_negative(self) -> bool {
        matches!(self, Literal::Int { value, unsigned: false } if (value as i64) < 0)
    }
}

/// A constant expression, or the address of a symbol with arithmetic about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr<'a> {
    /// A literal.
    Literal(Literal),
    /// The address of a variable or function; `WARP_SZ`; or a register with an offset, where operands allow it.
    Name(&'a str),
    /// `generic(x)`: the generic address.
    Generic(Box<Expr<'a>>),
    /// `0xff00(x)`: the bits of `x` under the mask, moved down.
    Mask(u64, Box<Expr<'a>>),
    /// A prefix operator.
    Unary(UnaryOp, Box<Expr<'a>>),
    /// `(.s64)x` or `(.u64)x`.
    Cast(Cast, Box<Expr<'a>>),
    /// An operator between two.
    Binary(BinaryOp, Box<[Expr<'a>; 2]>),
    /// `a ? b : c`.
    Conditional(Box<[Expr<'a>; 3]>),
}

/// Defines an enum of operators.
macro_rules! operators {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $token:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// As PTX writes it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $token,)* }
            }
        }
    };
}

operators! {
    /// A prefix operator.
    UnaryOp {
        /// Plus.
        Plus = "+",
        /// Minus.
        Minus = "-",
        /// Logical negation.
        Not = "!",
        /// Complement.
        Complement = "~",
    }
}

operators! {
    /// A cast.
    Cast {
        /// To signed.
        S64 = "(.s64)",
        /// To unsigned.
        U64 = "(.u64)",
    }
}

operators! {
    /// An operator between two expressions.
    BinaryOp {
        /// Product.
        Multiply = "*",
        /// Quotient.
        Divide = "/",
        /// Remainder, unsigned.
        Remainder = "%",
        /// Sum.
        Add = "+",
        /// Difference.
        Subtract = "-",
        /// Right shift; arithmetic if the left side is signed.
        ShiftRight = ">>",
        /// Left shift.
        ShiftLeft = "<<",
        /// At most.
        LessEqual = "<=",
        /// At least.
        GreaterEqual = ">=",
        /// Less.
        Less = "<",
        /// More.
        Greater = ">",
        /// The same.
        Equal = "==",
        /// Not the same.
        NotEqual = "!=",
        /// Logical and.
        LogicalAnd = "&&",
        /// Logical or.
        LogicalOr = "||",
        /// Bitwise and.
        And = "&",
        /// Bitwise exclusive or.
        Xor = "^",
        /// Bitwise or.
        Or = "|",
    }
}

impl BinaryOp {
    /// How tightly it binds, as in C: 10 for products, 1 for `||`.
    pub(crate) fn precedence(self) -> u8 {
        match self {
            BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => 10,
            BinaryOp::Add | BinaryOp::Subtract => 9,
            BinaryOp::ShiftRight | BinaryOp::ShiftLeft => 8,
            BinaryOp::LessEqual | BinaryOp::GreaterEqual | BinaryOp::Less | BinaryOp::Greater => 7,
            BinaryOp::Equal | BinaryOp::NotEqual => 6,
            BinaryOp::And => 5,
            BinaryOp::Xor => 4,
            BinaryOp::Or => 3,
            BinaryOp::LogicalAnd => 2,
            BinaryOp::LogicalOr => 1,
        }
    }
}
