//! Values to bytes (specification, "Binary Encoding").

#[cfg(feature = "serde")]
mod serde;

use crate::Result;
use crate::binary::output;
use crate::error::EncodeError;
use crate::schema::{Node, Schema, Type, TypeId};
use crate::value::{MAX_DEPTH, MOST_DEPTH, Value};

/// Writes values of one schema.
///
/// ```
/// use avro_compat::{Encoder, Schema, Value};
///
/// let schema = Schema::parse(r#"{"type": "record", "name": "test", "fields": [
///     {"name": "a", "type": "long"}, {"name": "b", "type": "string"}]}"#)?;
/// let value = Value::Record(vec![Value::Long(27), Value::String("foo".into())]);
/// assert_eq!(Encoder::new(&schema).encode(&value)?, b"\x36\x06foo");
/// # Ok::<(), avro_compat::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    schema: Schema,
    max_depth: u32,
}

impl Encoder {
    /// An encoder. Costs nothing.
    pub fn new(schema: &Schema) -> Self {
        Self { schema: schema.clone(), max_depth: MAX_DEPTH }
    }

    /// The same for values that nest so deep, at most 400; by default 200.
    pub fn max_depth(mut self, max_depth: u32) -> Self {
        self.max_depth = max_depth.min(MOST_DEPTH);
        self
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The bytes of a value.
    ///
    /// # Errors
    ///
    /// If it is no value of the schema.
    pub fn encode(&self, value: &Value) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.encode_to(value, &mut out)?;
        Ok(out)
    }

    /// Appends the bytes of a value.
    ///
    /// # Errors
    ///
    /// If it is no value of the schema; nothing is then appended.
    pub fn encode_to(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let before = out.len();
        let written = write(&self.schema, self.schema.root(), value, out, self.max_depth);
        self.whole(written, out, before)
    }

    /// The bytes of a type of serde, as [`Resolver::decode_as`](crate::Resolver::decode_as) reads it.
    ///
    /// Records are structs or maps, whose fields may be in any order (those that come before their turn are copied); what is missing takes
    /// the default of the schema, and what the record has not is an error. Enums are enums or strings; bytes and fixed are bytes or sequences of numbers. In a
    /// union, an `Option` is null or what else there is; a variant that holds something is the branch of its name (without namespace, or the kind,
    /// or the full name), one that holds nothing a symbol of an enum; a struct is the record of its name, or the only record; all else is the first
    /// branch of its kind, in the order of how well it fits. Numbers have to be in range, and exact. Logical types are as the types beneath.
    ///
    /// ```
    /// use avro_compat::{Encoder, Resolver, Schema};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    /// struct Tweet { text: String, lang: Option<String> }
    ///
    /// let schema = Schema::parse(r#"{"type": "record", "name": "Tweet", "fields": [
    ///     {"name": "lang", "type": ["null", "string"]}, {"name": "text", "type": "string"}, {"name": "likes", "type": "int", "default": 0}]}"#)?;
    /// let tweet = Tweet { text: "hi".into(), lang: None };
    /// let bytes = Encoder::new(&schema).encode_from(&tweet)?;
    /// assert_eq!(bytes, b"\x00\x04hi\x00");
    /// assert_eq!(Resolver::new(&schema, &schema)?.decode_as::<Tweet>(&bytes)?, tweet);
    /// # Ok::<(), avro_compat::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is no value of the schema, and where.
    #[cfg(feature = "serde")]
    pub fn encode_from<T: serde_core::Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.encode_from_to(value, &mut out)?;
        Ok(out)
    }

    /// Appends the bytes of a type of serde; as [`encode_from`](Self::encode_from).
    ///
    /// # Errors
    ///
    /// If it is no value of the schema, and where; nothing is then appended.
    #[cfg(feature = "serde")]
    pub fn encode_from_to<T: serde_core::Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let before = out.len();
        let written = serde::write(&self.schema, value, out, self.max_depth);
        self.whole(written, out, before)
    }

    /// All of a value, or nothing and why.
    fn whole(
        &self,
        written: std::result::Result<(), EncodeError>,
        out: &mut Vec<u8>,
        before: usize,
    ) -> Result<()> {
        written.map_err(|error| {
            out.truncate(before);
            if error.reason().is_empty() { too_deep(self.max_depth, error) } else { error }.into()
        })
    }
}

fn too_deep(limit: u32, error: EncodeError) -> EncodeError {
    EncodeError { reason: format!("nested more than {limit} deep"), ..error }
}

/// Appends a value of a type.
pub(crate) fn write(
    schema: &Schema,
    ty: TypeId,
    value: &Value,
    out: &mut Vec<u8>,
    depth: u32,
) -> std::result::Result<(), EncodeError> {
    let node = &schema[ty];
    match (node.ty(), value) {
        (Type::Null, Value::Null) => {}
        (Type::Boolean, Value::Boolean(it)) => out.push(u8::from(*it)),
        (Type::Int, Value::Int(it)) => output::long(out, i64::from(*it)),
        (Type::Long, Value::Long(it)) => output::long(out, *it),
        (Type::Float, Value::Float(it)) => out.extend(it.to_le_bytes()),
        (Type::Double, Value::Double(it)) => out.extend(it.to_le_bytes()),
        (Type::Bytes, Value::Bytes(it)) => output::prefixed(out, it),
        (Type::String, Value::String(it)) => output::prefixed(out, it.as_bytes()),
        (Type::Fixed(fixed), Value::Fixed(it)) if it.len() == fixed.size() as usize => {
            out.extend_from_slice(it);
        }
        (Type::Enum(symbols), Value::Enum(at)) if (*at as usize) < symbols.symbols().len() => {
            output::long(out, i64::from(*at));
        }
        (Type::Union(union), Value::Union(at, inside)) => {
            let Some(branch) = union.branches().get(*at as usize) else {
                return Err(unfit(node, value));
            };
            output::long(out, i64::from(*at));
            write(schema, *branch, inside, out, depth)
                .map_err(|it| it.inside(schema[*branch].branch_name()))?;
        }
        (Type::Record(record), Value::Record(fields)) if record.fields().len() == fields.len() => {
            let depth = depth.checked_sub(1).ok_or_else(|| EncodeError::new(""))?;
            for (field, value) in record.fields().iter().zip(fields) {
                write(schema, field.ty(), value, out, depth)
                    .map_err(|it| it.inside(field.name()))?;
            }
        }
        (Type::Array(items), Value::Array(values)) => {
            let depth = depth.checked_sub(1).ok_or_else(|| EncodeError::new(""))?;
            if !values.is_empty() {
                output::length(out, values.len());
            }
            for (at, value) in values.iter().enumerate() {
                write(schema, *items, value, out, depth).map_err(|it| it.inside(at))?;
            }
            out.push(0);
        }
        (Type::Map(values), Value::Map(entries)) => {
            let depth = depth.checked_sub(1).ok_or_else(|| EncodeError::new(""))?;
            if !entries.is_empty() {
                output::length(out, entries.len());
            }
            for (key, value) in entries {
                output::prefixed(out, key.as_bytes());
                write(schema, *values, value, out, depth).map_err(|it| it.inside(key))?;
            }
            out.push(0);
        }
        _ => return Err(unfit(node, value)),
    }
    Ok(())
}

/// Why a value is none of a type.
#[cold]
pub(crate) fn unfit(node: &Node, value: &Value) -> EncodeError {
    EncodeError::new(match (node.ty(), value) {
        (Type::Fixed(fixed), Value::Fixed(it)) => {
            let (name, size, found) = (fixed.name().full(), fixed.size(), it.len());
            format!("fixed {name:?} has {size} bytes, and this has {found}")
        }
        (Type::Enum(symbols), Value::Enum(at)) => {
            let (name, count) = (symbols.name().full(), symbols.symbols().len());
            format!("enum {name:?} has {count} symbols, and this is symbol {at}")
        }
        (Type::Union(union), Value::Union(at, _)) => {
            let count = union.branches().len();
            format!("the union has {count} branches, and this is of branch {at}")
        }
        (Type::Record(record), Value::Record(fields)) => {
            let (name, count, found) = (record.name().full(), record.fields().len(), fields.len());
            format!("record {name:?} has {count} fields, and this has {found}")
        }
        _ => format!("expected a value of {}, found {}", node.branch_name(), value.described()),
    })
}
