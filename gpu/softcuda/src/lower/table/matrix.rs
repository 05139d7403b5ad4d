//! Matrix instructions.

use super::{Table, address, moves};
use crate::count::Class;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::{Field, Value as Operand};
use crate::machine::body::matrix::{self, Element, Fragment, Product, Transfer, tiles};
use crate::machine::instruction::Body;
use crate::machine::lane::Kind;
use crate::memory::Space;
use crate::ptx::resolve::{Base, Step, Value};

pub(super) fn add(table: &mut Table) {
    table.family(
        "ldmatrix",
        "ldmatrix.sync.aligned.m8n8.{x1,x2,x4}{,.trans}{,.shared}.b16",
        ldmatrix,
    );
    table.family(
        "stmatrix",
        "stmatrix.sync.aligned.m8n8.{x1,x2,x4}{,.trans}{,.shared}.b16",
        stmatrix,
    );
    table.family(
        "mma",
        "mma.sync.aligned.{m16n8k8,m16n8k16}.row.col of f16, bf16; {m16n8k4,m16n8k8} of tf32; m8n8k4 of f64; \
         {m8n8k16,m16n8k16,m16n8k32} of u8, s8",
        mma,
    );
    table.family(
        "wmma",
        "wmma.{load.a,load.b,load.c,store.d,mma}.sync.aligned, {m16n16k16,m32n8k16,m8n32k16} of f16, bf16, u8, s8; \
         m16n16k8 of tf32",
        wmma,
    );
}

/// `m16n8k16`
fn shape(word: &str) -> Option<(usize, usize, usize)> {
    let rest = word.strip_prefix('m')?;
    let (m, rest) = rest.split_once('n')?;
    let (n, k) = rest.split_once('k')?;
    Some((m.parse().ok()?, n.parse().ok()?, k.parse().ok()?))
}

fn parts(operand: &Value) -> &[Value] {
    match operand {
        Value::Vector(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

/// The registers of a fragment that is read.
fn fragment(
    emitter: &mut Emitter<'_, '_, '_>,
    operand: &Value,
    f: Fragment,
) -> Emitted<Vec<Field>> {
    let kind = if f.element == Element::F64 { Kind::U64 } else { Kind::U32 };
    let parts = parts(operand);
    if parts.len() != f.registers {
        return emitter.bad(format!(
            "a fragment of {} registers, found {}",
            f.registers,
            parts.len()
        ));
    }
    let mut list = Vec::new();
    for part in parts {
        list.push(Field::Use(emitter.source(part, kind)?));
    }
    Ok(list)
}

/// The registers of a fragment that is written.
fn result(emitter: &mut Emitter<'_, '_, '_>, operand: &Value, f: Fragment) -> Emitted<Vec<Field>> {
    let kind = if f.element == Element::F64 { Kind::U64 } else { Kind::U32 };
    let parts = parts(operand);
    if parts.len() != f.registers {
        return emitter.bad(format!(
            "a fragment of {} registers, found {}",
            f.registers,
            parts.len()
        ));
    }
    let mut list = Vec::new();
    for part in parts {
        let (d, wide) = emitter.target(part, kind)?;
        if wide.is_some() {
            return emitter.bad("a register of 64 bits in a fragment of words of 32");
        }
        // Written in halves.
        list.push(if f.element.bits() == 16 { Field::Both(d) } else { Field::Def(d) });
    }
    Ok(list)
}

fn all_lanes(emitter: &mut Emitter<'_, '_, '_>) -> Field {
    Field::Use(emitter.bits(u32::MAX))
}

fn product(emitter: &mut Emitter<'_, '_, '_>, step: &Step<'_, '_>, product: Product) -> Emitted {
    let [d, a, b, c] = &step.operands[..] else { return emitter.bad("takes four operands") };
    let [fd, fa, fb, fc] = product.fragments();
    let mut list = result(emitter, d, fd)?;
    list.extend(fragment(emitter, a, fa)?);
    list.extend(fragment(emitter, b, fb)?);
    list.extend(fragment(emitter, c, fc)?);
    let e = all_lanes(emitter);
    let op = emitter.op(
        matrix::product(),
        Class::Matrix,
        [Field::None, Field::None, Field::None, Field::None, e],
    );
    op.imm = product.pack(0);
    op.list = list;
    op.flops = product.flops();
    Ok(())
}

fn mma<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let ["sync", "aligned", size, "row", "col", ref rest @ ..] = words[..] else {
        return emitter.unsupported("");
    };
    let satfinite = rest.contains(&"satfinite");
    let types: Vec<Option<Element>> =
        rest.iter().filter(|word| **word != "satfinite").map(|word| Element::named(word)).collect();
    let (Some((m, n, k)), [Some(d), Some(a), Some(b), Some(c)]) = (shape(size), &types[..]) else {
        return emitter.unsupported("");
    };
    use Element as E;
    let known = match a {
        E::F16 | E::Bf16 => a == b && matches!((m, n, k), (16, 8, 8 | 16)),
        E::Tf32 => a == b && matches!((m, n, k), (16, 8, 4 | 8)),
        E::F64 => a == b && (m, n, k) == (8, 8, 4),
        E::S8 | E::U8 => {
            matches!(b, E::S8 | E::U8) && matches!((m, n, k), (16, 8, 16 | 32) | (8, 8, 16))
        }
        _ => false,
    };
    let sums = match a {
        E::F16 => matches!(c, E::F16 | E::F32) && matches!(d, E::F16 | E::F32),
        E::Bf16 | E::Tf32 => (*c, *d) == (E::F32, E::F32),
        E::F64 => (*c, *d) == (E::F64, E::F64),
        _ => (*c, *d) == (E::S32, E::S32),
    };
    if !known || !sums {
        return emitter.unsupported("this shape or these types");
    }
    let (a, b, c, d) = (*a, *b, *c, *d);
    product(emitter, step, Product { m, n, k, a, b, c, d, satfinite, wmma: false })
}

fn wmma<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let (what, rest) = match words[..] {
        ["load", "a", "sync", "aligned", ref rest @ ..] => ('a', rest),
        ["load", "b", "sync", "aligned", ref rest @ ..] => ('b', rest),
        ["load", "c", "sync", "aligned", ref rest @ ..] => ('c', rest),
        ["store", "d", "sync", "aligned", ref rest @ ..] => ('d', rest),
        ["mma", "sync", "aligned", ref rest @ ..] => return multiply(emitter, step, rest),
        _ => return emitter.unsupported(""),
    };
    let [layout, size, ref rest @ .., element] = *rest else { return emitter.unsupported("") };
    let (Some((m, n, k)), Some(element)) = (shape(size), Element::named(element)) else {
        return emitter.unsupported("");
    };
    if !known((m, n, k), element, what) || !matches!(layout, "row" | "col") {
        return emitter.unsupported("this shape or type");
    }
    let space = rest.iter().find_map(|word| moves::space(word));
    let (rows, columns) = match what {
        'a' => (m, k),
        'b' => (k, n),
        _ => (m, n),
    };
    let store = what == 'd';
    let registers = matrix::wmma_registers(element, matches!(what, 'a' | 'b'), rows * columns);
    let f = Fragment { rows, columns, element, registers };
    let (fragment_operand, address, stride) = match (store, &step.operands[..]) {
        (false, [d, address, stride @ ..]) => (d, address, stride),
        (true, [address, d, stride @ ..]) => (d, address, stride),
        _ => return emitter.bad("takes a fragment, an address and a stride"),
    };
    let column_major = layout == "col";
    let stride: Operand = match stride {
        [stride] => emitter.source(stride, Kind::U32)?,
        _ => emitter.bits(if column_major { rows } else { columns } as u32),
    };
    let address = address::matrix_address(emitter, address, space)?;
    let list = if store {
        fragment(emitter, fragment_operand, f)?
    } else {
        result(emitter, fragment_operand, f)?.into_iter().map(whole).collect()
    };
    let e = all_lanes(emitter);
    let class = match (space, store) {
        (Some(Space::Shared), false) => Class::LoadShared,
        (Some(Space::Shared), true) => Class::StoreShared,
        (_, false) => Class::LoadGlobal,
        (_, true) => Class::StoreGlobal,
    };
    let fields = [Field::None, Field::Use(address), Field::Use(stride), Field::None, e];
    let op = emitter.op(matrix::transfers(), class, fields);
    let shared = space == Some(Space::Shared);
    op.imm = Transfer { rows, columns, element, column_major, registers, shared, store }.pack(0);
    op.bytes = (rows * columns * element.bits() / 8 / 32) as u16;
    op.list = list;
    Ok(())
}

/// Registers of loads are written whole.
fn whole(field: Field) -> Field {
    match field {
        Field::Both(value) => Field::Def(value),
        other => other,
    }
}

fn known(size: (usize, usize, usize), element: Element, what: char) -> bool {
    use Element as E;
    let k16 = matches!(size, (16, 16, 16) | (32, 8, 16) | (8, 32, 16));
    match (element, what) {
        (E::F16, _) => k16,
        (E::Bf16, 'a' | 'b') => k16,
        (E::S8 | E::U8, 'a' | 'b') => false,
        (E::Tf32, 'a' | 'b') => size == (16, 16, 8),
        (E::F32, 'c' | 'd') => k16 || size == (16, 16, 8),
        _ => false,
    }
}

fn multiply(emitter: &mut Emitter<'_, '_, '_>, step: &Step<'_, '_>, words: &[&str]) -> Emitted {
    let [_, _, size, types @ ..] = words else { return emitter.unsupported("") };
    let satfinite = types.contains(&"satfinite");
    let types: Vec<Option<Element>> = types
        .iter()
        .filter(|word| **word != "satfinite")
        .map(|word| Element::named(word))
        .collect();
    use Element as E;
    // Of f16, the types of d and c alone are named.
    let (d, a, b, c) = match types[..] {
        [Some(d), Some(c)] => (d, E::F16, E::F16, c),
        [Some(d), Some(a), Some(b), Some(c)] => (d, a, b, c),
        _ => return emitter.unsupported(""),
    };
    let Some((m, n, k)) = shape(size) else { return emitter.unsupported("") };
    if a != b || !known((m, n, k), a, 'a') || !known((m, n, k), c, 'c') || !known((m, n, k), d, 'd')
    {
        return emitter.unsupported("this shape or these types");
    }
    product(emitter, step, Product { m, n, k, a, b, c, d, satfinite, wmma: true })
}

fn tile_words(emitter: &Emitter<'_, '_, '_>, step: &Step<'_, '_>) -> Emitted<u64> {
    let words: Vec<&str> = step.instruction.opcode.modifiers().collect();
    let ["sync", "aligned", "m8n8", count, ref rest @ .., "b16"] = words[..] else {
        return emitter.unsupported("");
    };
    let count = match count {
        "x1" => 1,
        "x2" => 2,
        "x4" => 4,
        _ => return emitter.unsupported(""),
    };
    let mut imm = count;
    for word in rest {
        match *word {
            "trans" => imm |= tiles::TRANSPOSED,
            word if moves::space(word) == Some(Space::Shared) => {}
            _ => return emitter.unsupported(""),
        }
    }
    Ok(imm)
}

fn tile_address(emitter: &mut Emitter<'_, '_, '_>, operand: &Value) -> Emitted<(Operand, u64)> {
    // Addresses without an offset are used as they are.
    if let Value::Address(Base::Register(id), 0) = operand {
        let value = emitter.register(*id, 0)?;
        return Ok((value, if emitter.units(value) == 2 { tiles::WIDE } else { 0 }));
    }
    Ok((address::matrix_address(emitter, operand, Some(Space::Shared))?, tiles::WIDE))
}

fn ldmatrix<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [target, address] = &step.operands[..] else { return emitter.bad("takes two operands") };
    tiles_of(emitter, step, address, |emitter, f| {
        Ok((result(emitter, target, f)?, matrix::load_tiles(), Class::LoadShared))
    })
}

fn stmatrix<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [address, source] = &step.operands[..] else { return emitter.bad("takes two operands") };
    tiles_of(emitter, step, address, |emitter, f| {
        Ok((fragment(emitter, source, f)?, matrix::store_tiles(), Class::StoreShared))
    })
}

/// Tiles of shared memory: what is done with a fragment, from or to where.
fn tiles_of<'p, 'm, 'a>(
    emitter: &mut Emitter<'p, 'm, 'a>,
    step: &Step<'m, 'a>,
    address: &Value,
    of: impl FnOnce(&mut Emitter<'p, 'm, 'a>, Fragment) -> Emitted<(Vec<Field>, Body, Class)>,
) -> Emitted {
    let imm = tile_words(emitter, step)?;
    let registers = (imm & tiles::COUNT) as usize;
    let f = Fragment { rows: 8, columns: 8, element: Element::F32, registers };
    let (address, wide) = tile_address(emitter, address)?;
    let (list, body, class) = of(emitter, f)?;
    let e = all_lanes(emitter);
    let fields = [Field::None, Field::Use(address), Field::None, Field::None, e];
    let op = emitter.op(body, class, fields);
    op.imm = imm | wide;
    op.bytes = 4 * registers as u16;
    op.list = list;
    Ok(())
}
