//! Small schemas of few names, so that independent draws meet: the same names in several namespaces, aliases to each other, recursion.

use std::collections::HashSet;

use super::dice::Dice;
use super::{FieldModel, Named, Ty, split};

const NAMES: [&str; 3] = ["A", "B", "C"];
const FIELDS: [&str; 4] = ["a", "b", "c", "d"];
const KINDS: [&str; 10] =
    ["null", "int", "int", "long", "long", "float", "double", "string", "bytes", "boolean"];

/// A schema that the dice draw.
pub fn small(dice: &mut Dice) -> Ty {
    let mut names = Vec::new();
    ty(dice, &mut names, 4, false)
}

pub fn ty(dice: &mut Dice, names: &mut Vec<String>, depth: usize, in_union: bool) -> Ty {
    if depth == 0 {
        return leaf(dice, names, in_union);
    }
    match dice.below(12) {
        0..=4 => record(dice, names, depth),
        5..=7 if !in_union => union(dice, names, depth),
        8 => Ty::Array(Box::new(ty(dice, names, depth - 1, false)), Vec::new()),
        9 => Ty::Map(Box::new(ty(dice, names, depth - 1, false)), Vec::new()),
        _ => leaf(dice, names, in_union),
    }
}

fn leaf(dice: &mut Dice, names: &mut Vec<String>, in_union: bool) -> Ty {
    match dice.below(6) {
        0 if !names.is_empty() => {
            let reference = Ty::Reference(names[dice.below(names.len())].clone());
            // Most that refer to what is around them are meant to have values.
            if in_union || dice.once_in(8) {
                return reference;
            }
            Ty::Union(vec![Ty::Primitive("null", Vec::new()), reference])
        }
        1 => match named(dice, names) {
            Some(named) => {
                let symbols: Vec<_> = ["P", "Q", "R"]
                    .iter()
                    .filter(|_| !dice.once_in(3))
                    .map(|it| (*it).to_owned())
                    .collect();
                let default = dice.once_in(3).then(|| symbols.first().cloned()).flatten();
                Ty::Enum(named, symbols, default)
            }
            None => Ty::Primitive("int", Vec::new()),
        },
        2 => match named(dice, names) {
            Some(named) => Ty::Fixed(named, dice.pick(&[2, 2, 4])),
            None => Ty::Primitive("int", Vec::new()),
        },
        _ => Ty::Primitive(dice.pick(&KINDS), Vec::new()),
    }
}

fn named(dice: &mut Dice, names: &mut Vec<String>) -> Option<Named> {
    let name = full(dice);
    if names.contains(&name) {
        return None;
    }
    names.push(name.clone());
    let mut aliases = Vec::new();
    if dice.once_in(4) {
        aliases.push(alias(&full(dice)));
    }
    Some(Named { name, spelling: 2, doc: None, aliases, attributes: Vec::new(), is_error: false })
}

fn full(dice: &mut Dice) -> String {
    match dice.pick(&dice.namespaces.clone()) {
        "" => dice.pick(&NAMES).to_owned(),
        namespace => format!("{namespace}.{}", dice.pick(&NAMES)),
    }
}

/// A full name as an alias of a type in any namespace.
pub fn alias(full: &str) -> String {
    if split(full).0.is_empty() { format!(".{full}") } else { full.to_owned() }
}

fn record(dice: &mut Dice, names: &mut Vec<String>, depth: usize) -> Ty {
    let Some(named) = named(dice, names) else {
        return leaf(dice, names, true);
    };
    let mut fields = Vec::new();
    for name in FIELDS {
        if dice.once_in(2) {
            let ty = ty(dice, names, depth - 1, false);
            fields.push(field(dice, name, ty));
        }
    }
    if dice.once_in(3) {
        fields.reverse();
    }
    Ty::Record(named, fields)
}

fn field(dice: &mut Dice, name: &str, ty: Ty) -> FieldModel {
    let mut aliases = Vec::new();
    if dice.once_in(6) {
        aliases.push(dice.pick(&FIELDS).to_owned());
    }
    FieldModel {
        name: name.to_owned(),
        ty,
        doc: None,
        // Made to fit later.
        default: dice.once_in(3).then(String::new),
        order: None,
        aliases,
        attributes: Vec::new(),
    }
}

fn union(dice: &mut Dice, names: &mut Vec<String>, depth: usize) -> Ty {
    let mut met = HashSet::new();
    let mut branches = Vec::new();
    for _ in 0..(dice.below(5)).max(usize::from(!dice.once_in(16))) {
        let known = names.len();
        let branch = ty(dice, names, depth - 1, true);
        if !matches!(branch, Ty::Union(_)) && met.insert(branch.branch_name().to_owned()) {
            branches.push(branch);
        } else {
            names.truncate(known);
        }
    }
    Ty::Union(branches)
}
