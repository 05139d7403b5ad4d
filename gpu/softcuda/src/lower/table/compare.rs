//! Comparisons: `setp`, `set`, `testp`, `slct`.

use super::{Table, comparison};
use crate::count::Class::Compare;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::Field;
use crate::machine::body::alu::{self, setp as how};
use crate::machine::body::half::{Bf16, F16, Small};
use crate::machine::body::round::flush;
use crate::machine::lane::Kind;
use crate::machine::program::Constant;
use crate::ptx::resolve::{Step, Value};

macro_rules! ordered {
    ($table:ident, $t:ty, $s:literal) => {
        $table.compare(concat!("setp.eq.", $s), |a: $t, b: $t| a == b);
        $table.compare(concat!("setp.ne.", $s), |a: $t, b: $t| a != b);
        $table.compare(concat!("setp.lt.", $s), |a: $t, b: $t| a < b);
        $table.compare(concat!("setp.le.", $s), |a: $t, b: $t| a <= b);
        $table.compare(concat!("setp.gt.", $s), |a: $t, b: $t| a > b);
        $table.compare(concat!("setp.ge.", $s), |a: $t, b: $t| a >= b);
    };
}

macro_rules! unsigned {
    ($table:ident, $t:ty, $s:literal) => {
        ordered!($table, $t, $s);
        $table.compare(concat!("setp.lo.", $s), |a: $t, b: $t| a < b);
        $table.compare(concat!("setp.ls.", $s), |a: $t, b: $t| a <= b);
        $table.compare(concat!("setp.hi.", $s), |a: $t, b: $t| a > b);
        $table.compare(concat!("setp.hs.", $s), |a: $t, b: $t| a >= b);
    };
}

/// Of floats: those that end in `u` are true where either is NaN. `$w` widens.
macro_rules! floats {
    ($table:ident, $t:ty, $s:literal, $w:expr) => {
        $table.compare(concat!("setp.eq.", $s), |a: $t, b: $t| $w(a) == $w(b));
        $table.compare(concat!("setp.ne.", $s), |a: $t, b: $t| $w(a) < $w(b) || $w(a) > $w(b));
        $table.compare(concat!("setp.lt.", $s), |a: $t, b: $t| $w(a) < $w(b));
        $table.compare(concat!("setp.le.", $s), |a: $t, b: $t| $w(a) <= $w(b));
        $table.compare(concat!("setp.gt.", $s), |a: $t, b: $t| $w(a) > $w(b));
        $table.compare(concat!("setp.ge.", $s), |a: $t, b: $t| $w(a) >= $w(b));
        $table.compare(concat!("setp.equ.", $s), |a: $t, b: $t| !($w(a) < $w(b) || $w(a) > $w(b)));
        $table.compare(concat!("setp.neu.", $s), |a: $t, b: $t| $w(a) != $w(b));
        $table.compare(concat!("setp.ltu.", $s), |a: $t, b: $t| !($w(a) >= $w(b)));
        $table.compare(concat!("setp.leu.", $s), |a: $t, b: $t| !($w(a) > $w(b)));
        $table.compare(concat!("setp.gtu.", $s), |a: $t, b: $t| !($w(a) <= $w(b)));
        $table.compare(concat!("setp.geu.", $s), |a: $t, b: $t| !($w(a) < $w(b)));
        $table.compare(concat!("setp.num.", $s), |a: $t, b: $t| !$w(a).is_nan() && !$w(b).is_nan());
        $table.compare(concat!("setp.nan.", $s), |a: $t, b: $t| $w(a).is_nan() || $w(b).is_nan());
    };
}

#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "true where either is NaN")]
pub(super) fn add(table: &mut Table) {
    unsigned!(table, u16, "u16");
    unsigned!(table, u32, "u32");
    unsigned!(table, u64, "u64");
    ordered!(table, i16, "s16");
    ordered!(table, i32, "s32");
    ordered!(table, i64, "s64");
    table.compare("setp.eq.b16", |a: u16, b: u16| a == b);
    table.compare("setp.ne.b16", |a: u16, b: u16| a != b);
    table.compare("setp.eq.b32", |a: u32, b: u32| a == b);
    table.compare("setp.ne.b32", |a: u32, b: u32| a != b);
    table.compare("setp.eq.b64", |a: u64, b: u64| a == b);
    table.compare("setp.ne.b64", |a: u64, b: u64| a != b);
    floats!(table, f32, "f32", |a: f32| a);
    floats!(table, f32, "ftz.f32", flush);
    floats!(table, f64, "f64", |a: f64| a);
    floats!(table, F16, "f16", |a: F16| a.wide());
    floats!(table, F16, "ftz.f16", |a: F16| a.flush().wide());
    floats!(table, Bf16, "bf16", |a: Bf16| a.wide());
    table.compare("testp.finite.f32", |a: f32, _| a.is_finite());
    table.compare("testp.infinite.f32", |a: f32, _| a.is_infinite());
    table.compare("testp.number.f32", |a: f32, _| !a.is_nan());
    table.compare("testp.notanumber.f32", |a: f32, _| a.is_nan());
    // Zeros are normal here, by the manual.
    table.compare("testp.normal.f32", |a: f32, _| a.is_normal() || a == 0.0);
    table.compare("testp.subnormal.f32", |a: f32, _| a.is_subnormal());
    table.compare("testp.finite.f64", |a: f64, _| a.is_finite());
    table.compare("testp.infinite.f64", |a: f64, _| a.is_infinite());
    table.compare("testp.number.f64", |a: f64, _| !a.is_nan());
    table.compare("testp.notanumber.f64", |a: f64, _| a.is_nan());
    table.compare("testp.normal.f64", |a: f64, _| a.is_normal() || a == 0.0);
    table.compare("testp.subnormal.f64", |a: f64, _| a.is_subnormal());
    table.family(
        "setp",
        "setp.{eq,ne,lt,le,gt,ge,lo,ls,hi,hs,equ,neu,ltu,leu,gtu,geu,num,nan}{,.and,.or,.xor}{,.ftz}.TYPE",
        setp,
    );
    table.family("set", "set.CMP{,.and,.or,.xor}{,.ftz}.{u32,s32,f32}.TYPE", set);
    table.family(
        "testp",
        "testp.{finite,infinite,number,notanumber,normal,subnormal}.{f32,f64}",
        testp,
    );
    table.three(
        "slct.{b16,u16,s16}.s32",
        Compare,
        |a: u16, b: u16, c: i32| if c >= 0 { a } else { b },
    );
    table.three(
        "slct.{b32,u32,s32,f32}.s32",
        Compare,
        |a: u32, b: u32, c: i32| if c >= 0 { a } else { b },
    );
    table.three(
        "slct.{b64,u64,s64,f64}.s32",
        Compare,
        |a: u64, b: u64, c: i32| if c >= 0 { a } else { b },
    );
    table.three(
        "slct.{b32,u32,s32,f32}.f32",
        Compare,
        |a: u32, b: u32, c: f32| if c >= 0.0 { a } else { b },
    );
    table.three(
        "slct.ftz.{b32,u32,s32,f32}.f32",
        Compare,
        |a: u32, b: u32, c: f32| {
            if flush(c) >= 0.0 { a } else { b }
        },
    );
    table.three(
        "slct.{b64,u64,s64,f64}.f32",
        Compare,
        |a: u64, b: u64, c: f32| if c >= 0.0 { a } else { b },
    );
}

/// The operator that follows the comparison.
fn operator(word: &str) -> Option<u64> {
    Some(match word {
        "and" => how::AND,
        "or" => how::OR,
        "xor" => how::XOR,
        _ => return None,
    })
}

fn setp<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let (combine, name) = name(&words);
    let Some((body, kind)) = comparison(&name) else { return emitter.unsupported("") };
    let (target, a, b, rest) = match &step.operands[..] {
        [target, a, b, rest @ ..] => (target, a, b, rest),
        _ => return emitter.bad("takes a result and two operands"),
    };
    let (first, second) = match target {
        Value::Pair(pair) => (&pair[0], Some(&pair[1])),
        one => (one, None),
    };
    let a = emitter.source(a, kind)?;
    let b = emitter.source(b, kind)?;
    let mut imm = combine.unwrap_or(0);
    let mut c = Field::None;
    match (combine, rest) {
        (None, []) => {}
        (Some(_), [predicate]) => {
            let (value, negated) = emitter.predicate(predicate)?;
            c = Field::Use(value);
            imm |= if negated { how::NEGATED } else { 0 };
        }
        _ => return emitter.bad("an operator takes a predicate, and a predicate an operator"),
    }
    let d = emitter.predicate_target(first)?;
    let e = match second {
        Some(second) => {
            imm |= how::SECOND;
            Field::Def(emitter.predicate_target(second)?)
        }
        None => Field::None,
    };
    let fields = [Field::Def(d), Field::Use(a), Field::Use(b), c, e];
    emitter.op(body, Compare, fields).imm = imm;
    Ok(())
}

/// The operator, and the name of the bare comparison.
fn name(words: &[&str]) -> (Option<u64>, String) {
    let combine = words.iter().find_map(|word| operator(word));
    let bare: Vec<&str> = words.iter().copied().filter(|word| operator(word).is_none()).collect();
    (combine, format!("setp.{}", bare.join(".")))
}

fn set<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let mut words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let result = if words.len() >= 2 { words.remove(words.len() - 2) } else { "" };
    let (combine, name) = name(&words);
    let Some((body, kind)) = comparison(&name) else { return emitter.unsupported("") };
    let one = match result {
        "u32" | "s32" => u32::MAX,
        "f32" => 1.0_f32.to_bits(),
        _ => return emitter.unsupported("a result of this type"),
    };
    let (target, a, b, rest) = match &step.operands[..] {
        [target, a, b, rest @ ..] => (target, a, b, rest),
        _ => return emitter.bad("takes a result and two operands"),
    };
    let a = emitter.source(a, kind)?;
    let b = emitter.source(b, kind)?;
    let mut imm = combine.unwrap_or(0);
    let mut c = Field::None;
    if let (Some(_), [predicate]) = (combine, rest) {
        let (value, negated) = emitter.predicate(predicate)?;
        c = Field::Use(value);
        imm |= if negated { how::NEGATED } else { 0 };
    }
    let truth = emitter.fresh(0);
    let fields = [Field::Def(truth), Field::Use(a), Field::Use(b), c, Field::None];
    emitter.op(body, Compare, fields).imm = imm;
    let (one, zero) = (emitter.bits(one), emitter.constant(Constant::Bits(0), false));
    let (to, wide) = emitter.target(target, Kind::U32)?;
    let fields =
        [Field::Def(to), Field::Use(one), Field::Use(zero), Field::Use(truth), Field::None];
    emitter.op(alu::select::<u32>(), crate::count::Class::Hidden, fields);
    emitter.extend(to, wide, Kind::U32);
    Ok(())
}

fn testp<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let Some((body, kind)) = comparison(step.instruction.opcode.as_str()) else {
        return emitter.unsupported("");
    };
    let [target, a] = &step.operands[..] else {
        return emitter.bad("takes a result and an operand");
    };
    let a = emitter.source(a, kind)?;
    let d = emitter.predicate_target(target)?;
    let fields = [Field::Def(d), Field::Use(a), Field::Use(a), Field::None, Field::None];
    emitter.op(body, Compare, fields);
    Ok(())
}
