//! Loops that poll memory: found, and marked at their head, so that the machine can tell rounds that wait from those that work
//! ([`Rounds`](crate::machine::program::Rounds)).

use super::emit::Home;
use super::flow::Graph;
use super::op::{Control, Field, Op, Value};
use super::rows;
use crate::count::Class;
use crate::machine::body::control;

/// A loop that polls.
#[derive(Debug)]
pub(super) struct Polling {
    /// Its head: the instruction that marks it.
    pub head: usize,
    /// Its instructions, as ranges in order.
    pub body: Vec<(usize, usize)>,
    /// Values that a round hands on to the next: those but what it polls.
    pub handed_on: Vec<Value>,
}

/// Whether an instruction looks for what others have written.
fn polls(op: &Op) -> bool {
    match op.class {
        Class::Atomic => true,
        Class::LoadGlobal | Class::LoadShared => op.strong,
        _ => false,
    }
}

fn touches_memory(op: &Op) -> bool {
    matches!(
        op.class,
        Class::Atomic
            | Class::LoadGlobal
            | Class::LoadShared
            | Class::StoreGlobal
            | Class::StoreShared
            | Class::Local
    )
}

/// Finds innermost loops that poll, and puts an instruction of no effect at the head of each.
pub(super) fn mark(
    ops: &mut Vec<Op>,
    labels: &mut [usize],
    opcodes: &[String],
    homes: &[Home],
) -> Vec<Polling> {
    if !ops.iter().any(polls) {
        return Vec::new();
    }
    let graph = Graph::new(ops, labels);
    let (live_in, _) = rows::live(ops, &graph, homes.len());
    let count = graph.blocks.len();
    let mut before = vec![Vec::new(); count];
    for (number, block) in graph.blocks.iter().enumerate() {
        block.next.iter().for_each(|&next| before[next].push(number));
    }
    let mut found = Vec::new();
    for head in 0..count {
        let Some(inside) = body(&graph, &before, head) else { continue };
        let blocks = || (0..count).filter(|&number| inside[number]).map(|it| &graph.blocks[it]);
        let of_loop = || blocks().flat_map(|block| &ops[block.begin..block.end]);
        if !of_loop().any(polls) {
            continue;
        }
        let mut handed_on: Vec<Value> = of_loop()
            .flat_map(Op::defs)
            .filter(|&value| value.0 != 0 && live_in[head].contains(value))
            .collect();
        handed_on.sort_unstable();
        handed_on.dedup();
        // Loops that count do not wait.
        let latches = before[head].iter().filter(|&&latch| inside[latch]);
        let mut last = latches.map(|&it| &graph.blocks[it]).flat_map(|it| &ops[it.begin..it.end]);
        let counts = |op: &Op| {
            let opcode = opcodes.get(op.opcode as usize).map_or("", String::as_str);
            let adds = opcode.starts_with("add") || opcode.starts_with("sub");
            adds && op.guard.is_none()
                && op.defs().any(|d| handed_on.contains(&d) && op.uses().any(|used| used == d))
        };
        if last.any(counts) {
            continue;
        }
        let polled = polled(&handed_on, of_loop);
        handed_on.retain(|value| !polled.contains(value));
        let mut body: Vec<(usize, usize)> = blocks().map(|it| (it.begin, it.end)).collect();
        body.dedup_by(|next, last| {
            let joined = last.1 == next.0;
            if joined {
                last.1 = next.1;
            }
            joined
        });
        found.push(Polling { head: graph.blocks[head].begin, body, handed_on });
    }
    insert(ops, labels, &mut found);
    found
}

/// The blocks of the innermost loop with this head.
fn body(graph: &Graph, before: &[Vec<usize>], head: usize) -> Option<Vec<bool>> {
    let mut stack: Vec<usize> = before[head].iter().copied().filter(|&it| it >= head).collect();
    if stack.is_empty() {
        return None;
    }
    let mut inside = vec![false; graph.blocks.len()];
    inside[head] = true;
    while let Some(number) = stack.pop() {
        if inside[number] {
            continue;
        }
        if number == 0 {
            // One may come in from elsewhere.
            return None;
        }
        inside[number] = true;
        stack.extend(&before[number]);
    }
    let back = |number: usize| {
        graph.blocks[number].next.iter().any(|&to| to != head && to <= number && inside[to])
    };
    let inner = (0..inside.len()).any(|number| inside[number] && back(number));
    (!inner).then_some(inside)
}

/// Those values that are what polls have read and nothing else, where no access depends on them: the next round asks anew.
fn polled<'o, I: Iterator<Item = &'o Op>>(
    handed_on: &[Value],
    of_loop: impl Fn() -> I,
) -> Vec<Value> {
    let by_polls = |value: Value| {
        of_loop().filter(|op| op.defs().any(|d| d == value)).all(polls)
            // An operand that is written in part only is no definition.
            && !of_loop().any(|op| op.operands().any(|field| field == Field::Both(value)))
    };
    let polled: Vec<Value> = handed_on.iter().copied().filter(|&value| by_polls(value)).collect();
    let mut tainted = polled.clone();
    loop {
        let before = tainted.len();
        for op in of_loop() {
            let uses =
                |op: &Op| op.operands().filter_map(Field::used).any(|v| tainted.contains(&v));
            if !uses(op) {
                continue;
            }
            if touches_memory(op) {
                return Vec::new();
            }
            let new: Vec<Value> = op.defs().filter(|d| !tainted.contains(d)).collect();
            tainted.extend(new);
        }
        if tainted.len() == before {
            return polled;
        }
    }
}

/// Puts the marks in, and moves all places on.
fn insert(ops: &mut Vec<Op>, labels: &mut [usize], found: &mut [Polling]) {
    found.sort_by_key(|it| it.head);
    for i in (0..found.len()).rev() {
        let at = found[i].head;
        let mark = Op {
            body: control::round(),
            imm: 0,
            guard: None,
            fields: [Field::None; 5],
            list: Vec::new(),
            flag: None,
            control: Control::Next,
            class: Class::Hidden,
            flops: 0,
            bytes: 0,
            strong: false,
            ..ops[at].clone()
        };
        ops.insert(at, mark);
        labels.iter_mut().filter(|label| **label > at).for_each(|label| *label += 1);
        for (number, it) in found.iter_mut().enumerate() {
            // Heads of those before stay; all ends behind the mark move, and what begins at it begins with it.
            it.head += usize::from(number > i);
            for (begin, end) in &mut it.body {
                *begin += usize::from(*begin > at);
                *end += usize::from(*end > at);
            }
        }
    }
}
