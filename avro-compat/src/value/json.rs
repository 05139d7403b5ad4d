//! Values as JSON (specification, "JSON Encoding").

use super::{LEVELS, MAX_DEPTH, Value};
use crate::error::EncodeError;
use crate::json::{Layout, Writer};
use crate::schema::{Schema, Type, TypeId};

type Result<T> = std::result::Result<T, EncodeError>;

impl Value {
    /// The JSON encoding of a value of a schema, on one line.
    ///
    /// Values of unions other than null are objects with one member, named as the branch: the full name of a named type, as Java writes it.
    /// Bytes are strings of the code points 0 to 255. Floating-point numbers that JSON has no numbers for are the strings `"NaN"`,
    /// `"Infinity"` and `"-Infinity"`. Of keys that are in a map twice both are written.
    ///
    /// # Errors
    ///
    /// If it is no value of the schema, or nested more than 200 deep.
    pub fn to_json(&self, schema: &Schema) -> crate::Result<String> {
        self.to_json_with(schema, Layout::Compact)
    }

    /// The JSON encoding in some layout.
    ///
    /// # Errors
    ///
    /// As [`to_json`](Self::to_json).
    pub fn to_json_with(&self, schema: &Schema, layout: Layout) -> crate::Result<String> {
        let mut out = Writer::new(layout);
        write(schema, schema.root(), self, &mut out, LEVELS)?;
        Ok(out.finish())
    }
}

fn write(schema: &Schema, ty: TypeId, value: &Value, out: &mut Writer, depth: u32) -> Result<()> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(EncodeError::new(format!("nested more than {MAX_DEPTH} deep")));
    };
    let node = &schema[ty];
    match (node.ty(), value) {
        (Type::Null, Value::Null) => out.null(),
        (Type::Boolean, Value::Boolean(it)) => out.boolean(*it),
        (Type::Int, Value::Int(it)) => out.integer(i64::from(*it)),
        (Type::Long, Value::Long(it)) => out.integer(*it),
        (Type::Float, Value::Float(it)) if it.is_finite() => out.raw(&format!("{it:?}")),
        (Type::Double, Value::Double(it)) if it.is_finite() => out.raw(&format!("{it:?}")),
        (Type::Float, Value::Float(it)) => out.string(not_finite(f64::from(*it))),
        (Type::Double, Value::Double(it)) => out.string(not_finite(*it)),
        (Type::Bytes, Value::Bytes(it)) => out.string(&code_points(it)),
        (Type::Fixed(fixed), Value::Fixed(it)) if it.len() == fixed.size() as usize => {
            out.string(&code_points(it));
        }
        (Type::String, Value::String(it)) => out.string(it),
        (Type::Enum(symbols), Value::Enum(at)) if (*at as usize) < symbols.symbols().len() => {
            out.string(&symbols.symbols()[*at as usize]);
        }
        (Type::Record(record), Value::Record(fields)) if record.fields().len() == fields.len() => {
            out.begin_object();
            for (field, value) in record.fields().iter().zip(fields) {
                out.name(field.name());
                write(schema, field.ty(), value, out, depth)
                    .map_err(|it| it.inside(field.name()))?;
            }
            out.end_object();
        }
        (Type::Array(items), Value::Array(values)) => {
            out.begin_array();
            for (at, value) in values.iter().enumerate() {
                write(schema, *items, value, out, depth).map_err(|it| it.inside(at))?;
            }
            out.end_array();
        }
        (Type::Map(values), Value::Map(entries)) => {
            out.begin_object();
            for (key, value) in entries {
                out.name(key);
                write(schema, *values, value, out, depth).map_err(|it| it.inside(key))?;
            }
            out.end_object();
        }
        (Type::Union(union), Value::Union(at, inside))
            if (*at as usize) < union.branches().len() =>
        {
            let branch = union.branches()[*at as usize];
            if matches!(schema[branch].ty(), Type::Null) {
                return write(schema, branch, inside, out, depth);
            }
            out.begin_object();
            out.name(schema[branch].branch_name());
            write(schema, branch, inside, out, depth)
                .map_err(|it| it.inside(schema[branch].branch_name()))?;
            out.end_object();
        }
        _ => return Err(crate::encode::unfit(node, value)),
    }
    Ok(())
}

fn not_finite(number: f64) -> &'static str {
    match number {
        it if it.is_nan() => "NaN",
        it if it > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

fn code_points(bytes: &[u8]) -> String {
    bytes.iter().map(|it| char::from(*it)).collect()
}
