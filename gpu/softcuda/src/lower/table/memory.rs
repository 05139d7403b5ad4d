//! Loads, stores, atomic operations, fences, asynchronous copies.

use super::{Table, convert, moves};
use crate::count::Class;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::{Field, Value as Operand};
use crate::machine::body::access::{self, Cell, Reach};
use crate::machine::body::atomic::atomic;
use crate::machine::body::half::{Bf16, F16, Small, pair};
use crate::machine::body::{alu, control, copy};
use crate::machine::instruction::Body;
use crate::machine::lane::Kind;
use crate::machine::program::Constant;
use crate::memory::{PARAM_BASE, Space};
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

/// Where an access is: its space, the row of addresses, the offset.
struct At {
    space: Space,
    address: Operand,
    offset: u64,
}

/// The address of an operand in brackets.
fn at(emitter: &mut Emitter<'_, '_, '_>, operand: &Value, space: Option<Space>) -> Emitted<At> {
    let Value::Address(base, offset) = operand else {
        return emitter.bad("expected an address in brackets");
    };
    let space = space.unwrap_or(Space::Generic);
    let shared = space == Space::Shared;
    let (address, space, offset) = match base {
        Base::Absolute => {
            let address = emitter.constant(Constant::Bits(0), true);
            (address, space, *offset as u64)
        }
        Base::Register(id) => {
            let address = emitter.register(*id, 0)?;
            let address = if shared && emitter.units(address) == 1 {
                address
            } else {
                emitter.widen(address, Kind::U64)?
            };
            (address, space, *offset as u64)
        }
        Base::Symbol(symbol) => {
            let (home, _) = emitter.place(*symbol)?;
            let address = emitter.address_of(*symbol, *offset, true)?;
            // A generic access to a variable by its name means the variable's own space.
            let own = match home {
                PtxSpace::Shared => Space::Shared,
                PtxSpace::Local => Space::Local,
                PtxSpace::Param => Space::Param,
                _ => Space::Global,
            };
            (address, own, 0)
        }
    };
    // Parameters are read through their window where their place is not known.
    let (space, offset) = match space {
        Space::Param => (Space::Generic, offset.wrapping_add(PARAM_BASE)),
        Space::Const => (Space::Global, offset),
        space => (space, offset),
    };
    Ok(At { space, address, offset })
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

/// How the addresses of a space are reached.
fn reach(space: Space, narrow: bool) -> Reach {
    match space {
        Space::Shared if narrow => Reach::SharedNarrow,
        Space::Shared => Reach::Shared,
        Space::Local => Reach::Local,
        Space::Generic => Reach::Generic,
        _ => Reach::Global,
    }
}

fn parts(operand: &Value) -> Vec<Value> {
    match operand {
        Value::Vector(parts) => parts.clone(),
        one => vec![one.clone()],
    }
}

fn hidden(emitter: &mut Emitter<'_, '_, '_>, body: Body) {
    emitter.op(body, Class::Hidden, [Field::None; 5]);
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

/// The address as a value of 64 bits, with the offset added.
fn whole(emitter: &mut Emitter<'_, '_, '_>, operand: &Value, space: Space) -> Emitted<Operand> {
    let at = at(emitter, operand, Some(space))?;
    let address = emitter.widen(at.address, Kind::U64)?;
    if at.offset == 0 {
        return Ok(address);
    }
    let offset = emitter.constant(Constant::Bits(at.offset), true);
    let sum = emitter.fresh(2);
    let fields =
        [Field::Def(sum), Field::Use(address), Field::Use(offset), Field::None, Field::None];
    emitter.op(alu::two(|a: u64, b: u64| a.wrapping_add(b)), Class::Hidden, fields);
    Ok(sum)
}

/// The address of a matrix, for `wmma`.
pub(super) fn matrix_address(
    emitter: &mut Emitter<'_, '_, '_>,
    operand: &Value,
    space: Option<Space>,
) -> Emitted<Operand> {
    whole(emitter, operand, space.unwrap_or(Space::Generic))
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
