//! The cheapest ways to what was found.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::smallest::{Smallest, branch_size};
use super::{MAX_SIZE, Unproven};
use crate::check::{Pair, Step};
use crate::json::push_token;
use crate::schema::{Schema, Type, TypeId};
use crate::value::{MAX_DEPTH, Value};

/// What is read in one way: a reader's type and a writer's.
type Meeting = (TypeId, TypeId);

/// The cheapest way to each pair of types that meet, by Dijkstra's algorithm: a step costs what must be written beside it.
///
/// The checker's pairs are the steps of all ways: a pair of named types that is met again is one of them, too.
pub(super) struct Ways<'r> {
    pairs: &'r [Pair],
    writer: &'r Schema,
    known: HashMap<Meeting, Known>,
}

#[derive(Clone, Copy)]
struct Known {
    cost: u64,
    /// The pair that is the last step.
    last: u32,
}

/// A datum that is made from the end of a way outwards, and where in it that end is.
pub(super) struct Along {
    pub datum: Value,
    pub pointer: String,
    /// The steps, from the outermost.
    pub steps: Vec<Step>,
}

impl<'r> Ways<'r> {
    pub(super) fn of(pairs: &'r [Pair], writer: &'r Schema, smallest: &Smallest<'_>) -> Self {
        let meeting = |it: &Pair| (it.reader, it.writer);
        let mut steps: HashMap<Meeting, Vec<u32>> = HashMap::new();
        for (at, pair) in pairs.iter().enumerate().skip(1) {
            steps.entry(meeting(&pairs[pair.parent as usize])).or_default().push(at as u32);
        }
        let mut known = HashMap::new();
        let mut open = BinaryHeap::from([Reverse((0, 0))]);
        while let Some(Reverse((cost, last))) = open.pop() {
            let here = meeting(&pairs[last as usize]);
            if known.contains_key(&here) {
                continue;
            }
            known.insert(here, Known { cost, last });
            for at in steps.remove(&here).unwrap_or_default() {
                let beside = beside(writer, here.1, pairs[at as usize].step, smallest);
                open.push(Reverse((cost.saturating_add(beside), at)));
            }
        }
        Self { pairs, writer, known }
    }

    /// The datum with a value at the end of the way to a pair.
    pub(super) fn along(
        &self,
        pair: u32,
        value: Value,
        smallest: &Smallest<'_>,
    ) -> Result<Along, Unproven> {
        let mut depth = nesting(&value);
        let too_deep = Unproven::TooDeep { limit: MAX_DEPTH };
        let mut datum = value;
        let mut tokens = Vec::new();
        let mut steps = Vec::new();
        let mut at = self.known(pair);
        if at.cost > MAX_SIZE {
            return Err(Unproven::TooLarge { limit: MAX_SIZE });
        }
        while at.last != 0 {
            let Pair { parent, step, .. } = self.pairs[at.last as usize];
            let around = self.pairs[parent as usize].writer;
            if !matches!(step, Step::WriterBranch(_) | Step::ReaderBranch(_)) {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(too_deep);
                }
            }
            datum = self.wrap(around, step, datum, &mut tokens, smallest)?;
            steps.push(step);
            at = self.known(parent);
        }
        // What stands beside the way may nest deeper than what is at its end.
        if nesting(&datum) > MAX_DEPTH {
            return Err(too_deep);
        }
        steps.reverse();
        let mut pointer = String::new();
        for token in tokens.iter().rev() {
            push_token(&mut pointer, token);
        }
        Ok(Along { datum, pointer, steps })
    }

    fn known(&self, pair: u32) -> Known {
        let Pair { reader, writer, .. } = self.pairs[pair as usize];
        // Each pair is at the end of a way.
        let known = self.known.get(&(reader, writer)).copied();
        known.unwrap_or(Known { cost: u64::MAX, last: 0 })
    }

    /// A value as a part of another, of which it needs the rest.
    fn wrap(
        &self,
        around: TypeId,
        step: Step,
        part: Value,
        tokens: &mut Vec<String>,
        smallest: &Smallest<'_>,
    ) -> Result<Value, Unproven> {
        Ok(match (step, self.writer[around].ty()) {
            (Step::Field { writer, .. }, Type::Record(record)) => {
                let mut fields = Vec::with_capacity(record.fields().len());
                let mut part = Some(part);
                for (at, field) in record.fields().iter().enumerate() {
                    if at == writer as usize {
                        fields.extend(part.take());
                        tokens.push(field.name().to_owned());
                    } else {
                        fields.push(smallest.value(field.ty())?);
                    }
                }
                Value::Record(fields)
            }
            (Step::Items, _) => {
                tokens.push("0".to_owned());
                Value::Array(vec![part])
            }
            (Step::Values, _) => {
                tokens.push(KEY.to_owned());
                Value::Map(vec![(KEY.to_owned(), part)])
            }
            (Step::WriterBranch(branch), Type::Union(union)) => {
                let node = &self.writer[union.branches()[branch as usize]];
                // Null is written as itself.
                if !matches!(node.ty(), Type::Null) {
                    tokens.push(node.branch_name().to_owned());
                }
                Value::Union(branch, Box::new(part))
            }
            _ => part,
        })
    }
}

/// The key of a map's one value.
const KEY: &str = "k";

/// What must be written to get from a writer's type to a part of it.
fn beside(schema: &Schema, around: TypeId, step: Step, smallest: &Smallest<'_>) -> u64 {
    match (step, schema[around].ty()) {
        (Step::Field { writer, .. }, Type::Record(record)) => {
            let field = record.fields()[writer as usize].ty();
            match smallest.size(around) {
                u64::MAX => u64::MAX,
                size => size - smallest.size(field),
            }
        }
        // A count, an end and a value.
        (Step::Items, _) => 3,
        (Step::Values, _) => 4 + KEY.len() as u64,
        (Step::WriterBranch(at), _) => branch_size(at),
        _ => 0,
    }
}

/// How many records, arrays and maps are inside of each other in a value.
fn nesting(value: &Value) -> u32 {
    match value {
        Value::Record(parts) | Value::Array(parts) => {
            1 + parts.iter().map(nesting).max().unwrap_or(0)
        }
        Value::Map(entries) => 1 + entries.iter().map(|it| nesting(&it.1)).max().unwrap_or(0),
        Value::Union(_, inside) => nesting(inside),
        _ => 0,
    }
}
