//! Whether two schemas are the same, type by type.

use std::collections::HashSet;

use super::{Field, Name, Node, Schema, Type, TypeId};

/// Equal are schemas that say the same: types, names, aliases, documentation, fields, symbols, sizes, orders, defaults and attributes.
/// Where in which text they stand and how that is laid out does not count, nor does the order of attributes.
///
/// Schemas whose data cannot be told apart are more: [`Schema::same_canonical_form`].
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        same(&self.table().nodes, self.root(), &other.table().nodes, other.root(), Detail::All)
    }
}

impl Eq for Schema {}

/// What counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    All,
    /// All but documentation and aliases.
    Definition,
}

/// Compares two types, which may be of one table, without recursion.
pub(crate) fn same(
    left: &[Node],
    left_root: TypeId,
    right: &[Node],
    right_root: TypeId,
    detail: Detail,
) -> bool {
    let one_table = std::ptr::eq(left, right);
    let mut open = vec![(left_root, right_root)];
    // Only named types can be met again.
    let mut met = HashSet::new();
    while let Some((l, r)) = open.pop() {
        if one_table && l == r {
            continue;
        }
        let (l_node, r_node) = (&left[l.index()], &right[r.index()]);
        if l_node.name().is_some() && !met.insert((l, r)) {
            continue;
        }
        let same = same_type(l_node, r_node, detail, &mut open)
            && l_node.logical == r_node.logical
            && l_node.attributes() == r_node.attributes();
        if !same {
            return false;
        }
    }
    true
}

fn same_type(l: &Node, r: &Node, detail: Detail, open: &mut Vec<(TypeId, TypeId)>) -> bool {
    let heads = same_head(l, r, detail);
    match (&l.ty, &r.ty) {
        (Type::Array(l), Type::Array(r)) | (Type::Map(l), Type::Map(r)) => {
            open.push((*l, *r));
            true
        }
        (Type::Union(l), Type::Union(r)) => {
            open.extend(l.branches.iter().copied().zip(r.branches.iter().copied()));
            l.branches.len() == r.branches.len()
        }
        (Type::Fixed(l), Type::Fixed(r)) => heads && l.size == r.size,
        (Type::Enum(l), Type::Enum(r)) => heads && l.symbols == r.symbols && l.default == r.default,
        (Type::Record(l), Type::Record(r)) => {
            open.extend(l.fields.iter().map(|it| it.ty).zip(r.fields.iter().map(|it| it.ty)));
            heads
                && l.is_error == r.is_error
                && l.fields.len() == r.fields.len()
                && l.fields.iter().zip(&r.fields).all(|(l, r)| same_field(l, r, detail))
        }
        _ => l.kind() == r.kind(),
    }
}

fn same_head(l: &Node, r: &Node, detail: Detail) -> bool {
    l.name() == r.name()
        && (detail == Detail::Definition
            || (l.doc() == r.doc() && same_names(l.aliases(), r.aliases())))
}

fn same_names(l: &[Name], r: &[Name]) -> bool {
    l.len() == r.len() && l.iter().zip(r).all(|(l, r)| l == r && l.namespace() == r.namespace())
}

fn same_field(l: &Field, r: &Field, detail: Detail) -> bool {
    l.name == r.name
        && l.order == r.order
        && l.default() == r.default()
        && l.attributes() == r.attributes()
        && (detail == Detail::Definition || (l.doc == r.doc && l.aliases == r.aliases))
}
