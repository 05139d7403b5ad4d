//! Atomic operations and reductions.

use super::address::{at, reach};
use super::{Table, moves};
use crate::count::Class;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::Field;
use crate::machine::body::atomic::atomic;
use crate::machine::body::control;
use crate::machine::body::half::{Bf16, F16, Small, pair};
use crate::machine::instruction::Body;
use crate::machine::lane::Kind;
use crate::ptx::resolve::{Step, Value};

pub(super) fn add(table: &mut Table) {
    table.family(
        "atom",
        "atom{,.relaxed,.acquire,.release,.acq_rel}{,.SCOPE}{,.global,.shared}.{add,min,max,and,or,xor,inc,dec,exch,cas}{,.noftz}.TYPE",
        atom,
    );
    table.family(
        "red",
        "red{,.relaxed,.release}{,.SCOPE}{,.global,.shared}.{add,min,max,and,or,xor,inc,dec}{,.noftz}.TYPE",
        atom,
    );
}

/// An instruction that PTX has not, for the order of memory.
pub(super) fn hidden(emitter: &mut Emitter<'_, '_, '_>, body: Body) {
    emitter.op(body, Class::Hidden, [Field::None; 5]);
}

/// The body of an atomic operation, and the kind of its operands.
fn operation(op: &str, ty: &str) -> Option<(Body, Kind)> {
    macro_rules! of {
        ($t:ty, $kind:ident, $f:expr) => {
            Some((atomic::<$t, _>($f), Kind::$kind))
        };
    }
    match (op, ty) {
        ("add", "u32" | "s32") => of!(u32, U32, |old: u32, b, _| old.wrapping_add(b)),
        ("add", "u64" | "s64") => of!(u64, U64, |old: u64, b, _| old.wrapping_add(b)),
        ("add", "f32") => of!(f32, F32, |old: f32, b, _| old + b),
        ("add", "f64") => of!(f64, F64, |old: f64, b, _| old + b),
        ("add", "f16") => of!(F16, F16, |old: F16, b: F16, _| F16::near(old.wide() + b.wide())),
        ("add", "bf16") => {
            of!(Bf16, Bf16, |old: Bf16, b: Bf16, _| Bf16::near(old.wide() + b.wide()))
        }
        ("add", "f16x2") => of!(u32, U32, |old: u32, b, _| {
            pair::<F16>(old, b, 0, |a, b, _| F16::near(a.wide() + b.wide()))
        }),
        ("add", "bf16x2") => of!(u32, U32, |old: u32, b, _| {
            pair::<Bf16>(old, b, 0, |a, b, _| Bf16::near(a.wide() + b.wide()))
        }),
        ("min", "u32") => of!(u32, U32, |old: u32, b, _| old.min(b)),
        ("min", "s32") => of!(i32, S32, |old: i32, b, _| old.min(b)),
        ("min", "u64") => of!(u64, U64, |old: u64, b, _| old.min(b)),
        ("min", "s64") => of!(i64, S64, |old: i64, b, _| old.min(b)),
        ("max", "u32") => of!(u32, U32, |old: u32, b, _| old.max(b)),
        ("max", "s32") => of!(i32, S32, |old: i32, b, _| old.max(b)),
        ("max", "u64") => of!(u64, U64, |old: u64, b, _| old.max(b)),
        ("max", "s64") => of!(i64, S64, |old: i64, b, _| old.max(b)),
        ("and", "b32") => of!(u32, U32, |old: u32, b, _| old & b),
        ("and", "b64") => of!(u64, U64, |old: u64, b, _| old & b),
        ("or", "b32") => of!(u32, U32, |old: u32, b, _| old | b),
        ("or", "b64") => of!(u64, U64, |old: u64, b, _| old | b),
        ("xor", "b32") => of!(u32, U32, |old: u32, b, _| old ^ b),
        ("xor", "b64") => of!(u64, U64, |old: u64, b, _| old ^ b),
        ("inc", "u32") => of!(u32, U32, |old: u32, b, _| if old >= b { 0 } else { old + 1 }),
        ("dec", "u32") => {
            of!(u32, U32, |old: u32, b, _| if old == 0 || old > b { b } else { old - 1 })
        }
        ("exch", "b32") => of!(u32, U32, |_: u32, b, _| b),
        ("exch", "b64") => of!(u64, U64, |_: u64, b, _| b),
        ("cas", "b16") => of!(u16, U16, |old: u16, b, c| if old == b { c } else { old }),
        ("cas", "b32") => of!(u32, U32, |old: u32, b, c| if old == b { c } else { old }),
        ("cas", "b64") => of!(u64, U64, |old: u64, b, c| if old == b { c } else { old }),
        _ => None,
    }
}

fn atom<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let opcode = &step.instruction.opcode;
    let returns = opcode.base() == "atom";
    let (mut space, mut op, mut ty) = (None, "", "");
    let (mut acquire, mut release) = (false, false);
    for word in opcode.modifiers() {
        match word {
            "add" | "min" | "max" | "and" | "or" | "xor" | "inc" | "dec" | "exch" | "cas" => {
                op = word
            }
            "acquire" => acquire = true,
            "release" => release = true,
            "acq_rel" => (acquire, release) = (true, true),
            "relaxed" | "cta" | "cluster" | "gpu" | "sys" | "noftz" => {}
            _ if word.starts_with("L2::") => {}
            _ => match moves::space(word) {
                Some(found) => space = Some(found),
                None if ty.is_empty() => ty = word,
                None => return emitter.unsupported(format!("`.{word}`")),
            },
        }
    }
    let (target, rest) = match (returns, &step.operands[..]) {
        (true, [target, rest @ ..]) => (Some(target), rest),
        (_, rest) => (None, rest),
    };
    let (address, operands) = match rest {
        [address, operands @ ..] if operands.len() == if op == "cas" { 2 } else { 1 } => {
            (address, operands)
        }
        _ => return emitter.bad("takes an address and its operands"),
    };
    let at = at(emitter, address, space)?;
    let narrow = emitter.units(at.address) == 1;
    // A result that is not wanted need not be written.
    let target = target.filter(|target| **target != Value::Sink);
    let Some((body, kind)) = operation(op, ty) else {
        return emitter.unsupported("");
    };
    let mut fields = [Field::None; 5];
    fields[1] = Field::Use(at.address);
    let b = emitter.source(&operands[0], kind)?;
    fields[2] = Field::Use(b);
    fields[3] = match operands.get(1) {
        Some(c) => Field::Use(emitter.source(c, kind)?),
        None => Field::Use(b),
    };
    let mut extend = None;
    if let Some(target) = target {
        let (d, wide) = emitter.target(target, kind)?;
        fields[0] = Field::Def(d);
        extend = wide.map(|wide| (d, wide));
    }
    if release {
        hidden(emitter, control::order());
    }
    let emitted = emitter.op(body, Class::Atomic, fields);
    emitted.imm = reach(at.space, narrow).pack(at.offset);
    emitted.bytes = (kind.bits() / 8) as u16;
    emitted.strong = true;
    if let Some((d, wide)) = extend {
        emitter.extend(d, Some(wide), kind);
    }
    if acquire {
        hidden(emitter, control::order());
    }
    Ok(())
}
