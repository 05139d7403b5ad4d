//! Whether anything at all can be read.

use super::program::{Op, Program};
use crate::error::ResolveError;
use crate::schema::Schema;

/// How often the program is looked through. Chains that need more are found when data is read.
const PASSES: usize = 8;

/// Why nothing can be read, if that is so. Not all programs with which nothing can be read are found.
pub(super) fn hopeless(
    program: &Program,
    reader: &Schema,
    writer: &Schema,
) -> Option<ResolveError> {
    // The failure of each record.
    let mut failing: Vec<Option<u32>> = vec![None; program.records.len()];
    for _ in 0..PASSES {
        let mut changed = false;
        // Records are numbered before what is inside of them.
        for at in (0..program.records.len()).rev() {
            if failing[at].is_some() {
                continue;
            }
            let code = &program.records[at];
            let steps = &program.steps[code.steps.start as usize..code.steps.end as usize];
            let found = steps.iter().find_map(|step| failure(program, step.op, &failing));
            changed |= found.is_some();
            failing[at] = found;
        }
        if !changed {
            break;
        }
    }
    let at = failure(program, program.entry?, &failing)?;
    let (mismatch, place) = program.fails.get(at as usize)?;
    let pointer = |schema: &Schema, origin| schema.json(origin).pointer();
    Some(ResolveError::Unreadable {
        mismatch: mismatch.clone(),
        reader: place.reader.map(|it| pointer(reader, it)).unwrap_or_default(),
        writer: place.writer.map(|it| pointer(writer, it)).unwrap_or_default(),
    })
}

/// The failure that an instruction always ends with.
fn failure(program: &Program, op: Op, failing: &[Option<u32>]) -> Option<u32> {
    match op {
        Op::Fail(at) => Some(at),
        Op::Record(at) => failing[at as usize],
        Op::Wrap(at) => simple(program.wraps[at as usize].op, failing),
        Op::Union(at) => {
            let range = &program.unions[at as usize].branches;
            let branches = &program.branches[range.start as usize..range.end as usize];
            let mut failures = branches.iter().map(|it| simple(it.op, failing));
            let first = failures.next()??;
            failures.all(|it| it.is_some()).then_some(first)
        }
        _ => None,
    }
}

fn simple(op: Op, failing: &[Option<u32>]) -> Option<u32> {
    match op {
        Op::Fail(at) => Some(at),
        Op::Record(at) => failing[at as usize],
        _ => None,
    }
}
