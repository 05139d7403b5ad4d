//! The table of instructions: opcode with modifiers to body. What is not in it is refused when a module is loaded; the list of what is
//! supported is made from it.

mod address;
mod atomic;
mod bits;
mod compare;
mod control;
mod convert;
mod exchange;
mod float;
mod half;
mod integer;
mod matrix;
mod memory;
mod moves;

use super::emit::{Emitted, Emitter};
use super::op::Field;
use crate::count::Class;
use crate::machine::body::alu;
use crate::machine::instruction::Body;
use crate::machine::lane::{Kind, Lane};
use crate::ptx::resolve::Step;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// What follows the operands that are registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Imm {
    /// Nothing; the instruction's immediate is this.
    Fixed(u64),
    /// A last operand that is known when the module is loaded.
    Operand,
}

/// How an instruction is emitted.
#[derive(Clone, Copy)]
enum Shape {
    /// `d = f(sources)`
    Lanes { body: Body, d: Kind, sources: [Option<Kind>; 4], imm: Imm },
    /// A comparison, for `setp` and `set`.
    Compare { body: Body, kind: Kind },
    /// By a function of its own, which reads the modifiers itself.
    Family(for<'x, 'p, 'm, 'a, 's> fn(&'x mut Emitter<'p, 'm, 'a>, &'s Step<'m, 'a>) -> Emitted),
}

/// An instruction of the table.
#[derive(Clone, Copy)]
struct Entry {
    shape: Shape,
    class: Class,
    flops: u16,
}

/// The table.
#[derive(Default)]
struct Table {
    entries: HashMap<String, Entry>,
    /// Families, with the forms that they take, for the list.
    families: BTreeMap<&'static str, &'static str>,
}

impl Table {
    fn add(&mut self, names: &str, entry: Entry) {
        for name in expand(names) {
            let entry = Entry { flops: flops(&name, entry.class), ..entry };
            self.entries.insert(name, entry);
        }
    }

    fn lanes(
        &mut self,
        names: &str,
        class: Class,
        body: Body,
        d: Kind,
        sources: &[Kind],
        imm: Imm,
    ) {
        let mut kinds = [None; 4];
        for (to, &from) in kinds.iter_mut().zip(sources) {
            *to = Some(from);
        }
        self.add(
            names,
            Entry { shape: Shape::Lanes { body, d, sources: kinds, imm }, class, flops: 0 },
        );
    }

    /// `d = f(a)`
    fn one<A: Lane, D: Lane, F: Fn(A) -> D + Copy + 'static>(
        &mut self,
        names: &str,
        class: Class,
        f: F,
    ) {
        self.lanes(names, class, alu::one(f), D::KIND, &[A::KIND], Imm::Fixed(0));
    }

    /// `d = f(a, b)`
    fn two<A: Lane, B: Lane, D: Lane, F: Fn(A, B) -> D + Copy + 'static>(
        &mut self,
        names: &str,
        class: Class,
        f: F,
    ) {
        self.lanes(names, class, alu::two(f), D::KIND, &[A::KIND, B::KIND], Imm::Fixed(0));
    }

    /// `d = f(a, b, c)`
    fn three<A: Lane, B: Lane, C: Lane, D: Lane, F: Fn(A, B, C) -> D + Copy + 'static>(
        &mut self,
        names: &str,
        class: Class,
        f: F,
    ) {
        let kinds = [A::KIND, B::KIND, C::KIND];
        self.lanes(names, class, alu::three(f), D::KIND, &kinds, Imm::Fixed(0));
    }

    /// `d = f(a, b, c, e)`
    fn four<
        A: Lane,
        B: Lane,
        C: Lane,
        E: Lane,
        D: Lane,
        F: Fn(A, B, C, E) -> D + Copy + 'static,
    >(
        &mut self,
        names: &str,
        class: Class,
        f: F,
    ) {
        let kinds = [A::KIND, B::KIND, C::KIND, E::KIND];
        self.lanes(names, class, alu::four(f), D::KIND, &kinds, Imm::Fixed(0));
    }

    /// `d = f(a, b, c, imm)`
    fn three_imm<A: Lane, B: Lane, C: Lane, D: Lane, F: Fn(A, B, C, u64) -> D + Copy + 'static>(
        &mut self,
        names: &str,
        class: Class,
        imm: Imm,
        f: F,
    ) {
        let kinds = [A::KIND, B::KIND, C::KIND];
        self.lanes(names, class, alu::three_imm(f), D::KIND, &kinds, imm);
    }

    fn compare<A: Lane, F: Fn(A, A) -> bool + Copy + 'static>(&mut self, names: &str, f: F) {
        let shape = Shape::Compare { body: alu::compare(f), kind: A::KIND };
        self.add(names, Entry { shape, class: Class::Compare, flops: 0 });
    }

    fn family(
        &mut self,
        name: &'static str,
        forms: &'static str,
        emit: for<'x, 'p, 'm, 'a, 's> fn(&'x mut Emitter<'p, 'm, 'a>, &'s Step<'m, 'a>) -> Emitted,
    ) {
        self.families.insert(name, forms);
        self.add(name, Entry { shape: Shape::Family(emit), class: Class::Other, flops: 0 });
    }
}

/// Floating-point operations of a lane.
fn flops(name: &str, class: Class) -> u16 {
    if !matches!(class, Class::Half | Class::Single | Class::Double) {
        return 0;
    }
    let base = name.split('.').next().unwrap_or("");
    let one = match base {
        "fma" | "mad" => 2,
        "add" | "sub" | "mul" | "div" | "sqrt" | "rcp" => 1,
        _ => 0,
    };
    if name.ends_with("x2") { one * 2 } else { one }
}

/// `a{b,c}d` is `abd` and `acd`.
fn expand(names: &str) -> Vec<String> {
    let Some((before, rest)) = names.split_once('{') else { return vec![names.to_owned()] };
    let Some((choices, after)) = rest.split_once('}') else { return vec![names.to_owned()] };
    let after = expand(after);
    choices
        .split(',')
        .flat_map(|choice| after.iter().map(move |after| format!("{before}{choice}{after}")))
        .collect()
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    integer::add(&mut table);
    bits::add(&mut table);
    float::add(&mut table);
    half::add(&mut table);
    compare::add(&mut table);
    convert::add(&mut table);
    moves::add(&mut table);
    memory::add(&mut table);
    exchange::add(&mut table);
    matrix::add(&mut table);
    control::add(&mut table);
    table
});

/// Every supported instruction: opcodes with their modifiers, and families with the forms that they take. Sorted.
pub fn supported() -> Vec<String> {
    let mut list: Vec<String> = TABLE
        .entries
        .iter()
        .filter(|(_, entry)| !matches!(entry.shape, Shape::Family(_) | Shape::Compare { .. }))
        .map(|(name, _)| name.clone())
        .chain(TABLE.families.values().map(|&forms| forms.to_owned()))
        .collect();
    list.sort_unstable();
    list
}

/// Emits a step.
pub(super) fn emit<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let opcode = &step.instruction.opcode;
    // Comparisons are emitted by the families that they are part of.
    let exact =
        TABLE.entries.get(opcode.as_str()).filter(|e| !matches!(e.shape, Shape::Compare { .. }));
    match exact.or_else(|| TABLE.entries.get(opcode.base())) {
        Some(Entry { shape: Shape::Family(emit), .. }) => emit(emitter, step),
        Some(Entry { shape: Shape::Lanes { body, d, sources, imm }, class, flops }) => {
            lanes(emitter, step, *body, *d, sources, *imm, *class, *flops)
        }
        _ => emitter.unsupported(""),
    }
}

#[expect(clippy::too_many_arguments, reason = "the fields of one entry")]
fn lanes<'m, 'a>(
    emitter: &mut Emitter<'_, 'm, 'a>,
    step: &Step<'m, 'a>,
    body: Body,
    d: Kind,
    kinds: &[Option<Kind>; 4],
    imm: Imm,
    class: Class,
    flops: u16,
) -> Emitted {
    let count = kinds.iter().flatten().count();
    let expected = count + 1 + usize::from(imm == Imm::Operand);
    let Some((target, operands)) =
        step.operands.split_first().filter(|_| step.operands.len() == expected)
    else {
        return emitter.bad(format!("takes {expected} operands, found {}", step.operands.len()));
    };
    let mut fields = [Field::None; 5];
    for (i, kind) in kinds.iter().flatten().enumerate() {
        fields[i + 1] = Field::Use(emitter.source(&operands[i], *kind)?);
    }
    let imm = match imm {
        Imm::Fixed(imm) => imm,
        Imm::Operand => emitter.immediate(&operands[count])?,
    };
    let (to, wide) = emitter.target(target, d)?;
    fields[0] = Field::Def(to);
    let op = emitter.op(body, class, fields);
    op.imm = imm;
    op.flops = flops;
    emitter.extend(to, wide, d);
    Ok(())
}

/// The body and kind of a comparison.
fn comparison(name: &str) -> Option<(Body, Kind)> {
    match TABLE.entries.get(name)?.shape {
        Shape::Compare { body, kind } => Some((body, kind)),
        _ => None,
    }
}
