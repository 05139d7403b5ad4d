//! Conversions: frequent ones by bodies of their own, all others by one that reads what to do from its immediate.

use super::Table;
use crate::count::Class::Convert;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::Field;
use crate::machine::body::alu;
use crate::machine::body::convert::{Conversion, convert};
use crate::machine::body::half::{Bf16, F16, Small, relu};
use crate::machine::body::round::{Mode, flush};
use crate::machine::instruction::Body;
use crate::machine::lane::Kind;
use crate::ptx::resolve::Step;

/// Conversions of integers, by truncation or extension.
macro_rules! integers {
    ($table:ident, $($from:ty, $f:literal => $($to:ty, $t:literal)*;)*) => {$($(
        $table.one(concat!("cvt.", $t, ".", $f), Convert, |a: $from| a as $to);
    )*)*};
}

pub(super) fn add(table: &mut Table) {
    integers! { table,
        u32, "u32" => u64, "u64" i64, "s64" u32, "u32" u32, "s32" u16, "u16" i16, "s16";
        i32, "s32" => u64, "u64" i64, "s64" u32, "u32" u32, "s32" u16, "u16" i16, "s16";
        u64, "u64" => u32, "u32" i32, "s32" u16, "u16" u64, "u64" u64, "s64";
        i64, "s64" => u32, "u32" i32, "s32" u16, "u16" u64, "u64" u64, "s64";
        u16, "u16" => u32, "u32" i32, "s32" u64, "u64" i64, "s64" u16, "u16" u16, "s16";
        i16, "s16" => u32, "u32" i32, "s32" u64, "u64" i64, "s64" u16, "u16" u16, "s16";
    }
    table.one("cvt.rn.f32.s32", Convert, |a: i32| a as f32);
    table.one("cvt.rn.f32.u32", Convert, |a: u32| a as f32);
    table.one("cvt.rn.f32.s64", Convert, |a: i64| a as f32);
    table.one("cvt.rn.f32.u64", Convert, |a: u64| a as f32);
    table.one("cvt.rn.f64.s32", Convert, |a: i32| f64::from(a));
    table.one("cvt.rn.f64.u32", Convert, |a: u32| f64::from(a));
    table.one("cvt.rn.f64.s64", Convert, |a: i64| a as f64);
    table.one("cvt.rn.f64.u64", Convert, |a: u64| a as f64);
    table.one("cvt.rzi.s32.f32", Convert, |a: f32| a as i32);
    table.one("cvt.rzi.u32.f32", Convert, |a: f32| a as u32);
    table.one("cvt.rzi.ftz.s32.f32", Convert, |a: f32| a as i32);
    table.one("cvt.rzi.ftz.u32.f32", Convert, |a: f32| a as u32);
    table.one("cvt.f64.f32", Convert, |a: f32| f64::from(a));
    table.one("cvt.rn.f32.f64", Convert, |a: f64| a as f32);
    table.one("cvt.f32.f16", Convert, |a: F16| a.wide());
    table.one("cvt.f32.bf16", Convert, |a: Bf16| a.wide());
    table.one("cvt.rn.f16.f32", Convert, F16::near);
    table.one("cvt.rn.bf16.f32", Convert, Bf16::near);
    table.one("cvt.sat.f32.f32", Convert, |a: f32| crate::machine::body::float::sat::<true>(a));
    table.one("cvt.ftz.sat.f32.f32", Convert, |a: f32| {
        crate::machine::body::float::sat::<true>(flush(a))
    });
    // The first operand goes to the upper half.
    table.two("cvt.rn.f16x2.f32", Convert, |a: f32, b: f32| pack(F16::near(a), F16::near(b)));
    table.two("cvt.rn.bf16x2.f32", Convert, |a: f32, b: f32| pack(Bf16::near(a), Bf16::near(b)));
    table.two("cvt.rn.relu.f16x2.f32", Convert, |a: f32, b: f32| {
        pack(relu(F16::near(a)), relu(F16::near(b)))
    });
    table.two("cvt.rn.relu.bf16x2.f32", Convert, |a: f32, b: f32| {
        pack(relu(Bf16::near(a)), relu(Bf16::near(b)))
    });
    table.two("cvt.rz.f16x2.f32", Convert, |a: f32, b: f32| zero_pair(Kind::F16, a, b));
    table.two("cvt.rz.bf16x2.f32", Convert, |a: f32, b: f32| zero_pair(Kind::Bf16, a, b));
    table.family(
        "cvt",
        "cvt{,.rn,.rz,.rm,.rp,.rna,.rni,.rzi,.rmi,.rpi}{,.ftz}{,.sat}{,.relu}.TYPE.TYPE of \
         {u8,s8,u16,s16,u32,s32,u64,s64,f16,bf16,f32,f64}, and to tf32",
        any,
    );
    table.two("cvt.pack.sat.u16.s32", Convert, |a: i32, b: i32| {
        (a.clamp(0, 0xffff) as u32) << 16 | b.clamp(0, 0xffff) as u32
    });
    table.two("cvt.pack.sat.s16.s32", Convert, |a: i32, b: i32| {
        u32::from(a.clamp(-0x8000, 0x7fff) as u16) << 16
            | u32::from(b.clamp(-0x8000, 0x7fff) as u16)
    });
    table.three("cvt.pack.sat.u8.s32.b32", Convert, |a: i32, b: i32, c: u32| {
        c << 16 | (a.clamp(0, 0xff) as u32) << 8 | b.clamp(0, 0xff) as u32
    });
    table.three("cvt.pack.sat.s8.s32.b32", Convert, |a: i32, b: i32, c: u32| {
        c << 16 | u32::from(a.clamp(-0x80, 0x7f) as u8) << 8 | u32::from(b.clamp(-0x80, 0x7f) as u8)
    });
}

#[inline(always)]
fn pack<H: Small>(high: H, low: H) -> u32 {
    u32::from(high.bits()) << 16 | u32::from(low.bits())
}

fn zero_pair(to: Kind, high: f32, low: f32) -> u32 {
    let conversion = Conversion {
        to,
        from: Kind::F32,
        mode: Mode::Zero,
        integer: false,
        ftz: false,
        sat: false,
        relu: false,
        tf32: false,
    };
    let one = |x: f32| conversion.apply(x.to_bits().into()) as u32;
    one(high) << 16 | one(low)
}

/// The kind of a type's name.
pub(super) fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "u8" | "b8" => Kind::U8,
        "s8" => Kind::S8,
        "u16" | "b16" => Kind::U16,
        "s16" => Kind::S16,
        "u32" | "b32" => Kind::U32,
        "s32" => Kind::S32,
        "u64" | "b64" => Kind::U64,
        "s64" => Kind::S64,
        "f16" => Kind::F16,
        "bf16" => Kind::Bf16,
        "f32" => Kind::F32,
        "f64" => Kind::F64,
        _ => return None,
    })
}

fn any<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let [flags @ .., to, from] = &words[..] else { return emitter.unsupported("") };
    let tf32 = *to == "tf32";
    let (Some(to), Some(from)) = (kind(if tf32 { "f32" } else { to }), kind(from)) else {
        return emitter.unsupported("these types");
    };
    let mut conversion = Conversion {
        to,
        from,
        mode: if from.float() && !to.float() { Mode::Zero } else { Mode::Near },
        integer: false,
        ftz: false,
        sat: false,
        relu: false,
        tf32,
    };
    for flag in flags {
        let (mode, integer) = match *flag {
            "rn" => (Mode::Near, false),
            "rz" => (Mode::Zero, false),
            "rm" => (Mode::Down, false),
            "rp" => (Mode::Up, false),
            "rna" => (Mode::Away, false),
            "rni" => (Mode::Near, true),
            "rzi" => (Mode::Zero, true),
            "rmi" => (Mode::Down, true),
            "rpi" => (Mode::Up, true),
            "ftz" => {
                conversion.ftz = true;
                continue;
            }
            "sat" => {
                conversion.sat = true;
                continue;
            }
            "relu" => {
                conversion.relu = true;
                continue;
            }
            other => return emitter.unsupported(format!("`.{other}`")),
        };
        (conversion.mode, conversion.integer) = (mode, integer);
    }
    let body = body(to, from);
    let [target, source] = &step.operands[..] else { return emitter.bad("takes two operands") };
    let a = emitter.source(source, from)?;
    let (d, wide) = emitter.target(target, to)?;
    let fields = [Field::Def(d), Field::Use(a), Field::Use(a), Field::Use(a), Field::None];
    emitter.op(body, Convert, fields).imm = conversion.pack();
    emitter.extend(d, wide, to);
    Ok(())
}

/// By the widths of result and operand.
fn body(to: Kind, from: Kind) -> Body {
    match (to.units(), from.units()) {
        (1, 1) => alu::three_imm(|a: u32, _: u32, _: u32, imm| convert(a.into(), imm) as u32),
        (1, _) => alu::three_imm(|a: u64, _: u64, _: u64, imm| convert(a, imm) as u32),
        (_, 1) => alu::three_imm(|a: u32, _: u32, _: u32, imm| convert(a.into(), imm)),
        _ => alu::three_imm(|a: u64, _: u64, _: u64, imm| convert(a, imm)),
    }
}
