//! Schemas that have evolved.

use super::data::Dice;
use super::{FieldModel, Ty, split};

/// A model with some changes, as people make them, and others. The text of it need not be a schema any more.
pub fn mutated(model: &Ty, dice: &mut Dice) -> Ty {
    let mut model = model.clone();
    for _ in 0..dice.below(4) {
        let target = dice.below(count(&model));
        change(&mut model, &mut { target }, dice);
    }
    model
}

fn count(ty: &Ty) -> usize {
    1 + match ty {
        Ty::Array(part, _) | Ty::Map(part, _) => count(part),
        Ty::Union(branches) => branches.iter().map(count).sum(),
        Ty::Record(_, fields) => fields.iter().map(|it| count(&it.ty)).sum(),
        _ => 0,
    }
}

/// Changes the type that is `left` types after this one.
fn change(ty: &mut Ty, left: &mut usize, dice: &mut Dice) -> bool {
    if *left == 0 {
        change_here(ty, dice);
        return true;
    }
    *left -= 1;
    match ty {
        Ty::Array(part, _) | Ty::Map(part, _) => change(part, left, dice),
        Ty::Union(branches) => branches.iter_mut().any(|it| change(it, left, dice)),
        Ty::Record(_, fields) => fields.iter_mut().any(|it| change(&mut it.ty, left, dice)),
        _ => false,
    }
}

fn change_here(ty: &mut Ty, dice: &mut Dice) {
    let primitive = |dice: &mut Dice| {
        let kinds = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
        Ty::Primitive(dice.pick(&kinds), Vec::new())
    };
    let is_union = matches!(ty, Ty::Union(_));
    if let Ty::Fixed(named, _) | Ty::Enum(named, ..) | Ty::Record(named, _) = ty
        && dice.below(4) == 0
    {
        let (namespace, simple) = split(&named.name);
        let old = named.name.clone();
        named.name = match (dice.below(3), namespace) {
            (0, _) => format!("elsewhere.{simple}"),
            (_, "") => format!("{simple}New"),
            _ => format!("{namespace}.{simple}New"),
        };
        named.spelling = 0;
        if dice.below(2) == 0 {
            named.aliases = vec![if old.contains('.') { old } else { format!(".{old}") }];
        }
        return;
    }
    match ty {
        Ty::Primitive(..) if dice.below(3) > 0 => *ty = primitive(dice),
        Ty::Union(branches) => match dice.below(4) {
            0 if !branches.is_empty() => drop(branches.remove(dice.below(branches.len()))),
            1 if branches.len() == 1 => *ty = branches.remove(0),
            2 => branches.reverse(),
            _ => {
                let new = primitive(dice);
                if branches.iter().all(|it| it.branch_name() != new.branch_name()) {
                    branches.insert(dice.below(branches.len() + 1), new);
                }
            }
        },
        Ty::Enum(_, symbols, default) => match dice.below(3) {
            0 if !symbols.is_empty() => {
                symbols.remove(dice.below(symbols.len()));
                *default = default.take().filter(|it| symbols.contains(it));
            }
            1 => *default = symbols.first().cloned(),
            _ => symbols.insert(dice.below(symbols.len() + 1), "NEW".to_owned()),
        },
        Ty::Fixed(_, size) if dice.below(4) == 0 => *size += 1,
        Ty::Record(_, fields) => match dice.below(6) {
            0 if !fields.is_empty() => drop(fields.remove(dice.below(fields.len()))),
            1 if !fields.is_empty() => {
                let at = dice.below(fields.len());
                let alias = fields[at].name.clone();
                fields[at].name = "renamed".to_owned();
                if dice.below(3) > 0 {
                    fields[at].aliases = vec!["nobody".to_owned(), alias];
                }
            }
            2 => fields.reverse(),
            3 if fields.len() > 1 => {
                // Names and aliases swapped.
                let (one, other) = (fields[0].name.clone(), fields[1].name.clone());
                fields[0].aliases = vec![other];
                fields[1].aliases = vec![one];
            }
            _ => fields.insert(
                dice.below(fields.len() + 1),
                FieldModel {
                    name: "added".to_owned(),
                    ty: Ty::Primitive("long", Vec::new()),
                    doc: None,
                    default: (dice.below(4) > 0).then(|| "7".to_owned()),
                    order: None,
                    aliases: Vec::new(),
                    attributes: Vec::new(),
                },
            ),
        },
        _ if !is_union && dice.below(2) == 0 => {
            let other = primitive(dice);
            let own = ty.clone();
            if own.branch_name() != other.branch_name() {
                let first = dice.below(2) == 0;
                *ty = Ty::Union(if first { vec![own, other] } else { vec![other, own] });
            }
        }
        Ty::Array(part, _) if dice.below(3) == 0 => *ty = Ty::Map(part.clone(), Vec::new()),
        _ => {}
    }
}
