//! Shapes of schemas, before names, references and defaults are made to be right.

use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub enum Draft {
    Primitive { kind: u8, attribute: u8 },
    Fixed { head: Head, size: u32, logical: u8 },
    Enum { head: Head, symbols: u8, default: u8 },
    Record { head: Head, fields: Vec<FieldDraft> },
    Array(Box<Draft>, u8),
    Map(Box<Draft>, u8),
    Union(Vec<Draft>),
    Reference(u8),
}

#[derive(Clone, Debug)]
pub struct Head {
    pub name: u8,
    pub namespace: u8,
    pub spelling: u8,
    /// Bits: documentation, aliases, attributes, error.
    pub extras: u8,
}

#[derive(Clone, Debug)]
pub struct FieldDraft {
    pub name: u8,
    pub ty: Draft,
    pub default: Option<u32>,
    /// Bits: documentation, aliases, attributes, order.
    pub extras: u8,
}

fn head() -> impl Strategy<Value = Head> {
    (0..6_u8, 0..6_u8, 0..4_u8, any::<u8>()).prop_map(|(name, namespace, spelling, extras)| Head {
        name,
        namespace,
        spelling,
        extras,
    })
}

pub fn draft() -> impl Strategy<Value = Draft> {
    let leaf = prop_oneof![
        4 => (0..8_u8, any::<u8>())
            .prop_map(|(kind, attribute)| Draft::Primitive { kind, attribute }),
        1 => (head(), 0..20_u32, any::<u8>())
            .prop_map(|(head, size, logical)| Draft::Fixed { head, size, logical }),
        1 => (head(), 0..6_u8, 0..8_u8)
            .prop_map(|(head, symbols, default)| Draft::Enum { head, symbols, default }),
        2 => any::<u8>().prop_map(Draft::Reference),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let field = (0..8_u8, inner.clone(), any::<Option<u32>>(), any::<u8>()).prop_map(
            |(name, ty, default, extras)| FieldDraft { name, ty, default, extras },
        );
        prop_oneof![
            4 => (head(), vec(field, 0..6))
                .prop_map(|(head, fields)| Draft::Record { head, fields }),
            1 => (inner.clone(), any::<u8>()).prop_map(|(it, extras)| Draft::Array(Box::new(it), extras)),
            1 => (inner.clone(), any::<u8>()).prop_map(|(it, extras)| Draft::Map(Box::new(it), extras)),
            2 => vec(inner, 0..5).prop_map(Draft::Union),
        ]
    })
}
