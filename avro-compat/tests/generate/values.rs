//! JSON for defaults.

use std::collections::HashMap;

use super::Ty;

/// Named types that have been defined, by full name.
pub type Defined = HashMap<String, Ty>;

/// A default of a type, which the seed chooses; none if there is none that is shallow enough.
pub fn value(ty: &Ty, seed: u64, defined: &Defined, depth: usize) -> Option<String> {
    // Not the best of generators, but every part gets another number.
    let next = |it: usize| {
        (seed ^ (it as u64 + 1).wrapping_mul(0x9E37_79B9)).wrapping_mul(0x2545_F491_4F6C_DD1D) >> 7
    };
    let pick = |all: &[&str]| Some(all[seed as usize % all.len()].to_owned());
    let depth = depth.checked_sub(1)?;
    match ty {
        Ty::Primitive(kind, _) => match *kind {
            "null" => pick(&["null"]),
            "boolean" => pick(&["true", "false"]),
            "int" => pick(&["0", "-1", "2147483647", "-2147483648", "17"]),
            "long" => pick(&["0", "9223372036854775807", "-9223372036854775808", "64"]),
            "float" => pick(&["0", "1.5", "-1e10", "3.4e38", "\"NaN\"", "\"-Infinity\""]),
            "double" => pick(&["0", "-0.0", "1e308", "2.5E-3", "\"Infinity\"", "\"NaN\""]),
            "bytes" => pick(&[r#""""#, r#""\u0000\u00ff""#, r#""abc""#, r#""ÿ""#]),
            _ => pick(&[r#""""#, r#""x""#, r#""\ud83e\udd80\n""#, r#""NaN""#, r#""é""#]),
        },
        Ty::Fixed(_, size) => Some(format!("{:?}", "z".repeat(*size as usize))),
        Ty::Enum(_, symbols, _) => {
            let symbol = symbols.get(seed as usize % symbols.len().max(1))?;
            Some(format!("{symbol:?}"))
        }
        Ty::Array(items, _) => {
            let items = (0..seed as usize % 3).map(|it| value(items, next(it), defined, depth));
            Some(format!("[{}]", items.collect::<Option<Vec<_>>>()?.join(",")))
        }
        Ty::Map(values, _) => {
            let values = (0..seed as usize % 3)
                .map(|it| Some(format!("\"k{it}\":{}", value(values, next(it), defined, depth)?)));
            Some(format!("{{{}}}", values.collect::<Option<Vec<_>>>()?.join(",")))
        }
        Ty::Union(branches) => {
            let at = seed as usize % branches.len().max(1);
            let text = value(branches.get(at)?, next(0), defined, depth)?;
            // Below a union a string is a string.
            let float = matches!(branches[at], Ty::Primitive("float" | "double", _));
            Some(if float && text.starts_with('"') { "0.5".to_owned() } else { text })
        }
        Ty::Record(_, fields) => {
            let mut members = Vec::new();
            for (at, field) in fields.iter().enumerate() {
                let seed = next(at);
                if field.default.is_some() && seed & 1 == 0 {
                    continue;
                }
                members.push(format!(
                    "{:?}:{}",
                    field.name,
                    value(&field.ty, seed, defined, depth)?
                ));
            }
            Some(format!("{{{}}}", members.join(",")))
        }
        Ty::Reference(name) => value(defined.get(name)?, seed, defined, depth),
    }
}
