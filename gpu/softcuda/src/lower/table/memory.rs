//! Loads, stores, fences, asynchronous copies.

use super::address::{at, reach, whole};
use super::atomic::{self, hidden};
use super::{Table, convert, moves};
use crate::count::Class;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::Field;
use crate::machine::body::access::{self, Cell};
use crate::machine::body::{control, copy};
use crate::machine::instruction::Body;
use crate::machine::lane::Kind;
use crate::machine::program::Constant;
use crate::memory::Space;
use crate::ptx::ast::Space as PtxSpace;
use crate::ptx::resolve::{Base, Step, Value};

pub(super) fn add(table: &mut Table) {
    table.family(
        "ld",
        "ld{,.volatile,.relaxed,.acquire,.weak}{,.SCOPE}{,.global,.shared,.local,.const,.param}{,.nc}{,.CACHE}{,.v2,.v4}.TYPE",
        ld,
    );
    table.family("ldu", "ldu{,.global}{,.v2,.v4}.TYPE", ld);
    table.family(
        "st",
        "st{,.volatile,.relaxed,.release,.weak}{,.SCOPE}{,.global,.shared,.local,.param}{,.CACHE}{,.v2,.v4}.TYPE",
        st,
    );
    atomic::add(table);
    table.family("membar", "membar.{cta,gl,sys}", fence);
    table.family("fence", "fence{,.sc,.acq_rel}.SCOPE", fence);
    table.family("prefetch", "prefetch{,.global,.local}.{L1,L2}", nothing);
    table.family("prefetchu", "prefetchu.L1", nothing);
    table.family("discard", "discard.global.L2", nothing);
    table.family("applypriority", "applypriority.global.L2::evict_normal", nothing);
    table.family(
        "cp",
        "cp.async.{ca,cg}.shared.global, cp.async.{commit_group,wait_group,wait_all}",
        cp,
    );
}

/// What modifiers of a load or store say.
struct Modifiers {
    space: Option<Space>,
    vector: usize,
    kind: Kind,
    acquire: bool,
    release: bool,
    strong: bool,
}

fn modifiers(emitter: &Emitter<'_, '_, '_>, step: &Step<'_, '_>) -> Emitted<Modifiers> {
    let mut out = Modifiers {
        space: None,
        vector: 1,
        kind: Kind::U32,
        acquire: false,
        release: false,
        strong: false,
    };
    let mut typed = false;
    for word in step.instruction.opcode.modifiers() {
        match word {
            "volatile" | "relaxed" | "mmio" => out.strong = true,
            "acquire" => (out.strong, out.acquire) = (true, true),
            "release" => (out.strong, out.release) = (true, true),
            "v2" => out.vector = 2,
            "v4" => out.vector = 4,
            "weak" | "cta" | "cluster" | "gpu" | "sys" | "gl" | "nc" | "ca" | "cg" | "cs"
            | "lu" | "cv" | "wb" | "wt" | "unified" => {}
            _ if word.starts_with("L1::")
                || word.starts_with("L2::")
                || word == "level::eviction_priority" => {}
            _ => {
                if let Some(space) = moves::space(word) {
                    out.space = Some(space);
                } else if let Some(kind) = convert::kind(word) {
                    (out.kind, typed) = (kind, true);
                } else {
                    return emitter.unsupported(format!("`.{word}`"));
                }
            }
        }
    }
    if !typed {
        return emitter.unsupported("no type");
    }
    Ok(out)
}

fn load_body(kind: Kind, wide: bool, vector: usize) -> Option<Body> {
    fn by<C: Cell>(wide: bool, vector: usize) -> Option<Body> {
        if wide { access::load::<C, u64>(vector) } else { access::load::<C, u32>(vector) }
    }
    match kind {
        Kind::U8 => by::<u8>(wide, vector),
        Kind::S8 => by::<i8>(wide, vector),
        Kind::U16 | Kind::F16 | Kind::Bf16 => by::<u16>(wide, vector),
        Kind::S16 => by::<i16>(wide, vector),
        Kind::U32 | Kind::F32 => by::<u32>(wide, vector),
        Kind::S32 => by::<i32>(wide, vector),
        Kind::U64 | Kind::S64 | Kind::F64 => access::load::<u64, u64>(vector),
    }
}

fn store_body(kind: Kind, vector: usize) -> Option<Body> {
    match kind.bits() {
        8 => access::store::<u8, u32>(vector),
        16 => access::store::<u16, u32>(vector),
        32 => access::store::<u32, u32>(vector),
        _ => access::store::<u64, u64>(vector),
    }
}

fn parts(operand: &Value) -> Vec<Value> {
    match operand {
        Value::Vector(parts) => parts.clone(),
        one => vec![one.clone()],
    }
}

/// Fields that values of an access go to, in order.
const VALUES: [usize; 4] = [0, 2, 3, 4];

fn ld<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let m = modifiers(emitter, step)?;
    let [target, source] = &step.operands[..] else { return emitter.bad("takes two operands") };
    let targets = parts(target);
    if targets.len() != m.vector {
        return emitter.bad(format!("loads {} elements, {} are named", m.vector, targets.len()));
    }
    if let (Value::Address(Base::Symbol(symbol), offset), Some(Space::Param)) = (source, m.space)
        && let (PtxSpace::Param, Constant::Bits(place)) = emitter.place(*symbol)?
    {
        return parameter(emitter, &targets, place.wrapping_add_signed(*offset), m.kind);
    }
    let at = at(emitter, source, m.space)?;
    // Rows of the results: all of one width.
    let mut wide = m.kind.units() == 2;
    for target in &targets {
        if let Value::Register(id, _) = target {
            let value = emitter.register(*id, 0)?;
            wide |= emitter.units(value) == 2;
        }
    }
    let narrow = emitter.units(at.address) == 1;
    let Some(body) = load_body(m.kind, wide, m.vector) else {
        return emitter.unsupported("this vector");
    };
    let result = match (wide, m.kind.units()) {
        (true, 1) => Kind::U64,
        _ => m.kind,
    };
    let mut fields = [Field::None; 5];
    fields[1] = Field::Use(at.address);
    for (target, field) in targets.iter().zip(VALUES) {
        let (d, _) = emitter.target(target, result)?;
        fields[field] = Field::Def(d);
    }
    let class = match at.space {
        Space::Shared => Class::LoadShared,
        Space::Local => Class::Local,
        _ => Class::LoadGlobal,
    };
    let op = emitter.op(body, class, fields);
    op.imm = reach(at.space, narrow).pack(at.offset);
    op.bytes = (m.kind.bits() / 8) as u16 * m.vector as u16;
    op.strong = m.strong;
    if m.acquire {
        hidden(emitter, control::order());
    } else if m.strong {
        hidden(emitter, control::poll());
    }
    Ok(())
}

/// Loads of parameters at known places.
fn parameter(
    emitter: &mut Emitter<'_, '_, '_>,
    targets: &[Value],
    place: u64,
    kind: Kind,
) -> Emitted {
    let bytes = u64::from(kind.bits() / 8);
    let end = place.checked_add(bytes * targets.len() as u64);
    if end.is_none_or(|end| end > emitter.params_size) {
        return emitter.bad("reads past the end of the parameters");
    }
    for (i, target) in targets.iter().enumerate() {
        if *target == Value::Sink {
            continue;
        }
        let (d, wide) = emitter.target(target, kind)?;
        let body = match kind {
            Kind::U8 => access::parameter::<u8, u32>(),
            Kind::S8 => access::parameter::<i8, u32>(),
            Kind::U16 | Kind::F16 | Kind::Bf16 => access::parameter::<u16, u32>(),
            Kind::S16 => access::parameter::<i16, u32>(),
            Kind::U32 | Kind::S32 | Kind::F32 => access::parameter::<u32, u32>(),
            Kind::U64 | Kind::S64 | Kind::F64 => access::parameter::<u64, u64>(),
        };
        let fields = [Field::Def(d), Field::None, Field::None, Field::None, Field::None];
        let class = if i == 0 { Class::Parameter } else { Class::Hidden };
        let op = emitter.op(body, class, fields);
        op.imm = place + i as u64 * bytes;
        emitter.extend(d, wide, kind);
    }
    Ok(())
}

fn st<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let m = modifiers(emitter, step)?;
    let [target, source] = &step.operands[..] else { return emitter.bad("takes two operands") };
    let sources = parts(source);
    if sources.len() != m.vector {
        return emitter.bad(format!("stores {} elements, {} are named", m.vector, sources.len()));
    }
    let at = at(emitter, target, m.space)?;
    let mut fields = [Field::None; 5];
    fields[1] = Field::Use(at.address);
    for (source, field) in sources.iter().zip(VALUES) {
        fields[field] = Field::Use(emitter.source(source, m.kind)?);
    }
    let narrow = emitter.units(at.address) == 1;
    let Some(body) = store_body(m.kind, m.vector) else {
        return emitter.unsupported("this vector");
    };
    if m.release {
        hidden(emitter, control::order());
    }
    let class = match at.space {
        Space::Shared => Class::StoreShared,
        Space::Local => Class::Local,
        _ => Class::StoreGlobal,
    };
    let op = emitter.op(body, class, fields);
    op.imm = reach(at.space, narrow).pack(at.offset);
    op.bytes = (m.kind.bits() / 8) as u16 * m.vector as u16;
    op.strong = m.strong;
    if m.strong && !m.release {
        hidden(emitter, control::poll());
    }
    Ok(())
}

fn fence<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    if step.instruction.opcode.modifiers().any(|word| word.contains("proxy")) {
        return emitter.unsupported("");
    }
    emitter.op(control::order(), Class::Other, [Field::None; 5]);
    Ok(())
}

fn nothing<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, _: &Step<'m, 'a>) -> Emitted {
    emitter.op(control::nothing(), Class::Other, [Field::None; 5]);
    Ok(())
}

fn cp<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let opcode = &step.instruction.opcode;
    let words: Vec<&str> = opcode.modifiers().collect();
    match words[..] {
        ["async", "commit_group"] => {
            emitter.op(copy::commit(), Class::Other, [Field::None; 5]);
        }
        ["async", "wait_group"] => {
            let [groups] = &step.operands[..] else { return emitter.bad("takes one operand") };
            let groups = emitter.immediate(groups)?;
            let op = emitter.op(copy::wait(), Class::Other, [Field::None; 5]);
            op.imm = groups & 0xffff_ffff;
        }
        ["async", "wait_all"] => {
            let op = emitter.op(copy::wait(), Class::Other, [Field::None; 5]);
            op.imm = 1 << 32;
        }
        ["async", "ca" | "cg", shared, "global", ref hints @ ..]
            if moves::space(shared) == Some(Space::Shared)
                && hints
                    .iter()
                    .all(|hint| hint.starts_with("L2::") && *hint != "L2::cache_hint") =>
        {
            let (to, from, size, rest) = match &step.operands[..] {
                [to, from, size, rest @ ..] if rest.len() <= 1 => (to, from, size, rest),
                _ => return emitter.bad("takes two addresses and sizes"),
            };
            let size = emitter.immediate(size)?;
            if !matches!(size, 4 | 8 | 16) {
                return emitter.bad("copies 4, 8 or 16 bytes");
            }
            let a = whole(emitter, to, Space::Shared)?;
            let b = whole(emitter, from, Space::Global)?;
            let mut imm = size;
            let c = match rest {
                [take] => emitter.source(take, Kind::U32)?,
                _ => {
                    imm |= copy::WHOLE;
                    emitter.bits(0)
                }
            };
            let fields = [Field::None, Field::Use(a), Field::Use(b), Field::Use(c), Field::None];
            let op = emitter.op(copy::copy(), Class::LoadGlobal, fields);
            op.imm = imm;
            op.bytes = size as u16;
        }
        _ => return emitter.unsupported(""),
    }
    Ok(())
}
