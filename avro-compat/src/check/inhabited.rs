//! Which types of a writer's schema have values at all.
//!
//! A record that contains itself without an array, a map or a union in between has no finite value; nor has an enum without symbols, nor a union
//! all of whose branches have none. Nothing can be written that contains a value of such a type, so that it does not matter how it would be read.

use crate::schema::{Node, Type, TypeId};

/// The types of a table that have values: a least fixpoint, O(types + fields).
pub(super) struct Inhabited {
    /// None if all have.
    known: Option<Vec<bool>>,
}

impl Inhabited {
    pub(super) fn of(nodes: &[Node]) -> Self {
        let mut known = vec![false; nodes.len()];
        let mut all = true;
        // Parts mostly stand behind what they are parts of, so that they are known by then.
        for (at, node) in nodes.iter().enumerate().rev() {
            known[at] = has_values(node, &known);
            all &= known[at];
        }
        if all {
            return Self { known: None };
        }
        spread(nodes, &mut known);
        let all = known.iter().all(|it| *it);
        Self { known: (!all).then_some(known) }
    }

    pub(super) fn has(&self, id: TypeId) -> bool {
        self.known.as_ref().is_none_or(|it| it[id.index()])
    }
}

fn has_values(node: &Node, known: &[bool]) -> bool {
    match node.ty() {
        Type::Record(it) => it.fields().iter().all(|it| known[it.ty().index()]),
        Type::Union(it) => it.branches().iter().any(|it| known[it.index()]),
        Type::Enum(it) => !it.symbols().is_empty(),
        _ => true,
    }
}

/// Tells the types that wait for others when those are known.
fn spread(nodes: &[Node], known: &mut [bool]) {
    // Who waits for a type; and for how many more types a record waits. A union waits for one.
    let mut waiting: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
    let mut missing = vec![0_u32; nodes.len()];
    let mut ready = Vec::new();
    for (at, node) in nodes.iter().enumerate().filter(|it| !known[it.0]) {
        let mut wait = |part: TypeId| {
            if !known[part.index()] {
                waiting[part.index()].push(at as u32);
                missing[at] += 1;
            }
        };
        match node.ty() {
            Type::Record(it) => it.fields().iter().for_each(|it| wait(it.ty())),
            Type::Union(it) => it.branches().iter().for_each(|it| wait(*it)),
            _ => continue,
        }
        if has_values(node, known) {
            ready.push(at);
        }
    }
    while let Some(at) = ready.pop() {
        if std::mem::replace(&mut known[at], true) {
            continue;
        }
        for waits in std::mem::take(&mut waiting[at]) {
            let waits = waits as usize;
            missing[waits] = missing[waits].saturating_sub(1);
            if missing[waits] == 0 || matches!(nodes[waits].ty(), Type::Union(_)) {
                ready.push(waits);
            }
        }
    }
}
