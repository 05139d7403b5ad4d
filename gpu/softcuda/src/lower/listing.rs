//! Lowered programs, to look at.

use super::module::Kernel;
use crate::count::Class;
use crate::machine::instruction::NOWHERE;
use crate::machine::program::Goes;

/// An instruction of a lowered kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Listed {
    /// Its number.
    pub number: u32,
    /// Its opcode with modifiers; of one that lowering added, that of the instruction it was added for.
    pub opcode: String,
    /// What it counts as.
    pub class: Class,
    /// Its line in the PTX text.
    pub line: u32,
    /// File and line of the source, where the text has `.loc`.
    pub source: Option<(String, u32)>,
    /// The predicate that lets lanes take part, `p3` or `!p3`.
    pub guard: Option<String>,
    /// Rows that it writes: `r7` of 32 bits a lane, `d7` of 64 (two rows, from this one), `p3` a predicate.
    pub writes: Vec<String>,
    /// Rows that it reads, but the guard.
    pub reads: Vec<String>,
    /// Where a branch goes; of `brx.idx`, all targets.
    pub targets: Vec<u32>,
    /// Where lanes that a branch parts meet again; `None` where they never do, or nothing parts.
    pub meets: Option<u32>,
}

impl Kernel {
    /// The lowered program, instruction by instruction. Registers of instructions with long lists of operands (`wmma`, `mma`) are not
    /// shown.
    pub fn listing(&self) -> Vec<Listed> {
        let program = self.program();
        let list = program.code.iter().zip(&program.places).enumerate();
        list.map(|(number, (ins, place))| {
            let rows = [ins.d, ins.a, ins.b, ins.c, ins.e].into_iter().zip(place.roles);
            let name = |(row, role): &(u16, crate::machine::program::Role)| {
                let kind = match (role.predicate, role.wide) {
                    (true, _) => 'p',
                    (_, true) => 'd',
                    _ => 'r',
                };
                format!("{kind}{row}")
            };
            let meet = (ins.imm >> 32) as u32;
            let low = ins.imm as u32;
            let (targets, meets) = match place.goes {
                Goes::Branch => (vec![low], Some(meet).filter(|_| ins.guard != 0)),
                Goes::Table => {
                    (program.targets.get(low as usize).cloned().unwrap_or_default(), Some(meet))
                }
                Goes::Next | Goes::End => (Vec::new(), None),
            };
            let source = place.source.map(|(file, line)| {
                let name = self.files().iter().find(|(index, _)| *index == file);
                (name.map_or_else(String::new, |(_, name)| name.clone()), line)
            });
            let not = if ins.guard_xor != 0 { "!" } else { "" };
            Listed {
                number: number as u32,
                opcode: program.opcode(number as u32).to_owned(),
                class: place.class,
                line: place.line,
                source,
                guard: (ins.guard != 0).then(|| format!("{not}p{}", ins.guard)),
                writes: rows.clone().filter(|(_, role)| role.defined).map(|it| name(&it)).collect(),
                reads: rows.filter(|(_, role)| role.used).map(|it| name(&it)).collect(),
                targets,
                meets: meets.filter(|&meet| meet != NOWHERE),
            }
        })
        .collect()
    }
}
