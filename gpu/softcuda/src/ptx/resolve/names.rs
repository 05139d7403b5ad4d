//! Names in scope.

use std::collections::HashMap;

use super::{RegisterId, Symbol};
use crate::ptx::Position;
use crate::ptx::ast::{Registers, Variable};

/// What a name is bound to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot<'m, 'a> {
    /// A register.
    Register(RegisterId),
    /// Something else.
    Symbol(Symbol),
    /// `.reg .b32 %r<5>`
    RegisterFamily(&'m Registers<'a>),
    /// A range of variables of a function.
    VariableFamily(&'m Variable<'a>),
    /// A range of variables outside functions.
    GlobalFamily(&'m Variable<'a>),
}

#[derive(Debug, Clone, Copy)]
struct Bound<'m, 'a> {
    depth: usize,
    position: Position,
    slot: Slot<'m, 'a>,
    /// Whether it is one of a family, bound at its first use.
    member: bool,
}

#[derive(Debug, Clone, Copy)]
struct Family<'m, 'a> {
    depth: usize,
    position: Position,
    count: u32,
    slot: Slot<'m, 'a>,
}

/// A name that is declared by itself and by a range.
pub(super) struct Clash<'a> {
    pub name: &'a str,
    pub position: Position,
    pub first: Position,
}

/// The scopes around a place. Each name has a stack of what it is bound to, the innermost last.
pub(super) struct Names<'m, 'a> {
    exact: HashMap<&'a str, Vec<Bound<'m, 'a>>>,
    families: HashMap<&'a str, Vec<Family<'m, 'a>>>,
    /// What each scope bound: name, and whether it is a family's.
    scopes: Vec<Vec<(&'a str, bool)>>,
}

impl<'m, 'a> Names<'m, 'a> {
    pub fn new() -> Self {
        Names { exact: HashMap::new(), families: HashMap::new(), scopes: Vec::new() }
    }

    /// How many scopes there are.
    pub fn depth(&self) -> usize {
        self.scopes.len()
    }

    pub fn enter(&mut self) {
        self.scopes.push(Vec::new());
    }

    /// Ends the innermost scope.
    pub fn leave(&mut self) -> Result<(), Clash<'a>> {
        let names = self.scopes.pop().unwrap_or_default();
        let depth = self.scopes.len() + 1;
        let mut clash = None;
        for &(name, _) in names.iter().filter(|(_, family)| !family) {
            let Some(bound) = self.exact.get_mut(name).and_then(Vec::pop) else { continue };
            if let Some(family) =
                self.family_of(name).filter(|it| it.depth == depth && !bound.member)
            {
                let (a, b) = (bound.position, family.position);
                let (first, position) =
                    if (a.line, a.column) < (b.line, b.column) { (a, b) } else { (b, a) };
                clash.get_or_insert(Clash { name, position, first });
            }
        }
        for &(name, _) in names.iter().filter(|(_, family)| *family) {
            if let Some(stack) = self.families.get_mut(name) {
                stack.pop();
            }
        }
        clash.map_or(Ok(()), Err)
    }

    /// What the innermost scope itself binds `name` to, and where.
    pub fn exact_here(&self, name: &str) -> Option<(Slot<'m, 'a>, Position)> {
        let bound = self.exact.get(name)?.last()?;
        (bound.depth == self.scopes.len()).then_some((bound.slot, bound.position))
    }

    /// Binds a name; `Err` says where it is bound already.
    pub fn bind(
        &mut self,
        name: &'a str,
        position: Position,
        slot: Slot<'m, 'a>,
    ) -> Result<(), Position> {
        let depth = self.scopes.len();
        let stack = self.exact.entry(name).or_default();
        if let Some(first) = stack.last().filter(|bound| bound.depth == depth) {
            return Err(first.position);
        }
        stack.push(Bound { depth, position, slot, member: false });
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name, false));
        }
        Ok(())
    }

    /// Binds `name0` and so on; `Err` says where that is done already.
    pub fn bind_family(
        &mut self,
        name: &'a str,
        position: Position,
        count: u32,
        slot: Slot<'m, 'a>,
    ) -> Result<(), Position> {
        let depth = self.scopes.len();
        let stack = self.families.entry(name).or_default();
        if let Some(first) = stack.last().filter(|family| family.depth == depth) {
            return Err(first.position);
        }
        stack.push(Family { depth, position, count, slot });
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name, true));
        }
        Ok(())
    }

    /// The innermost range that `name` is of.
    fn family_of(&self, name: &str) -> Option<Family<'m, 'a>> {
        let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count().min(10);
        let mut found: Option<Family<'m, 'a>> = None;
        for length in 1..=digits {
            let (prefix, suffix) = name.split_at(name.len() - length);
            if length > 1 && suffix.starts_with('0') {
                continue;
            }
            let (Some(stack), Ok(number)) = (self.families.get(prefix), suffix.parse::<u32>())
            else {
                continue;
            };
            // A shorter range further in leaves the name to the longer one.
            let family = stack.iter().rev().find(|family| number < family.count);
            if let Some(family) =
                family.filter(|it| found.is_none_or(|found| found.depth < it.depth))
            {
                found = Some(*family);
            }
        }
        found
    }

    /// What `name` is bound to here. A family's slot means that the name is used for the first time: it is to be bound by
    /// [`bind_member`](Self::bind_member) at the depth that is given.
    pub fn find(&self, name: &str) -> Option<(Slot<'m, 'a>, usize)> {
        let exact = self.exact.get(name).and_then(|stack| stack.last());
        match exact {
            // No range is further in.
            Some(bound) if bound.depth == self.scopes.len() => Some((bound.slot, bound.depth)),
            _ => {
                let family = self.family_of(name);
                match (exact, family) {
                    (Some(bound), Some(family)) if family.depth <= bound.depth => {
                        Some((bound.slot, bound.depth))
                    }
                    (_, Some(family)) => Some((family.slot, family.depth)),
                    (Some(bound), None) => Some((bound.slot, bound.depth)),
                    (None, None) => None,
                }
            }
        }
    }

    /// Binds one of a family in the scope of its family.
    pub fn bind_member(&mut self, name: &'a str, depth: usize, slot: Slot<'m, 'a>) {
        // Whatever else is bound to the name is further out.
        let position =
            self.family_of(name).map_or_else(Position::default, |family| family.position);
        let bound = Bound { depth, position, slot, member: true };
        self.exact.entry(name).or_default().push(bound);
        if let Some(scope) = self.scopes.get_mut(depth - 1) {
            scope.push((name, false));
        }
    }
}
