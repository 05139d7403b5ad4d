//! State spaces, types and linkage: closed sets of words.

/// Defines an enum of PTX words that are written with a dot before them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word in PTX, without the dot before it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The one that `word` names, without a dot.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, ".{}", self.as_str())
            }
        }
    };
}

words! {
    /// Where a variable lives (PTX ISA, section 5.1).
    Space {
        /// Registers.
        Reg = "reg",
        /// Constant memory.
        Const = "const",
        /// Global memory.
        Global = "global",
        /// Memory of one thread.
        Local = "local",
        /// Parameters of a kernel or function.
        Param = "param",
        /// Memory of one block.
        Shared = "shared",
        /// Texture memory (deprecated since PTX 1.5).
        Tex = "tex",
    }
}

words! {
    /// Who sees a name outside its module (section 11.6).
    Linkage {
        /// Defined in another module.
        Extern = "extern",
        /// Seen by other modules.
        Visible = "visible",
        /// Seen by other modules; gives way to another definition.
        Weak = "weak",
        /// Merged with others of the same name.
        Common = "common",
    }
}

words! {
    /// The type of a variable (sections 5.2 and 5.3).
    Type {
        /// A truth value; only in registers.
        Pred = "pred",
        /// 8 bits without a type.
        B8 = "b8",
        /// 16 bits without a type.
        B16 = "b16",
        /// 32 bits without a type.
        B32 = "b32",
        /// 64 bits without a type.
        B64 = "b64",
        /// 128 bits without a type.
        B128 = "b128",
        /// Unsigned, 8 bits.
        U8 = "u8",
        /// Unsigned, 16 bits.
        U16 = "u16",
        /// Unsigned, 32 bits.
        U32 = "u32",
        /// Unsigned, 64 bits.
        U64 = "u64",
        /// Signed, 8 bits.
        S8 = "s8",
        /// Signed, 16 bits.
        S16 = "s16",
        /// Signed, 32 bits.
        S32 = "s32",
        /// Signed, 64 bits.
        S64 = "s64",
        /// Half precision.
        F16 = "f16",
        /// Two of half precision.
        F16x2 = "f16x2",
        /// Brain float.
        Bf16 = "bf16",
        /// Two brain floats.
        Bf16x2 = "bf16x2",
        /// Single precision with 10 bits of fraction.
        Tf32 = "tf32",
        /// Single precision.
        F32 = "f32",
        /// Two of single precision.
        F32x2 = "f32x2",
        /// Double precision.
        F64 = "f64",
        /// An opaque texture.
        Texref = "texref",
        /// An opaque sampler.
        Samplerref = "samplerref",
        /// An opaque surface.
        Surfref = "surfref",
    }
}

impl Type {
    /// Its size in bytes: 1 for a predicate, which memory does not hold, and 8 for the opaque handles.
    pub fn bytes(self) -> u32 {
        match self {
            Type::Pred | Type::B8 | Type::U8 | Type::S8 => 1,
            Type::B16 | Type::U16 | Type::S16 | Type::F16 | Type::Bf16 => 2,
            Type::B32
            | Type::U32
            | Type::S32
            | Type::F16x2
            | Type::Bf16x2
            | Type::Tf32
            | Type::F32 => 4,
            Type::B64 | Type::U64 | Type::S64 | Type::F64 | Type::F32x2 => 8,
            Type::Texref | Type::Samplerref | Type::Surfref => 8,
            Type::B128 => 16,
        }
    }
}

words! {
    /// How many elements a vector has (section 5.4.2).
    VectorWidth {
        /// Two.
        V2 = "v2",
        /// Four.
        V4 = "v4",
        /// Eight.
        V8 = "v8",
    }
}

impl VectorWidth {
    /// As a number.
    pub fn elements(self) -> u32 {
        match self {
            VectorWidth::V2 => 2,
            VectorWidth::V4 => 4,
            VectorWidth::V8 => 8,
        }
    }
}
