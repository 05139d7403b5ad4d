//! Names that were used before they were defined, and types that were defined again.

use super::{Builder, Step};
use crate::error::{Location, ParseError, Problem};
use crate::json::Json;
use crate::schema::equal::{Detail, same};
use crate::schema::named::Named;
use crate::schema::{Fixed, Name, Type, TypeId};

/// A name that was used and not defined.
pub(super) struct Pending<'d> {
    name: Name,
    /// Whether it was spelt without dots, so that it may be one of the null namespace after all.
    simple: bool,
    /// What stands for it until it is known: a fixed of that name.
    id: TypeId,
    /// Where it was used first.
    value: Json<'d>,
    source: usize,
}

impl<'d> Builder<'d> {
    /// Something that stands for a type that is not defined yet.
    pub(super) fn await_type(
        &mut self,
        name: Name,
        simple: bool,
        value: Json<'d>,
    ) -> Result<Step<'d>, ParseError> {
        if let Some(pending) = self.pending.get(name.full()) {
            return Ok(Step::Done(pending.id));
        }
        let id = self.add(value)?;
        let named = Named { name: name.clone(), aliases: Box::default(), doc: None };
        self.nodes[id.index()].ty = Type::Fixed(Box::new(Fixed { named, size: 0 }));
        let key = name.shared().clone();
        self.pending.insert(key, Pending { name, simple, id, value, source: self.source });
        Ok(Step::Done(id))
    }

    /// Puts what was meant in place of what stands for it, and drops what is then not needed.
    pub(super) fn settle(&mut self, roots: &mut [TypeId]) -> Result<(), ParseError> {
        if self.pending.is_empty() && self.repeated.is_empty() {
            return Ok(());
        }
        let mut meant: Vec<_> = (0..self.nodes.len() as u32).map(TypeId).collect();
        let mut pending: Vec<_> = std::mem::take(&mut self.pending).into_values().collect();
        // The first unknown name is the one to be told.
        pending.sort_unstable_by_key(|it| it.id);
        for it in pending {
            let found = self.names.get(it.name.full());
            let found = found.or_else(|| self.names.get(it.name.simple()).filter(|_| it.simple));
            let Some(found) = found else {
                self.source = it.source;
                let problem = self.unknown_type(&it.name);
                return Err(self.error_in(it.source, problem, it.value));
            };
            meant[it.id.index()] = *found;
        }
        self.replace(&meant, roots);
        let repeated = std::mem::take(&mut self.repeated);
        for (again, first) in &repeated {
            if !same(&self.nodes, *again, &self.nodes, *first, Detail::Definition) {
                return Err(self.redefined(*again, *first));
            }
        }
        repeated.into_iter().for_each(|(again, first)| meant[again.index()] = first);
        self.replace(&meant, roots);
        self.drop_unreachable(roots);
        self.check_unions()
    }

    fn redefined(&self, again: TypeId, first: TypeId) -> ParseError {
        let (node, first) = (&self.nodes[again.index()], &self.nodes[first.index()]);
        let first = Location {
            source: self.sources[first.origin.source as usize].name.clone(),
            ..Location::of(self.json(first.origin))
        };
        let problem = Problem::DuplicateType {
            name: node.branch_name().to_owned(),
            first: format!("{first}, differently"),
        };
        self.error_in(node.origin.source as usize, problem, self.json(node.origin))
    }

    fn replace(&mut self, by: &[TypeId], roots: &mut [TypeId]) {
        roots.iter_mut().for_each(|it| *it = by[it.index()]);
        self.names.values_mut().for_each(|it| *it = by[it.index()]);
        for node in &mut self.nodes {
            parts_mut(&mut node.ty, |it| *it = by[it.index()]);
        }
    }

    /// Drops types that nothing refers to any more, and numbers the others anew in the same order.
    fn drop_unreachable(&mut self, roots: &mut [TypeId]) {
        let mut reachable = vec![false; self.nodes.len()];
        let mut open: Vec<_> = roots.iter().chain(self.names.values()).copied().collect();
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut reachable[id.index()], true) {
                parts_mut(&mut self.nodes[id.index()].ty, |it| open.push(*it));
            }
        }
        let mut kept = 0;
        let number = |it: &bool| {
            let id = TypeId(kept);
            kept += u32::from(*it);
            id
        };
        let numbers: Vec<_> = reachable.iter().map(number).collect();
        let mut keep = reachable.iter();
        self.nodes.retain(|_| keep.next().is_some_and(|it| *it));
        self.replace(&numbers, roots);
    }
}

/// The types that a type is made of.
fn parts_mut(ty: &mut Type, mut visit: impl FnMut(&mut TypeId)) {
    match ty {
        Type::Array(part) | Type::Map(part) => visit(part),
        Type::Union(union) => union.branches.iter_mut().for_each(visit),
        Type::Record(record) => record.fields.iter_mut().for_each(|it| visit(&mut it.ty)),
        _ => {}
    }
}
