//! Defaults to suggest.

use crate::json::{Layout, Writer};
use crate::schema::{Enum, LogicalType, Schema, Type, TypeId};
use crate::value::format_uuid;

/// Deeper defaults are not suggested.
const DEEPEST: usize = 8;

/// A longer one of a fixed is not, either.
const LONGEST: u32 = 64;

/// A plain default of a type, as JSON: zero, nothing, the first branch. None if there is none that is short.
pub(super) fn plain(schema: &Schema, ty: TypeId) -> Option<String> {
    let mut out = Writer::new(Layout::Compact);
    write(schema, ty, &mut out, DEEPEST)?;
    Some(out.finish())
}

fn write(schema: &Schema, ty: TypeId, out: &mut Writer, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let node = &schema[ty];
    match (node.ty(), node.logical_type()) {
        (Type::Null, _) => out.null(),
        (Type::Boolean, _) => out.boolean(false),
        (Type::Int | Type::Long | Type::Float | Type::Double, _) => out.integer(0),
        (Type::Bytes, Some(LogicalType::Decimal { .. })) => out.string("\0"),
        (Type::Bytes, Some(LogicalType::BigDecimal)) => out.string("\u{2}\0\0"),
        (Type::String, Some(LogicalType::Uuid)) => out.string(&format_uuid([0; 16])),
        (Type::Bytes | Type::String, _) => out.string(""),
        (Type::Fixed(it), _) if it.size() <= LONGEST => {
            out.string(&"\0".repeat(it.size() as usize));
        }
        (Type::Fixed(_), _) => return None,
        (Type::Enum(it), _) => out.string(symbol(it)?),
        (Type::Array(_), _) => {
            out.begin_array();
            out.end_array();
        }
        (Type::Map(_), _) => {
            out.begin_object();
            out.end_object();
        }
        // Programs that hold to older versions take a value of the first branch only.
        (Type::Union(it), _) => write(schema, *it.branches().first()?, out, depth)?,
        (Type::Record(it), _) => {
            out.begin_object();
            for field in it.fields().iter().filter(|it| it.default().is_none()) {
                out.name(field.name());
                write(schema, field.ty(), out, depth)?;
            }
            out.end_object();
        }
    }
    Some(())
}

/// A symbol for what is not known: its default, else one that says so, else the first.
pub(super) fn symbol(symbols: &Enum) -> Option<&str> {
    const UNKNOWN: [&str; 5] = ["unknown", "unspecified", "undefined", "other", "none"];
    let says = |it: &str| {
        let lower = it.to_ascii_lowercase();
        UNKNOWN.iter().any(|it| lower == *it || lower.ends_with(&format!("_{it}")))
    };
    let mut all = symbols.symbols().iter().map(|it| &**it);
    let says_so = all.clone().find(|it| says(it));
    symbols.default_symbol().or(says_so).or_else(|| all.next())
}
