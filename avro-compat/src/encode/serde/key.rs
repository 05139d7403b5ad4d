//! What is only taken as one kind of thing: keys, which are strings, and bytes, which are small numbers.

use serde_core::ser::{Error as _, Impossible, Serialize, Serializer};

use super::Result;
use super::fault::SerdeFault;

/// A name of a field, or a key of a map.
pub(super) struct Key;

/// One of some bytes.
pub(super) struct Octet;

macro_rules! refuse {
    ($wanted:literal: $($method:ident($($ty:ty),*);)*) => {
        $(fn $method(self, $(_: $ty),*) -> Result<Self::Ok> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        })*
    };
}

/// What neither of the two is.
macro_rules! refuse_all {
    ($ok:ty, $wanted:literal) => {
        type Ok = $ok;
        type Error = SerdeFault;
        type SerializeSeq = Impossible<$ok, SerdeFault>;
        type SerializeTuple = Impossible<$ok, SerdeFault>;
        type SerializeTupleStruct = Impossible<$ok, SerdeFault>;
        type SerializeTupleVariant = Impossible<$ok, SerdeFault>;
        type SerializeMap = Impossible<$ok, SerdeFault>;
        type SerializeStruct = Impossible<$ok, SerdeFault>;
        type SerializeStructVariant = Impossible<$ok, SerdeFault>;

        refuse! { $wanted:
            serialize_bool(bool); serialize_f32(f32); serialize_f64(f64); serialize_bytes(&[u8]); serialize_none(); serialize_unit();
            serialize_unit_struct(&'static str);
        }

        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<$ok> {
            value.serialize(self)
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<$ok> {
            value.serialize(self)
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self, _: &'static str, _: u32, _: &'static str, _: &T,
        ) -> Result<$ok> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }

        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }

        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }

        fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }

        fn serialize_tuple_variant(
            self, _: &'static str, _: u32, _: &'static str, _: usize,
        ) -> Result<Self::SerializeTupleVariant> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }

        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }

        fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }

        fn serialize_struct_variant(
            self, _: &'static str, _: u32, _: &'static str, _: usize,
        ) -> Result<Self::SerializeStructVariant> {
            Err(SerdeFault::custom(concat!("expected ", $wanted)))
        }
    };
}

impl Serializer for Key {
    refuse_all!(String, "a string as a key");
    refuse! { "a string as a key":
        serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64); serialize_u8(u8); serialize_u16(u16);
        serialize_u32(u32); serialize_u64(u64);
    }

    fn serialize_char(self, value: char) -> Result<String> {
        Ok(value.to_string())
    }

    fn serialize_str(self, value: &str) -> Result<String> {
        Ok(value.to_owned())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<String> {
        Ok(name.to_owned())
    }
}

macro_rules! octets {
    ($($method:ident $ty:ty;)*) => {
        $(fn $method(self, value: $ty) -> Result<u8> {
            u8::try_from(value).map_err(|_| SerdeFault::custom(format_args!("{value} is no byte")))
        })*
    };
}

impl Serializer for Octet {
    refuse_all!(u8, "a number from 0 to 255 as a byte");
    refuse! { "a number from 0 to 255 as a byte":
        serialize_char(char); serialize_str(&str); serialize_unit_variant(&'static str, u32, &'static str);
    }
    octets! {
        serialize_i8 i8; serialize_i16 i16; serialize_i32 i32; serialize_i64 i64; serialize_u16 u16; serialize_u32 u32;
        serialize_u64 u64;
    }

    fn serialize_u8(self, value: u8) -> Result<u8> {
        Ok(value)
    }
}
