//! Sets of bits with names.

/// Declares a set of bits: constants, `contains`, `|`, and which bits have no name.
macro_rules! flags {
    (
        $(#[$meta:meta])*
        pub struct $name:ident: $bits:ty {
            $($(#[$bit_meta:meta])* $bit:ident = $value:expr;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name($bits);

        impl $name {
            $($(#[$bit_meta])* pub const $bit: Self = Self($value);)*
            /// No bit.
            pub const NONE: Self = Self(0);
            /// Every bit that has a name, with it.
            pub const NAMES: &[(&str, Self)] = &[$((stringify!($bit), Self::$bit)),*];

            /// The set with these bits, whether they have names or not: see [`unknown`](Self::unknown).
            #[must_use]
            pub const fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }

            /// The bits.
            #[must_use]
            pub const fn bits(self) -> $bits {
                self.0
            }

            /// Whether all bits of `other` are in this set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any bit of `other` is in this set.
            #[must_use]
            pub const fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Without the bits of `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The bits that have no name; a request with any is refused.
            #[must_use]
            pub const fn unknown(self) -> $bits {
                self.0 & !(0 $(| Self::$bit.0)*)
            }
        }

        impl core::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut set = f.debug_set();
                for (name, bit) in Self::NAMES {
                    if self.contains(*bit) {
                        set.entry(&format_args!("{name}"));
                    }
                }
                if self.unknown() != 0 {
                    set.entry(&format_args!("{:#x}", self.unknown()));
                }
                set.finish()
            }
        }
    };
}

pub(crate) use flags;
