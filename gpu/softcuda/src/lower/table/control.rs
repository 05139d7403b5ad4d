//! Control flow, barriers, and the rest.

use super::Table;
use crate::count::Class;
use crate::lower::emit::{Emitted, Emitter};
use crate::lower::op::{Control, Field};
use crate::machine::block::barrier as how;
use crate::machine::body::{control, vote};
use crate::machine::lane::Kind;
use crate::ptx::resolve::{Step, Symbol, Value};

pub(super) fn add(table: &mut Table) {
    table.family("bra", "bra{,.uni}", bra);
    table.family("brx", "brx.idx{,.uni}", brx);
    table.family("call", "call{,.uni}, by name; inlined; also vprintf and __assertfail", call);
    table.family("ret", "ret{,.uni}", ret);
    table.family("exit", "exit", exit);
    table.family("trap", "trap", trap);
    table.family("brkpt", "brkpt (does nothing)", nothing);
    table.family("pmevent", "pmevent (does nothing)", nothing);
    table.family("nanosleep", "nanosleep.u32 (gives way)", pause);
    table.family(
        "bar",
        "bar{,.cta}.{sync,arrive}, bar.red.{popc.u32,and.pred,or.pred}, bar.warp.sync",
        bar,
    );
    table.family(
        "barrier",
        "barrier{,.cta}.{sync,arrive}{,.aligned}, barrier.red.{popc,and,or}{,.aligned}.{u32,pred}, \
         barrier.cluster.{arrive,wait} (clusters of one block)",
        bar,
    );
    table.family(
        "griddepcontrol",
        "griddepcontrol.{launch_dependents,wait} (does nothing)",
        nothing,
    );
    table.family("setmaxnreg", "setmaxnreg (does nothing)", nothing);
}

fn bra<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [Value::Symbol(Symbol::Label(id), _)] = &step.operands[..] else {
        return emitter.bad("takes a label");
    };
    let label = emitter.frame.labels[id.index()];
    let op = emitter.op(control::branch(), Class::Control, [Field::None; 5]);
    op.control = Control::Branch(label);
    Ok(())
}

fn brx<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let [index, Value::Symbol(Symbol::BranchTargets(id), _)] = &step.operands[..] else {
        return emitter.bad("takes an index and a list of labels");
    };
    let targets = &emitter.frame.body.branch_targets[id.index()];
    let labels = targets.iter().map(|label| emitter.frame.labels[label.index()]).collect();
    let a = emitter.source(index, Kind::U32)?;
    let fields = [Field::None, Field::Use(a), Field::None, Field::None, Field::None];
    let op = emitter.op(control::indirect(), Class::Control, fields);
    op.control = Control::Indirect(labels);
    Ok(())
}

fn call<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    // The call itself, as the hardware would count it.
    emitter.op(control::nothing(), Class::Control, [Field::None; 5]);
    emitter.call(&step.operands, step.guard.is_some())
}

fn ret<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, _: &Step<'m, 'a>) -> Emitted {
    emitter.leave();
    Ok(())
}

fn exit<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, _: &Step<'m, 'a>) -> Emitted {
    emitter.exit();
    Ok(())
}

fn trap<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, _: &Step<'m, 'a>) -> Emitted {
    let op = emitter.op(control::trap(), Class::Control, [Field::None; 5]);
    op.control = Control::Stop;
    Ok(())
}

fn nothing<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, _: &Step<'m, 'a>) -> Emitted {
    emitter.op(control::nothing(), Class::Other, [Field::None; 5]);
    Ok(())
}

fn pause<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, _: &Step<'m, 'a>) -> Emitted {
    emitter.op(control::pause(), Class::Other, [Field::None; 5]);
    Ok(())
}

fn bar<'m, 'a>(emitter: &mut Emitter<'_, 'm, 'a>, step: &Step<'m, 'a>) -> Emitted {
    let opcode = &step.instruction.opcode;
    let words: Vec<&str> = opcode.modifiers().filter(|word| *word != "cta").collect();
    // `bar` is `barrier` with `.aligned`.
    let aligned = opcode.base() == "bar" || opcode.has("aligned");
    let mut imm = if aligned { how::ALIGNED } else { 0 };
    let words: Vec<&str> = words.into_iter().filter(|word| *word != "aligned").collect();
    match words[..] {
        ["warp", "sync"] => {
            let [members] = &step.operands[..] else { return emitter.bad("takes a member mask") };
            let e = emitter.source(members, Kind::U32)?;
            let fields = [Field::None, Field::None, Field::None, Field::None, Field::Use(e)];
            emitter.op(vote::warp_sync(), Class::Barrier, fields);
            return Ok(());
        }
        ["cluster", "arrive", ..] => {
            emitter.op(control::order(), Class::Barrier, [Field::None; 5]);
            return Ok(());
        }
        // All barriers of a cluster of one block are passed by waiting for the block.
        ["cluster", "wait", ..] => {
            let a = Field::Use(emitter.bits(15));
            let op = emitter.op(
                control::barrier(),
                Class::Barrier,
                [Field::None, a, Field::None, Field::None, Field::None],
            );
            op.imm = imm | how::SYNC;
            return Ok(());
        }
        _ => {}
    }
    let mut fields = [Field::None; 5];
    let (number, rest) = match words[..] {
        ["sync"] => {
            imm |= how::SYNC;
            step.operands.split_first().map_or((None, &[][..]), |(n, rest)| (Some(n), rest))
        }
        ["arrive"] => {
            imm |= how::ARRIVE;
            step.operands.split_first().map_or((None, &[][..]), |(n, rest)| (Some(n), rest))
        }
        ["red", op, _] => {
            let [target, number, rest @ ..] = &step.operands[..] else {
                return emitter.bad("takes a result, a barrier and a predicate");
            };
            let Some((predicate, count)) = rest.split_last() else {
                return emitter.bad("takes a predicate");
            };
            imm |= match op {
                "popc" => how::POPC,
                "and" => how::AND,
                "or" => how::OR,
                _ => return emitter.unsupported(""),
            };
            let (c, negated) = emitter.predicate(predicate)?;
            fields[3] = Field::Use(c);
            imm |= if negated { how::NEGATED } else { 0 };
            let d = if op == "popc" {
                emitter.target(target, Kind::U32)?.0
            } else {
                emitter.predicate_target(target)?
            };
            fields[0] = Field::Def(d);
            (Some(number), count)
        }
        _ => return emitter.unsupported(""),
    };
    let Some(number) = number else { return emitter.bad("takes a barrier") };
    fields[1] = Field::Use(emitter.source(number, Kind::U32)?);
    if let [count] = rest {
        fields[2] = Field::Use(emitter.source(count, Kind::U32)?);
        imm |= how::COUNTED;
    }
    emitter.op(control::barrier(), Class::Barrier, fields).imm = imm;
    Ok(())
}
