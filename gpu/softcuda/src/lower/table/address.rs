//! Operands in brackets: which space, and which address.

use crate::count::Class;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::{Field, Value as Operand};
use crate::machine::body::access::Reach;
use crate::machine::body::alu;
use crate::machine::lane::Kind;
use crate::machine::program::Constant;
use crate::memory::{PARAM_BASE, Space};
use crate::ptx::ast::Space as PtxSpace;
use crate::ptx::resolve::{Base, Value};

/// Where an access is: its space, the row of addresses, the offset.
pub(super) struct At {
    pub space: Space,
    pub address: Operand,
    pub offset: u64,
}

/// The address of an operand in brackets.
pub(super) fn at(
    emitter: &mut Emitter<'_, '_, '_>,
    operand: &Value,
    space: Option<Space>,
) -> Emitted<At> {
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

/// How the addresses of a space are reached.
pub(super) fn reach(space: Space, narrow: bool) -> Reach {
    match space {
        Space::Shared if narrow => Reach::SharedNarrow,
        Space::Shared => Reach::Shared,
        Space::Local => Reach::Local,
        Space::Generic => Reach::Generic,
        _ => Reach::Global,
    }
}

/// The address as a value of 64 bits, with the offset added.
pub(super) fn whole(
    emitter: &mut Emitter<'_, '_, '_>,
    operand: &Value,
    space: Space,
) -> Emitted<Operand> {
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
