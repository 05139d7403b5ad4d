//! Changes to schemas, as people make them, and worse.

use std::collections::{HashMap, HashSet};

use super::dice::Dice;
use super::small::{alias, ty as draw};
use super::values::{Defined, value};
use super::{FieldModel, Ty, split};

/// The schema with a change; references and defaults may be wrong, and are made right by [`repair`].
pub fn mutate(model: &mut Ty, dice: &mut Dice) {
    let count = nodes(model);
    let mut at = dice.below(count);
    let renamed = change_at(model, &mut at, dice);
    if let Some((from, to)) = renamed {
        rename(model, &from, &to);
    }
}

fn nodes(ty: &Ty) -> usize {
    1 + match ty {
        Ty::Record(_, fields) => fields.iter().map(|it| nodes(&it.ty)).sum(),
        Ty::Array(part, _) | Ty::Map(part, _) => nodes(part),
        Ty::Union(branches) => branches.iter().map(nodes).sum(),
        _ => 0,
    }
}

fn change_at(ty: &mut Ty, at: &mut usize, dice: &mut Dice) -> Option<(String, String)> {
    if *at == 0 {
        *at = usize::MAX;
        return change(ty, dice);
    }
    *at -= 1;
    let parts: Vec<&mut Ty> = match ty {
        Ty::Record(_, fields) => fields.iter_mut().map(|it| &mut it.ty).collect(),
        Ty::Array(part, _) | Ty::Map(part, _) => vec![part],
        Ty::Union(branches) => branches.iter_mut().collect(),
        _ => Vec::new(),
    };
    for part in parts {
        let renamed = change_at(part, at, dice);
        if *at == usize::MAX {
            return renamed;
        }
    }
    None
}

fn primitive(dice: &mut Dice) -> Ty {
    const KINDS: [&str; 8] =
        ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    Ty::Primitive(dice.pick(&KINDS), Vec::new())
}

fn change(ty: &mut Ty, dice: &mut Dice) -> Option<(String, String)> {
    // Whatever it is.
    match dice.below(12) {
        0 => {
            *ty = draw(dice, &mut Vec::new(), 2, false);
            return None;
        }
        1 if !matches!(ty, Ty::Union(_)) => {
            let null = Ty::Primitive("null", Vec::new());
            *ty = Ty::Union(vec![null, ty.clone()]);
            return None;
        }
        _ => {}
    }
    if let Ty::Record(named, _) | Ty::Enum(named, ..) | Ty::Fixed(named, _) = ty
        && dice.once_in(3)
    {
        let from = named.name.clone();
        let (namespace, simple) = split(&from);
        let to = match dice.below(4) {
            0 => format!("moved.{simple}"),
            1 if !namespace.is_empty() => format!("{namespace}.Renamed"),
            2 => format!("x.{simple}"),
            _ => "Renamed".to_owned(),
        };
        if dice.once_in(2) {
            named.aliases.push(alias(&from));
        }
        named.name.clone_from(&to);
        return Some((from, to));
    }
    match ty {
        Ty::Primitive(kind, attributes) => {
            let to: &[&'static str] = match *kind {
                "int" => &["long", "float", "double"],
                "long" => &["int", "float", "double"],
                "float" => &["double", "long"],
                "double" => &["float"],
                "string" => &["bytes"],
                "bytes" => &["string"],
                _ => &["int", "string", "null"],
            };
            *kind = dice.pick(to);
            attributes.clear();
        }
        Ty::Fixed(_, size) => *size = if *size == 16 { 8 } else { *size + 1 },
        Ty::Enum(_, symbols, default) => match dice.below(4) {
            0 => *default = symbols.first().filter(|_| default.is_none()).cloned(),
            1 if symbols.len() > 1 => {
                symbols.remove(0);
                *default = default.take().filter(|it| symbols.contains(it));
            }
            2 => symbols.reverse(),
            _ => {
                let new = format!("N{}", symbols.len());
                if !symbols.contains(&new) {
                    symbols.push(new);
                }
            }
        },
        Ty::Array(part, attributes) if dice.once_in(2) => {
            *ty = Ty::Map(part.clone(), attributes.clone())
        }
        Ty::Map(part, attributes) if dice.once_in(2) => {
            *ty = Ty::Array(part.clone(), attributes.clone())
        }
        Ty::Array(part, _) | Ty::Map(part, _) => **part = primitive(dice),
        Ty::Union(branches) => match dice.below(4) {
            0 => branches.push(draw(dice, &mut Vec::new(), 2, true)),
            1 if branches.len() == 1 => *ty = branches.remove(0),
            1 if !branches.is_empty() => {
                let at = dice.below(branches.len());
                branches.remove(at);
            }
            2 => branches.reverse(),
            _ => branches.push(primitive(dice)),
        },
        Ty::Record(_, fields) => fields_changed(fields, dice),
        Ty::Reference(_) => *ty = primitive(dice),
    }
    None
}

fn fields_changed(fields: &mut Vec<FieldModel>, dice: &mut Dice) {
    let new = |dice: &mut Dice, name: String| FieldModel {
        name,
        ty: draw(dice, &mut Vec::new(), 1, false),
        doc: None,
        default: (!dice.once_in(3)).then(String::new),
        order: None,
        aliases: Vec::new(),
        attributes: Vec::new(),
    };
    if fields.is_empty() {
        fields.push(new(dice, "added".to_owned()));
        return;
    }
    let at = dice.below(fields.len());
    match dice.below(8) {
        0 => {
            let name = format!("added{}", fields.len());
            let field = new(dice, name);
            fields.insert(at, field);
        }
        1 => {
            fields.remove(at);
        }
        2 | 3 => {
            let field = &mut fields[at];
            let old = std::mem::replace(&mut field.name, format!("renamed{at}"));
            if dice.once_in(2) {
                field.aliases.push(old);
            }
        }
        4 => {
            let field = &mut fields[at];
            field.default = if field.default.is_some() { None } else { Some(String::new()) };
        }
        5 => fields.reverse(),
        6 => {
            let other = fields[dice.below(fields.len())].name.clone();
            fields[at].aliases.push(other);
        }
        _ => fields[at].order = Some("ignore"),
    }
}

fn rename(ty: &mut Ty, from: &str, to: &str) {
    match ty {
        Ty::Reference(name) if name == from => to.clone_into(name),
        Ty::Record(_, fields) => fields.iter_mut().for_each(|it| rename(&mut it.ty, from, to)),
        Ty::Array(part, _) | Ty::Map(part, _) => rename(part, from, to),
        Ty::Union(branches) => branches.iter_mut().for_each(|it| rename(it, from, to)),
        _ => {}
    }
}

/// The model with references to what is defined, definitions of what is not yet, unions of different branches, and defaults that fit.
pub fn repair(model: &Ty, originals: &[&Ty]) -> Ty {
    let mut repair = Repair::default();
    originals.iter().for_each(|it| gather(it, &mut repair.originals));
    with_valid_defaults(repair.ty(model))
}

/// The model without those defaults that could be filled in with themselves, without end, if it has such.
pub fn with_valid_defaults(mut model: Ty) -> Ty {
    if avro_compat::Schema::parse(&model.text()).is_err() {
        keep_plain_defaults(&mut model);
    }
    model
}

fn keep_plain_defaults(ty: &mut Ty) {
    match ty {
        Ty::Record(_, fields) => {
            for field in fields {
                field.default =
                    field.default.take().filter(|_| matches!(field.ty, Ty::Primitive(..)));
                keep_plain_defaults(&mut field.ty);
            }
        }
        Ty::Array(part, _) | Ty::Map(part, _) => keep_plain_defaults(part),
        Ty::Union(branches) => branches.iter_mut().for_each(keep_plain_defaults),
        _ => {}
    }
}

fn gather(ty: &Ty, all: &mut HashMap<String, Ty>) {
    match ty {
        Ty::Fixed(..) | Ty::Enum(..) => {
            all.insert(ty.branch_name().to_owned(), ty.clone());
        }
        Ty::Record(_, fields) => {
            all.insert(ty.branch_name().to_owned(), ty.clone());
            fields.iter().for_each(|it| gather(&it.ty, all));
        }
        Ty::Array(part, _) | Ty::Map(part, _) => gather(part, all),
        Ty::Union(branches) => branches.iter().for_each(|it| gather(it, all)),
        Ty::Primitive(..) | Ty::Reference(_) => {}
    }
}

#[derive(Default)]
struct Repair {
    originals: HashMap<String, Ty>,
    begun: HashSet<String>,
    defined: Defined,
}

impl Repair {
    fn ty(&mut self, ty: &Ty) -> Ty {
        match ty {
            Ty::Primitive(..) => ty.clone(),
            Ty::Reference(name) if self.begun.contains(name) => ty.clone(),
            Ty::Reference(name) => match self.originals.get(name).cloned() {
                Some(original) => self.ty(&original),
                None => Ty::Primitive("long", Vec::new()),
            },
            Ty::Array(part, attributes) => Ty::Array(Box::new(self.ty(part)), attributes.clone()),
            Ty::Map(part, attributes) => Ty::Map(Box::new(self.ty(part)), attributes.clone()),
            Ty::Union(branches) => {
                let mut met = HashSet::new();
                let mut kept = Vec::new();
                for branch in branches {
                    // What is defined in a branch that is left out is not defined.
                    let before = self.begun.clone();
                    let branch = self.ty(branch);
                    if !matches!(branch, Ty::Union(_))
                        && met.insert(branch.branch_name().to_owned())
                    {
                        kept.push(branch);
                    } else {
                        self.begun = before;
                    }
                }
                Ty::Union(kept)
            }
            Ty::Fixed(named, _) | Ty::Enum(named, ..) | Ty::Record(named, _) => {
                if !self.begun.insert(named.name.clone()) {
                    return Ty::Reference(named.name.clone());
                }
                let ty = match ty {
                    Ty::Record(named, fields) => {
                        let mut names = HashSet::new();
                        let fields = fields.iter().filter(|it| names.insert(it.name.clone()));
                        Ty::Record(named.clone(), fields.map(|it| self.field(it)).collect())
                    }
                    other => other.clone(),
                };
                self.defined.insert(ty.branch_name().to_owned(), ty.clone());
                ty
            }
        }
    }

    fn field(&mut self, field: &FieldModel) -> FieldModel {
        let ty = self.ty(&field.ty);
        let seed = field.name.bytes().map(u64::from).sum();
        let default = field.default.as_ref().and_then(|_| value(&ty, seed, &self.defined, 6));
        FieldModel { ty, default, ..field.clone() }
    }
}
