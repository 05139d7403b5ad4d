//! Arbitrary schemas.
//!
//! [`schema`] is a strategy of valid schemas as models ([`Ty`]), which tests may change; [`Ty::text`] is the text of one. Every construct of the
//! specification occurs: recursion, references, namespaces in all spellings, aliases, defaults (records with members left out, too), logical
//! types valid and not, unknown attributes at every level.
#![allow(dead_code, reason = "each test uses a part")]

pub mod data;
pub mod dice;
mod draft;
pub mod evolve;
mod mutate;
mod realise;
mod small;
mod text;
mod values;

use proptest::prelude::*;

/// A type. Names are full names.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// A primitive type, by its name; with attributes, such as a logical type.
    Primitive(&'static str, Attributes),
    Fixed(Named, u32),
    Enum(Named, Vec<String>, Option<String>),
    Record(Named, Vec<FieldModel>),
    Array(Box<Ty>, Attributes),
    Map(Box<Ty>, Attributes),
    Union(Vec<Ty>),
    /// A named type that is defined before, or around.
    Reference(String),
}

/// Names and JSON texts.
pub type Attributes = Vec<(String, String)>;

/// What named types have.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub name: String,
    /// Which of the possible spellings the text has.
    pub spelling: u8,
    pub doc: Option<String>,
    pub aliases: Vec<String>,
    pub attributes: Attributes,
    /// For a record: whether it is an `error`.
    pub is_error: bool,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldModel {
    pub name: String,
    pub ty: Ty,
    pub doc: Option<String>,
    /// A JSON text.
    pub default: Option<String>,
    pub order: Option<&'static str>,
    pub aliases: Vec<String>,
    pub attributes: Attributes,
}

impl Ty {
    /// What tells it apart in a union.
    pub fn branch_name(&self) -> &str {
        match self {
            Self::Primitive(name, _) => name,
            Self::Fixed(named, _) | Self::Enum(named, ..) | Self::Record(named, _) => &named.name,
            Self::Array(..) => "array",
            Self::Map(..) => "map",
            Self::Union(_) => "union",
            Self::Reference(name) => name,
        }
    }
}

/// Valid schemas, some dozens of types at most.
pub fn schema() -> impl Strategy<Value = Ty> {
    // In rare ones a default would be filled in with itself, without end.
    draft::draft().prop_map(|it| mutate::with_valid_defaults(realise::realise(&it)))
}

/// Namespace and simple name.
pub fn split(full: &str) -> (&str, &str) {
    full.rsplit_once('.').unwrap_or(("", full))
}

/// Pairs of schemas, the reader's and the writer's: one and what some changes make of it, or two independent ones of few names.
pub fn pair() -> impl Strategy<Value = (Ty, Ty)> {
    let changed = (schema(), any::<u64>(), 1..5_usize)
        .prop_map(|(it, seed, changes)| changed(&it, &mut dice::Dice::new(seed), changes));
    prop_oneof![2 => changed, 3 => any::<u64>().prop_map(pair_of)]
}

/// A pair of small schemas that a number chooses.
pub fn pair_of(seed: u64) -> (Ty, Ty) {
    let mut dice = dice::Dice::new(seed);
    let one = small::small(&mut dice);
    let one = mutate::repair(&one, &[]);
    if dice.once_in(3) {
        let other = small::small(&mut dice);
        return (one, mutate::repair(&other, &[]));
    }
    let changes = 1 + dice.below(4);
    changed(&one, &mut dice, changes)
}

fn changed(one: &Ty, dice: &mut dice::Dice, changes: usize) -> (Ty, Ty) {
    let mut other = one.clone();
    (0..changes).for_each(|_| mutate::mutate(&mut other, dice));
    let other = mutate::repair(&other, &[one]);
    if dice.once_in(2) { (one.clone(), other) } else { (other, one.clone()) }
}

/// How many pairs are drawn: `AVRO_COMPAT_PAIRS`, or so many.
pub fn pairs(default: u64) -> u64 {
    std::env::var("AVRO_COMPAT_PAIRS").ok().and_then(|it| it.parse().ok()).unwrap_or(default)
}
