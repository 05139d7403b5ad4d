//! Moves, selections, logic on predicates, conversions of addresses.

use super::{Table, convert};
use crate::count::Class::{self, Compare, Integer, Move};
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::{Field, Value as Operand};
use crate::machine::body::alu;
use crate::machine::lane::Kind;
use crate::machine::program::Constant;
use crate::memory::Space;
use crate::ptx::resolve::{Step, Value};

pub(super) fn add(table: &mut Table) {
    table.family(
        "mov",
        "mov.{b16,b32,b64,u16,u32,u64,s16,s32,s64,f16,f32,f64,pred}, also of vectors in braces",
        mov,
    );
    for name in ["and.pred", "or.pred", "xor.pred"] {
        table.family(name, name, logic);
    }
    table.family("not.pred", "not.pred", logic);
    table.family("selp", "selp.{b16,b32,b64,u16,u32,u64,s16,s32,s64,f32,f64}", selp);
    table.family("cvta", "cvta{,.to}.{global,shared,shared::cta,local,const,param}.u64", cvta);
    table.family("isspacep", "isspacep.{global,shared,shared::cta,local,param}", isspacep);
    table.family("mapa", "mapa: clusters of one block", mapa);
}

fn mov<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [target, source] = &step.operands[..] else { return emitter.bad("takes two operands") };
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let [word] = words[..] else { return emitter.unsupported("") };
    if word == "pred" {
        let (a, negated) = emitter.predicate(source)?;
        let d = emitter.predicate_target(target)?;
        let fields = [Field::Def(d), Field::Use(a), Field::Use(a), Field::None, Field::None];
        let flip = if negated { u64::MAX } else { 0 };
        emitter.op(alu::logic(|a, _| a), Move, fields).imm = flip;
        return Ok(());
    }
    let Some(kind) = convert::kind(word) else { return emitter.unsupported("this type") };
    match (target, source) {
        (Value::Vector(parts), source) => unpack(emitter, parts, source, kind),
        (target, Value::Vector(parts)) => pack(emitter, target, parts, kind),
        _ => {
            if vector_of(emitter, source) {
                return emitter.unsupported("a move of whole vectors");
            }
            let a = emitter.source(source, kind)?;
            let (d, wide) = emitter.target(target, kind)?;
            move_to(emitter, d, a);
            emitter.extend(d, wide, kind);
            Ok(())
        }
    }
}

fn vector_of(emitter: &Emitter<'_, '_, '_>, operand: &Value) -> bool {
    match operand {
        Value::Register(id, None) => emitter.frame.body.registers[id.index()].vector.is_some(),
        _ => false,
    }
}

fn move_to(emitter: &mut Emitter<'_, '_, '_>, d: Operand, a: Operand) {
    let body = if emitter.units(d) == 2 { alu::one(|a: u64| a) } else { alu::one(|a: u32| a) };
    let fields = [Field::Def(d), Field::Use(a), Field::None, Field::None, Field::None];
    emitter.op(body, Move, fields);
}

fn shift(emitter: &mut Emitter<'_, '_, '_>, from: Operand, by: u32, units: u16) -> Operand {
    if by == 0 && emitter.units(from) == units {
        return from;
    }
    let amount = emitter.bits(by);
    let out = emitter.fresh(units);
    let body = match (emitter.units(from), units) {
        (2, 2) => alu::two(|a: u64, n: u32| a.checked_shr(n).unwrap_or(0)),
        (2, _) => alu::two(|a: u64, n: u32| a.checked_shr(n).unwrap_or(0) as u32),
        _ => alu::two(|a: u32, n: u32| a.checked_shr(n).unwrap_or(0)),
    };
    let fields = [Field::Def(out), Field::Use(from), Field::Use(amount), Field::None, Field::None];
    emitter.op(body, Class::Hidden, fields);
    out
}

/// `mov.b64 {a, b}, c`
fn unpack(
    emitter: &mut Emitter<'_, '_, '_>,
    parts: &[Value],
    source: &Value,
    kind: Kind,
) -> Emitted {
    let from = emitter.source(source, unsigned(kind))?;
    if !(kind.bits() as usize).is_multiple_of(parts.len().max(1)) {
        return emitter.bad("the parts do not divide the operand");
    }
    let bits = kind.bits() / parts.len() as u32;
    let part = part_kind(bits);
    let Some(part) = part else { return emitter.unsupported("parts of this size") };
    if let ([low, high], 64) = (parts, kind.bits()) {
        let (d, wide_d) = emitter.target(low, part)?;
        let (e, wide_e) = emitter.target(high, part)?;
        let fields = [Field::Def(d), Field::Use(from), Field::None, Field::None, Field::Def(e)];
        emitter.op(alu::split(), Move, fields);
        emitter.extend(d, wide_d, part);
        emitter.extend(e, wide_e, part);
        return Ok(());
    }
    // All parts are taken before any is written: one may be the source itself.
    let mut taken = Vec::new();
    for (i, to) in parts.iter().enumerate() {
        if *to != Value::Sink {
            let value = shift(emitter, from, i as u32 * bits, 1);
            let value = if bits < 32 {
                let out = emitter.fresh(1);
                let body = if bits == 16 { alu::one(|a: u16| a) } else { alu::one(|a: u8| a) };
                let fields =
                    [Field::Def(out), Field::Use(value), Field::None, Field::None, Field::None];
                emitter.op(body, Class::Hidden, fields);
                out
            } else {
                value
            };
            taken.push((to, value));
        }
    }
    for (to, value) in taken {
        let (d, wide) = emitter.target(to, part)?;
        move_to(emitter, d, value);
        emitter.extend(d, wide, part);
    }
    Ok(())
}

fn unsigned(kind: Kind) -> Kind {
    match kind.bits() {
        8 => Kind::U8,
        16 => Kind::U16,
        32 => Kind::U32,
        _ => Kind::U64,
    }
}

fn part_kind(bits: u32) -> Option<Kind> {
    Some(match bits {
        8 => Kind::U8,
        16 => Kind::U16,
        32 => Kind::U32,
        _ => return None,
    })
}

/// `mov.b64 c, {a, b}`
fn pack(emitter: &mut Emitter<'_, '_, '_>, target: &Value, parts: &[Value], kind: Kind) -> Emitted {
    if parts.is_empty() || !(kind.bits() as usize).is_multiple_of(parts.len()) {
        return emitter.bad("the parts do not divide the operand");
    }
    let bits = kind.bits() / parts.len() as u32;
    let Some(part) = part_kind(bits) else { return emitter.unsupported("parts of this size") };
    let mut values = Vec::new();
    for from in parts {
        values.push(emitter.source(from, part)?);
    }
    // Narrow parts are joined to words of 32 bits first.
    let mut words = Vec::new();
    for chunk in values.chunks((32 / bits) as usize) {
        let mut word = chunk[0];
        for (i, &more) in chunk.iter().enumerate().skip(1) {
            let out = emitter.fresh(1);
            let amount = emitter.bits(i as u32 * bits);
            let body = if bits == 16 {
                alu::three(|a: u16, b: u16, n: u32| u32::from(a) | u32::from(b) << n)
            } else {
                alu::three(|a: u32, b: u8, n: u32| a & !(u32::MAX << n) | u32::from(b) << n)
            };
            let fields = [
                Field::Def(out),
                Field::Use(word),
                Field::Use(more),
                Field::Use(amount),
                Field::None,
            ];
            emitter.op(body, Class::Hidden, fields);
            word = out;
        }
        words.push(word);
    }
    let (d, wide) = emitter.target(target, unsigned(kind))?;
    match words[..] {
        [low, high] => {
            let fields =
                [Field::Def(d), Field::Use(low), Field::Use(high), Field::None, Field::None];
            emitter.op(alu::join(), Move, fields);
        }
        [word] => move_to(emitter, d, word),
        _ => return emitter.unsupported("so many parts"),
    }
    emitter.extend(d, wide, unsigned(kind));
    Ok(())
}

fn logic<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let (body, count) = match step.instruction.opcode.base() {
        "and" => (alu::logic(|a, b| a & b), 2),
        "or" => (alu::logic(|a, b| a | b), 2),
        "xor" => (alu::logic(|a, b| a ^ b), 2),
        _ => (alu::logic(|a, _| !a), 1),
    };
    let Some((target, sources)) = step.operands.split_first().filter(|(_, s)| s.len() == count)
    else {
        return emitter.bad(format!("takes {} operands", count + 1));
    };
    let (a, flip_a) = emitter.predicate(&sources[0])?;
    let (b, flip_b) = emitter.predicate(&sources[count - 1])?;
    let d = emitter.predicate_target(target)?;
    let ones = |yes: bool| if yes { 0xffff_ffff_u64 } else { 0 };
    let fields = [Field::Def(d), Field::Use(a), Field::Use(b), Field::None, Field::None];
    emitter.op(body, Integer, fields).imm = ones(flip_a) | ones(flip_b) << 32;
    Ok(())
}

fn selp<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [target, a, b, predicate] = &step.operands[..] else {
        return emitter.bad("takes four operands");
    };
    let word = step.instruction.opcode.modifiers().next().unwrap_or("");
    let Some(kind) = convert::kind(word) else { return emitter.unsupported("this type") };
    let a = emitter.source(a, kind)?;
    let b = emitter.source(b, kind)?;
    let (c, negated) = emitter.predicate(predicate)?;
    let (d, wide) = emitter.target(target, kind)?;
    let body = if kind.units() == 2 { alu::select::<u64>() } else { alu::select::<u32>() };
    let fields = [Field::Def(d), Field::Use(a), Field::Use(b), Field::Use(c), Field::None];
    emitter.op(body, Compare, fields).imm = if negated { 0xffff_ffff } else { 0 };
    emitter.extend(d, wide, kind);
    Ok(())
}

/// The space that a word names.
pub(super) fn space(word: &str) -> Option<Space> {
    Some(match word.split("::").next().unwrap_or("") {
        "global" => Space::Global,
        "shared" => Space::Shared,
        "local" => Space::Local,
        "const" => Space::Const,
        "param" => Space::Param,
        _ => return None,
    })
}

fn cvta<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [target, source] = &step.operands[..] else { return emitter.bad("takes two operands") };
    let opcode = &step.instruction.opcode;
    let Some(space) = opcode.modifiers().find_map(space) else {
        return emitter.unsupported("this space");
    };
    let to = opcode.has("to");
    if opcode.has("u32") {
        return emitter.unsupported("generic addresses of 32 bits");
    }
    let a = emitter.source(source, Kind::U64)?;
    let (d, wide) = emitter.target(target, Kind::U64)?;
    let base = space.base();
    if base == 0 {
        move_to(emitter, d, a);
    } else {
        let base =
            emitter.constant(Constant::Bits(if to { base.wrapping_neg() } else { base }), true);
        let fields = [Field::Def(d), Field::Use(a), Field::Use(base), Field::None, Field::None];
        emitter.op(alu::two(|a: u64, b: u64| a.wrapping_add(b)), Move, fields);
    }
    emitter.extend(d, wide, Kind::U64);
    Ok(())
}

fn isspacep<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [target, source] = &step.operands[..] else { return emitter.bad("takes two operands") };
    let word = step.instruction.opcode.modifiers().next().unwrap_or("");
    let body = match space(word) {
        Some(Space::Shared) => alu::compare(|a: u64, _| Space::of(a) == Space::Shared),
        Some(Space::Local) => alu::compare(|a: u64, _| Space::of(a) == Space::Local),
        Some(Space::Param) => alu::compare(|a: u64, _| Space::of(a) == Space::Param),
        Some(Space::Global) => alu::compare(|a: u64, _| Space::of(a) == Space::Global),
        // Constants lie in the window of global memory, and nothing tells them from it.
        _ => return emitter.unsupported("this space"),
    };
    let a = emitter.source(source, Kind::U64)?;
    let d = emitter.predicate_target(target)?;
    let fields = [Field::Def(d), Field::Use(a), Field::Use(a), Field::None, Field::None];
    emitter.op(body, Compare, fields);
    Ok(())
}

fn mapa<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [target, source, _] = &step.operands[..] else {
        return emitter.bad("takes three operands");
    };
    let kind = if step.instruction.opcode.has("u64") { Kind::U64 } else { Kind::U32 };
    let a = emitter.source(source, kind)?;
    let (d, _) = emitter.target(target, kind)?;
    move_to(emitter, d, a);
    Ok(())
}
