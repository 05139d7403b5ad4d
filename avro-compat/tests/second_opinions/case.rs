//! What several decoders make of a datum.

use avro_compat::{ResolveOptions, Resolver, Schema, Type, TypeId, Value};
use serde_json::{Value as Json, json};

use super::{data, generate, known_pairs, reference};

/// A pair of schemas, and data of the writer's.
pub struct Pair {
    pub reader_text: String,
    pub writer_text: String,
    pub reader: Schema,
    pub writer: Schema,
    pub values: Vec<Value>,
    pub data: Vec<Vec<u8>>,
    /// What is read of them here; nothing, if they cannot be.
    pub read: Vec<Option<Value>>,
}

/// How a datum is read by another decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// It refuses what is read here.
    Refuses,
    /// It reads what is refused here.
    Reads,
    /// It reads something else.
    Other,
}

/// A datum that another decoder reads differently.
pub struct Case<'a> {
    pub pair: &'a Pair,
    pub difference: Difference,
    pub value: &'a Value,
    /// Its message.
    pub error: &'a str,
    /// What is read here and there, at one place where that is not the same.
    pub leaves: (Json, Json),
}

/// Drawn pairs, and those that checkers are known to be wrong about.
pub fn pairs(count: u64) -> Vec<Pair> {
    let drawn = (0..count).filter_map(|seed| {
        let (reader, writer) = generate::pair_of(seed);
        of_texts(reader.text(), writer.text(), seed)
    });
    let known = known_pairs::ALL.iter();
    drawn.chain(known.filter_map(|it| of_texts(it.0.to_owned(), it.1.to_owned(), 0))).collect()
}

fn of_texts(reader_text: String, writer_text: String, seed: u64) -> Option<Pair> {
    let reader = Schema::parse(&reader_text).unwrap();
    let writer = Schema::parse(&writer_text).unwrap();
    let (mut values, _) = reference::values(&writer, 12);
    let random = (0..4)
        .filter_map(|it| data::value(&writer, writer.root(), &mut data::Dice(seed * 4 + it), 8));
    values.extend(random);
    if values.is_empty() {
        return None;
    }
    let encoder = avro_compat::Encoder::new(&writer);
    let data: Vec<_> = values.iter().map(|it| encoder.encode(it).unwrap()).collect();
    let options = ResolveOptions { hopeless: true, ..ResolveOptions::default() };
    let resolver = Resolver::with_options(&reader, &writer, &options).unwrap();
    let read = data.iter().map(|it| resolver.decode(it).ok()).collect();
    Some(Pair { reader_text, writer_text, reader, writer, values, data, read })
}

/// A value as the oracle tells of it: without the branches of unions.
pub fn told(schema: &Schema, ty: TypeId, value: &Value) -> Json {
    let double = |it: f64| json!({"double": format!("{:016x}", it.to_bits())});
    let bytes =
        |it: &[u8]| json!({"bytes": it.iter().map(|it| format!("{it:02x}")).collect::<String>()});
    match (schema[ty].ty(), value) {
        (Type::Union(union), Value::Union(at, inside)) => {
            told(schema, union.branches()[*at as usize], inside)
        }
        (Type::Enum(symbols), Value::Enum(at)) => json!(symbols.symbols()[*at as usize]),
        (Type::Array(items), Value::Array(all)) => {
            all.iter().map(|it| told(schema, *items, it)).collect()
        }
        (Type::Map(values), Value::Map(all)) => {
            let all: serde_json::Map<_, _> =
                all.iter().map(|(key, it)| (key.clone(), told(schema, *values, it))).collect();
            json!({"members": all})
        }
        (Type::Record(record), Value::Record(all)) => {
            let all: serde_json::Map<_, _> = record
                .fields()
                .iter()
                .zip(all)
                .map(|(field, it)| (field.name().to_owned(), told(schema, field.ty(), it)))
                .collect();
            json!({"members": all})
        }
        (_, Value::Boolean(it)) => json!(it),
        (_, Value::Int(it)) => json!(it),
        (_, Value::Long(it)) => json!(it),
        (_, Value::Float(it)) => double(f64::from(*it)),
        (_, Value::Double(it)) => double(*it),
        (_, Value::String(it)) => json!(it),
        (_, Value::Bytes(it) | Value::Fixed(it)) => bytes(it),
        _ => Json::Null,
    }
}

/// The places where two values are not the same.
pub fn leaves(one: &Json, other: &Json, into: &mut Vec<(Json, Json)>) {
    match (one, other) {
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).for_each(|(one, other)| leaves(one, other, into));
        }
        (Json::Object(one), Json::Object(other))
            if one.keys().eq(other.keys())
                && !one.contains_key("double")
                && !one.contains_key("bytes") =>
        {
            one.iter().zip(other).for_each(|(one, other)| leaves(one.1, other.1, into));
        }
        _ if one == other => {}
        _ => into.push((one.clone(), other.clone())),
    }
}
