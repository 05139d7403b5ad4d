//! Whether two values say the same.

use std::collections::HashMap;

use super::{Json, Kind};

/// Objects of more members are matched through a table of names.
const FEW: usize = 16;

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        let mut open = vec![(*self, *other)];
        while let Some((left, right)) = open.pop() {
            if left.kind() != right.kind() {
                return false;
            }
            let same = match left.kind() {
                Kind::Null => true,
                Kind::Boolean => left.text() == right.text(),
                Kind::Number => left.as_number() == right.as_number(),
                Kind::String => left.as_str() == right.as_str(),
                Kind::Array => {
                    let before = open.len();
                    open.extend(left.elements().zip(right.elements()));
                    let common = open.len() - before;
                    left.elements().count() == common && right.elements().count() == common
                }
                Kind::Object => match_members(left, right, &mut open),
            };
            if !same {
                return false;
            }
        }
        true
    }
}

impl Eq for Json<'_> {}

/// Puts members of one name side by side; false if one has no counterpart.
fn match_members<'a, 'b>(
    left: Json<'a>,
    right: Json<'b>,
    open: &mut Vec<(Json<'a>, Json<'b>)>,
) -> bool {
    let count = right.members().count();
    if left.members().count() != count {
        return false;
    }
    let table: Option<HashMap<_, _>> = (count > FEW)
        .then(|| right.members().filter_map(|(key, it)| Some((key.as_str()?, it))).collect());
    left.members().all(|(key, value)| {
        let name = key.as_str().unwrap_or_default();
        let found = match &table {
            Some(table) => table.get(&name).copied(),
            None => right.get(&name),
        };
        found.map(|it| open.push((value, it))).is_some()
    })
}
