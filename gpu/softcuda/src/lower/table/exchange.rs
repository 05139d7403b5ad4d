//! Exchanges between the lanes of a warp.

use super::Table;
use crate::count::Class::Warp;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::Field;
use crate::machine::body::vote::{self, ballot as how, shuffle};
use crate::machine::lane::Kind;
use crate::ptx::resolve::{Step, Value};

pub(super) fn add(table: &mut Table) {
    table.family("shfl", "shfl.sync.{up,down,bfly,idx}.b32", shfl);
    table.family("vote", "vote.sync.{all,any,uni}.pred, vote.sync.ballot.b32", vote_sync);
    table.family("match", "match.{any,all}.sync.{b32,b64}", matching);
    table.family("redux", "redux.sync.{add,min,max}.{u32,s32}, redux.sync.{and,or,xor}.b32", redux);
    table.family("activemask", "activemask.b32", activemask);
    table.family("elect", "elect.sync", elect);
}

/// The predicate of a pair, and the other.
fn pair(target: &Value) -> (&Value, Option<&Value>) {
    match target {
        Value::Pair(pair) => (&pair[0], Some(&pair[1])),
        one => (one, None),
    }
}

fn shfl<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let mode = match words[..] {
        ["sync", "up", "b32"] => shuffle::UP,
        ["sync", "down", "b32"] => shuffle::DOWN,
        ["sync", "bfly", "b32"] => shuffle::BFLY,
        ["sync", "idx", "b32"] => shuffle::IDX,
        _ => return emitter.unsupported("shuffles need `.sync`"),
    };
    let [target, a, b, c, members] = &step.operands[..] else {
        return emitter.bad("takes five operands");
    };
    let (target, predicate) = pair(target);
    let a = emitter.source(a, Kind::U32)?;
    let b = emitter.source(b, Kind::U32)?;
    let c = emitter.source(c, Kind::U32)?;
    let e = emitter.source(members, Kind::U32)?;
    let (d, wide) = emitter.target(target, Kind::U32)?;
    let flag = match predicate {
        Some(predicate) => Some((Field::Def(emitter.predicate_target(predicate)?), 16)),
        None => None,
    };
    let fields = [Field::Def(d), Field::Use(a), Field::Use(b), Field::Use(c), Field::Use(e)];
    let op = emitter.op(vote::shfl(), Warp, fields);
    op.imm = mode | if flag.is_some() { shuffle::PREDICATE } else { 0 };
    op.flag = flag;
    emitter.extend(d, wide, Kind::U32);
    Ok(())
}

fn vote_sync<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let mode = match words[..] {
        ["sync", "all", "pred"] => how::ALL,
        ["sync", "any", "pred"] => how::ANY,
        ["sync", "uni", "pred"] => how::UNI,
        ["sync", "ballot", "b32"] => how::BALLOT,
        _ => return emitter.unsupported("votes need `.sync`"),
    };
    let [target, a, members] = &step.operands[..] else {
        return emitter.bad("takes three operands");
    };
    let (a, negated) = emitter.predicate(a)?;
    let e = emitter.source(members, Kind::U32)?;
    let d = if mode == how::BALLOT {
        emitter.target(target, Kind::U32)?.0
    } else {
        emitter.predicate_target(target)?
    };
    let fields = [Field::Def(d), Field::Use(a), Field::None, Field::None, Field::Use(e)];
    emitter.op(vote::vote(), Warp, fields).imm = mode | if negated { how::NEGATED } else { 0 };
    Ok(())
}

fn matching<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let (all, kind) = match words[..] {
        ["any", "sync", "b32"] => (false, Kind::U32),
        ["any", "sync", "b64"] => (false, Kind::U64),
        ["all", "sync", "b32"] => (true, Kind::U32),
        ["all", "sync", "b64"] => (true, Kind::U64),
        _ => return emitter.unsupported(""),
    };
    let [target, a, members] = &step.operands[..] else {
        return emitter.bad("takes three operands");
    };
    let (target, predicate) = pair(target);
    let a = emitter.source(a, kind)?;
    let e = emitter.source(members, Kind::U32)?;
    let (d, _) = emitter.target(target, Kind::U32)?;
    let flag = match predicate {
        Some(predicate) => Some((Field::Def(emitter.predicate_target(predicate)?), 0)),
        None => None,
    };
    let body =
        if kind == Kind::U64 { vote::matching::<u64>(all) } else { vote::matching::<u32>(all) };
    let fields = [Field::Def(d), Field::Use(a), Field::None, Field::None, Field::Use(e)];
    emitter.op(body, Warp, fields).flag = flag;
    Ok(())
}

fn redux<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let body = match words[..] {
        ["sync", "add", "u32" | "s32"] => vote::redux(|a, b| a.wrapping_add(b)),
        ["sync", "min", "u32"] => vote::redux(|a, b| a.min(b)),
        ["sync", "max", "u32"] => vote::redux(|a, b| a.max(b)),
        ["sync", "min", "s32"] => vote::redux(|a, b| (a as i32).min(b as i32) as u32),
        ["sync", "max", "s32"] => vote::redux(|a, b| (a as i32).max(b as i32) as u32),
        ["sync", "and", "b32"] => vote::redux(|a, b| a & b),
        ["sync", "or", "b32"] => vote::redux(|a, b| a | b),
        ["sync", "xor", "b32"] => vote::redux(|a, b| a ^ b),
        _ => return emitter.unsupported(""),
    };
    let [target, a, members] = &step.operands[..] else {
        return emitter.bad("takes three operands");
    };
    let a = emitter.source(a, Kind::U32)?;
    let e = emitter.source(members, Kind::U32)?;
    let (d, _) = emitter.target(target, Kind::U32)?;
    let fields = [Field::Def(d), Field::Use(a), Field::None, Field::None, Field::Use(e)];
    emitter.op(body, Warp, fields);
    Ok(())
}

fn activemask<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [target] = &step.operands[..] else { return emitter.bad("takes one operand") };
    let (d, _) = emitter.target(target, Kind::U32)?;
    let fields = [Field::Def(d), Field::None, Field::None, Field::None, Field::None];
    emitter.op(vote::activemask(), Warp, fields);
    Ok(())
}

fn elect<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [Value::Pair(pair), members] = &step.operands[..] else {
        return emitter.bad("takes a register with a predicate, and a mask");
    };
    let e = emitter.source(members, Kind::U32)?;
    let (d, _) = emitter.target(&pair[0], Kind::U32)?;
    let a = emitter.predicate_target(&pair[1])?;
    let fields = [Field::Def(d), Field::Def(a), Field::None, Field::None, Field::Use(e)];
    emitter.op(vote::elect(), Warp, fields);
    Ok(())
}
