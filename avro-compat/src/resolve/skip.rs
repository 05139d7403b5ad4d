//! Skipping what the reader does not want: code without pairs, and with what has a fixed length merged.

use std::collections::HashMap;
use std::ops::Range;

use super::compile::number;
use super::program::{NONE, Program, Skip};
use crate::error::ResolveError;
use crate::schema::{Schema, Type, TypeId};

/// The routines of a writer's schema.
pub(super) struct Routines<'s> {
    schema: &'s Schema,
    sizes: HashMap<TypeId, Size>,
    /// What each of them skips.
    routines: Vec<Vec<TypeId>>,
    /// Routines of one type each.
    known: HashMap<TypeId, u32>,
    /// The first of the routines of a union's branches.
    unions: HashMap<TypeId, u32>,
}

/// What is known of a size.
#[derive(Clone, Copy)]
enum Size {
    /// It is being found out.
    Open,
    Known(Option<u64>),
}

impl<'s> Routines<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            sizes: HashMap::new(),
            routines: Vec::new(),
            known: HashMap::new(),
            unions: HashMap::new(),
        }
    }

    /// An empty routine.
    pub(super) fn begin(&mut self) -> u32 {
        self.routines.push(Vec::new());
        number(self.routines.len() - 1)
    }

    /// Makes a routine skip one more value.
    pub(super) fn push(&mut self, routine: u32, ty: TypeId) {
        self.routines[routine as usize].push(ty);
    }

    /// How many bytes values of a type have, if always the same number. Sums that no memory holds are as good as any other.
    pub(super) fn size(&mut self, ty: TypeId) -> Option<u64> {
        let mut open = vec![ty];
        while let Some(ty) = open.last().copied() {
            let seen = self.sizes.get(&ty).copied();
            let size = match (self.schema[ty].ty(), seen) {
                (_, Some(Size::Known(_))) => {
                    open.pop();
                    continue;
                }
                (Type::Record(record), None) => {
                    self.sizes.insert(ty, Size::Open);
                    let parts = record.fields().iter().map(|it| it.ty());
                    open.extend(parts.filter(|it| !self.sizes.contains_key(it)));
                    continue;
                }
                // The parts are known now, but for those that this one is inside of: then there is no end, or not always the same.
                (Type::Record(record), _) => {
                    record.fields().iter().try_fold(0_u64, |sum, field| {
                        match self.sizes.get(&field.ty()) {
                            Some(Size::Known(size)) => size.map(|it| sum.saturating_add(it)),
                            _ => None,
                        }
                    })
                }
                (other, _) => scalar_size(other),
            };
            self.sizes.insert(ty, Size::Known(size));
        }
        match self.sizes.get(&ty) {
            Some(Size::Known(size)) => *size,
            _ => None,
        }
    }

    fn routine(&mut self, ty: TypeId) -> u32 {
        if let Some(known) = self.known.get(&ty) {
            return *known;
        }
        let routine = self.begin();
        self.known.insert(ty, routine);
        self.push(routine, ty);
        routine
    }

    /// Code for all routines, and for those that they need.
    pub(super) fn finish(
        mut self,
        program: &mut Program,
        limit: usize,
    ) -> Result<(), ResolveError> {
        let mut next = 0;
        while next < self.routines.len() {
            let parts = std::mem::take(&mut self.routines[next]);
            let start = program.skips.len();
            for part in parts {
                self.code(part, number(next), program, start);
                if program.skips.len() + self.routines.len() > limit {
                    return Err(ResolveError::TooLarge { limit });
                }
            }
            program.routines.push(Range { start: number(start), end: number(program.skips.len()) });
            next += 1;
        }
        Ok(())
    }

    fn code(&mut self, ty: TypeId, routine: u32, program: &mut Program, start: usize) {
        if let Some(size) = self.size(ty) {
            return append(program, start, Skip::Bytes(size));
        }
        let schema = self.schema;
        let code = match schema[ty].ty() {
            Type::Int | Type::Long | Type::Enum(_) => Skip::Varint,
            Type::Bytes | Type::String => Skip::Prefixed,
            Type::Array(items) => Skip::Array(self.routine(*items)),
            Type::Map(values) => Skip::Map(self.routine(*values)),
            Type::Union(union) => {
                // Side by side, so that they can be told by index.
                let routines = &mut self.routines;
                let first = *self.unions.entry(ty).or_insert_with(|| {
                    let first = number(routines.len());
                    routines.extend(union.branches().iter().map(|it| vec![*it]));
                    first
                });
                Skip::Union(first, number(union.branches().len()))
            }
            // A record's own routine is its fields; in others it is called.
            Type::Record(record) if self.known.get(&ty) == Some(&routine) => {
                for field in record.fields() {
                    self.code(field.ty(), NONE, program, start);
                }
                return;
            }
            Type::Record(_) => Skip::Routine(self.routine(ty)),
            // These have a size.
            _ => Skip::Bytes(0),
        };
        append(program, start, code);
    }
}

fn scalar_size(ty: &Type) -> Option<u64> {
    match ty {
        Type::Null => Some(0),
        Type::Boolean => Some(1),
        Type::Float => Some(4),
        Type::Double => Some(8),
        Type::Fixed(fixed) => Some(u64::from(fixed.size())),
        _ => None,
    }
}

/// Appends to the routine that begins at `start`.
fn append(program: &mut Program, start: usize, code: Skip) {
    if code == Skip::Bytes(0) {
        return;
    }
    match (program.skips[start..].last_mut(), code) {
        (Some(Skip::Bytes(before)), Skip::Bytes(more)) => *before = before.saturating_add(more),
        _ => program.skips.push(code),
    }
}
