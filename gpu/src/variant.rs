//! Ways to compute the same.

use std::fmt::{Debug, Display};

/// One of several ways to compute the same.
pub trait Variant: Copy + Eq + Debug + Display + Send + Sync + 'static {
    /// What all of them compute, such as `"matmul"`.
    const FAMILY: &'static str;
    /// All of them, from the plainest on.
    const ALL: &'static [Self];

    /// Its name: that of its kernel, where it is one.
    fn name(self) -> &'static str;
}

/// An enum of variants, each with its name and its documentation.
macro_rules! variants {
    ($(#[$doc:meta])* $name:ident: $family:literal { $($(#[$each:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$each])* $variant),*
        }

        impl $crate::Variant for $name {
            const FAMILY: &'static str = $family;
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::Variant::name(*self))
            }
        }
    };
}
pub(crate) use variants;
