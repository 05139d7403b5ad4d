//! Values of schemas.

use avro_compat::{Schema, Type, TypeId, Value};

/// Numbers that a seed determines.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// A value of a type; none if there is none that nests at most so deep.
pub fn value(schema: &Schema, ty: TypeId, dice: &mut Dice, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    // Far inside, things are short.
    let count = |dice: &mut Dice| if depth < 4 { 0 } else { dice.below(4) };
    Some(match schema[ty].ty() {
        Type::Null => Value::Null,
        Type::Boolean => Value::Boolean(dice.below(2) == 1),
        Type::Int => {
            Value::Int(dice.pick(&[0, -1, 1, 63, 64, -64, -65, i32::MAX, i32::MIN, 12345]))
        }
        Type::Long => {
            let other = dice.next() as i64 >> dice.below(64);
            Value::Long(dice.pick(&[0, -1, 1 << 53 | 1, i64::MAX, i64::MIN, other]))
        }
        Type::Float => Value::Float(dice.pick(&[0.0, -0.0, 1.5, f32::MAX, f32::INFINITY, 1e-45])),
        Type::Double => Value::Double(dice.pick(&[0.0, -0.0, 2.5e-3, f64::MAX, f64::NEG_INFINITY])),
        Type::Bytes => {
            Value::Bytes(dice.pick(&[vec![], b"abc".to_vec(), vec![0xFF, 0], vec![7; 70]]))
        }
        Type::String => Value::String(
            dice.pick(&["", "foo", "\u{1f980}\0\"", "long ".repeat(15).as_str()]).to_owned(),
        ),
        Type::Fixed(fixed) => Value::Fixed((0..fixed.size()).map(|_| dice.next() as u8).collect()),
        Type::Enum(symbols) if symbols.symbols().is_empty() => return None,
        Type::Enum(symbols) => Value::Enum(dice.below(symbols.symbols().len()) as u32),
        Type::Record(record) => {
            let fields = record.fields().iter().map(|it| value(schema, it.ty(), dice, depth));
            Value::Record(fields.collect::<Option<_>>()?)
        }
        Type::Array(items) => {
            let items = (0..count(dice)).map_while(|_| value(schema, *items, dice, depth));
            Value::Array(items.collect())
        }
        Type::Map(values) => {
            let entries = (0..count(dice))
                .map_while(|at| Some((format!("k{at}"), value(schema, *values, dice, depth)?)));
            Value::Map(entries.collect())
        }
        Type::Union(union) => {
            let count = union.branches().len();
            let first = dice.below(count);
            let found = (0..count)
                .map(|it| (first + it) % count)
                .find_map(|at| Some((at, value(schema, union.branches()[at], dice, depth)?)));
            let (at, inside) = found?;
            Value::Union(at as u32, Box::new(inside))
        }
    })
}

/// Whether two values are the same, bit by bit.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (Value::Double(one), Value::Double(other)) => one.to_bits() == other.to_bits(),
        (Value::Record(one), Value::Record(other)) | (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.0 == other.0 && same(&one.1, &other.1))
        }
        (Value::Union(at, one), Value::Union(other_at, other)) => {
            at == other_at && same(one, other)
        }
        (one, other) => one == other,
    }
}
