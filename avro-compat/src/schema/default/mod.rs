//! Defaults: JSON that stands for a value of a type (specification, "Records", table of field default values).

mod mismatch;
mod scalar;

use std::collections::HashMap;

pub(crate) use self::mismatch::Mismatch;
use self::mismatch::Reason;
use super::{Field, Node, Record, Schema, Type, TypeId};
use crate::error::DefaultMismatch;
use crate::json::{self, Json};

/// How deep a default may nest, what is filled in included. The checks recurse so deep.
const MAX_DEPTH: usize = 200;

/// How many values a default may consist of, what is filled in included.
pub(crate) const MAX_VALUES: u64 = 100_000;

/// How many values the check of one default looks at: more than it has, where it tries the branches of unions.
const MAX_STEPS: u64 = 20 * MAX_VALUES;

impl Schema {
    /// Whether JSON stands for a value of a type, by the rules for defaults of fields:
    ///
    /// - int and long take integers in range, written without fraction or exponent; float and double take numbers within their range, and
    ///   the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, which JSON has no numbers for, except as a branch of a union;
    /// - bytes and fixed take strings of the code points 0 to 255, a fixed as many as its size;
    /// - an enum takes its symbols; its own default does not count;
    /// - a record takes an object; members that are missing are filled in from the defaults of the fields, and members that are no fields do not
    ///   count;
    /// - a union takes what any of its branches takes; the first that does is the value's: [`Schema::default_branch`].
    ///
    /// # Errors
    ///
    /// The first place that does not fit, and why.
    pub fn check_default(&self, ty: TypeId, value: Json<'_>) -> Result<(), DefaultMismatch> {
        let mut checker = Checker::new(&self.table().nodes, MAX_VALUES, MAX_STEPS);
        checker.check(ty, value).map_err(|it| it.describe(value))
    }

    /// The branch of a union that a default is a value of: the first that it fits.
    ///
    /// None if it fits none, or if the type is no union.
    pub fn default_branch(&self, union: TypeId, value: Json<'_>) -> Option<usize> {
        let Type::Union(union) = self[union].ty() else { return None };
        let mut checker = Checker::new(&self.table().nodes, MAX_VALUES, MAX_STEPS);
        for (at, branch) in union.branches().iter().enumerate() {
            match checker.fits(*branch, value, Context::BRANCH) {
                Ok(_) => return Some(at),
                Err(mismatch) if mismatch.reason.is_final() => return None,
                Err(_) => {}
            }
        }
        None
    }
}

/// Checks defaults against the types of a table.
pub(crate) struct Checker<'t> {
    nodes: &'t [Node],
    max_values: u64,
    /// How many more values may be looked at.
    steps: u64,
    /// Defaults of fields that were filled in: how many values they consist of, or none while that is being found out.
    filled: HashMap<(TypeId, usize), Option<u64>>,
    /// Values at which a union's branches were tried, so that trying them again and again does not take exponential time.
    tried: HashMap<(TypeId, *const json::Document, u32), Result<u64, Mismatch<'t>>>,
}

/// Where in a default the check is.
#[derive(Clone, Copy)]
struct Context {
    depth: usize,
    /// Directly below a union.
    branch: bool,
}

impl Context {
    const TOP: Self = Self { depth: 0, branch: false };
    const BRANCH: Self = Self { depth: 1, branch: true };

    fn inside(self, branch: bool) -> Self {
        Self { depth: self.depth + 1, branch }
    }
}

impl<'t> Checker<'t> {
    /// A checker of defaults of at most so many values each, which looks at so many in all.
    pub(crate) fn new(nodes: &'t [Node], max_values: u64, steps: u64) -> Self {
        Self { nodes, max_values, steps, filled: HashMap::new(), tried: HashMap::new() }
    }

    /// Whether a default fits a type.
    pub(crate) fn check(&mut self, ty: TypeId, value: Json<'t>) -> Result<(), Mismatch<'t>> {
        self.fits(ty, value, Context::TOP).map(|_| ())
    }

    /// How many values it consists of, if it fits.
    fn fits(&mut self, ty: TypeId, value: Json<'t>, context: Context) -> Result<u64, Mismatch<'t>> {
        let mismatch = |reason| Err(Mismatch { value, reason });
        if context.depth > MAX_DEPTH {
            return mismatch(Reason::TooDeep { limit: MAX_DEPTH });
        }
        if self.steps == 0 {
            return mismatch(Reason::TooMuchWork);
        }
        self.steps -= 1;
        let nodes = self.nodes;
        match &nodes[ty.index()].ty {
            Type::Array(items) => {
                let (items, array) = (*items, value.kind() == json::Kind::Array);
                if !array {
                    return mismatch(Reason::kind("an array", value));
                }
                self.sum(value, value.elements().map(|it| (items, it)), context)
            }
            Type::Map(values) => {
                let (values, object) = (*values, value.kind() == json::Kind::Object);
                if !object {
                    return mismatch(Reason::kind("an object", value));
                }
                self.sum(value, value.members().map(|(_, it)| (values, it)), context)
            }
            Type::Record(record) => self.record(ty, record, value, context),
            Type::Union(union) => {
                for branch in union.branches() {
                    match self.branch(*branch, value, context.inside(true)) {
                        Err(mismatch) if !mismatch.reason.is_final() => {}
                        verdict => return verdict,
                    }
                }
                // The one branch that it could have been is more telling than that it was none.
                match union.branches() {
                    [branch] => self.branch(*branch, value, context.inside(true)),
                    _ => mismatch(Reason::NoBranch { found: value.kind().described() }),
                }
            }
            ty => scalar::check(ty, value, context.branch).map(|()| 1),
        }
    }

    fn branch(
        &mut self,
        ty: TypeId,
        value: Json<'t>,
        context: Context,
    ) -> Result<u64, Mismatch<'t>> {
        // Nothing is saved where nothing is inside.
        if !matches!(value.kind(), json::Kind::Array | json::Kind::Object) {
            return self.fits(ty, value, context);
        }
        let key = (ty, std::ptr::from_ref(value.document()), value.row_number());
        if let Some(known) = self.tried.get(&key) {
            return *known;
        }
        let verdict = self.fits(ty, value, context);
        self.tried.insert(key, verdict);
        verdict
    }

    fn sum(
        &mut self,
        whole: Json<'t>,
        parts: impl Iterator<Item = (TypeId, Json<'t>)>,
        context: Context,
    ) -> Result<u64, Mismatch<'t>> {
        let mut values = 1;
        for (ty, part) in parts {
            values += self.fits(ty, part, context.inside(false))?;
            self.bounded(values, whole)?;
        }
        Ok(values)
    }

    fn bounded(&self, values: u64, whole: Json<'t>) -> Result<(), Mismatch<'t>> {
        if values <= self.max_values {
            return Ok(());
        }
        Err(Mismatch { value: whole, reason: Reason::TooLarge { limit: self.max_values } })
    }

    fn record(
        &mut self,
        id: TypeId,
        record: &'t Record,
        value: Json<'t>,
        context: Context,
    ) -> Result<u64, Mismatch<'t>> {
        if value.kind() != json::Kind::Object {
            return Err(Mismatch { value, reason: Reason::kind("an object", value) });
        }
        // Each field is looked at, if only to find it missing.
        self.steps = self.steps.saturating_sub(record.fields.len() as u64);
        // Members that are there, by field; a table, for one search each would take quadratic time.
        let mut members = vec![None; record.fields.len()];
        for (name, member) in value.members() {
            if let Some(at) = name.as_str().and_then(|it| record.position(&it)) {
                members[at] = Some(member);
            }
        }
        let mut values = 1;
        for (at, (field, member)) in record.fields.iter().zip(members).enumerate() {
            values += match (member, &field.default) {
                (Some(member), _) => self.fits(field.ty, member, context.inside(false))?,
                (None, Some(_)) => self.fill(id, at, field, value, context.inside(false))?,
                (None, None) => {
                    let reason = Reason::MissingField { field: &field.name, record: record.name() };
                    return Err(Mismatch { value, reason });
                }
            };
            self.bounded(values, value)?;
        }
        Ok(values)
    }

    /// A member that is missing, filled in from the field's default.
    fn fill(
        &mut self,
        record: TypeId,
        at: usize,
        field: &'t Field,
        value: Json<'t>,
        context: Context,
    ) -> Result<u64, Mismatch<'t>> {
        let Some(default) = field.default() else { return Ok(0) };
        match self.filled.get(&(record, at)) {
            Some(Some(values)) => return Ok(*values),
            Some(None) => {
                return Err(Mismatch { value, reason: Reason::Endless { field: &field.name } });
            }
            None => {}
        }
        self.filled.insert((record, at), None);
        let verdict = self.fits(field.ty, default, context);
        match verdict {
            Ok(values) => self.filled.insert((record, at), Some(values)),
            Err(_) => self.filled.remove(&(record, at)),
        };
        verdict
    }
}
