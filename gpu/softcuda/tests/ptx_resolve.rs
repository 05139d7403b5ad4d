//! What names are bound to.

use softcuda::ptx::ast::{Literal, SourceLine, Type};
use softcuda::ptx::resolve::{
    Base, Binding, DatumValue, Program, Selector, SpecialRegister, Symbol, Value,
};
use softcuda::ptx::{Error, parse, resolve};

fn show(error: Error) -> ! {
    panic!("{}", error.in_file("test"))
}

/// The steps of the kernel `k` whose body is given, shown by `look`.
fn with_body(body: &str, look: impl FnOnce(&Program<'_, '_>)) {
    let text = format!(
        ".version 8.0\n.target sm_80\n.global .b32 g[4];\n.func (.reg .b32 r) f(.param .b32 x) {{ ret; }}\n\
         .entry k(.param .u64 out) {{\n{body}\n}}\n"
    );
    let module = parse(&text).unwrap_or_else(|error| show(error));
    look(&resolve(&module).unwrap_or_else(|error| show(error)));
}

#[test]
fn inner_blocks_hide_outer_names() {
    let body = ".reg .b32 %r<3>, a;\nmov.u32 %r1, a;\n{\n.reg .u64 %r<2>, a;\nmov.u64 %r1, a;\nmov.u32 %r2, 0;\n}\nmov.u32 %r1, a;";
    with_body(body, |program| {
        let body = program.kernel("k").unwrap();
        let register = |step: usize, operand: usize| match &body.steps[step].operands[operand] {
            Value::Register(id, None) => *id,
            other => panic!("{other:?}"),
        };
        assert_eq!(register(0, 0), register(3, 0));
        assert_eq!(register(0, 1), register(3, 1));
        assert_ne!(register(0, 0), register(1, 0));
        assert_ne!(register(0, 1), register(1, 1));
        assert_eq!(body.registers[register(1, 0).index()].ty, Type::U64);
        // `%r2` is the outer range's, though used within.
        let outer = body.registers[register(2, 0).index()];
        assert_eq!((outer.name, outer.ty), ("%r2", Type::B32));
        assert_eq!(outer.scope, body.registers[register(0, 0).index()].scope);
        assert_eq!(body.scopes.len(), 3);
        assert_eq!(body.scopes[2].steps, 1..3);
        assert_eq!(body.steps[1].scope.index(), 2);
        assert_eq!(body.scopes[2].parent, Some(body.steps[0].scope));
    });
}

#[test]
fn a_range_hides_the_outer_name_until_its_block_ends() {
    with_body(
        ".reg .b32 %r1;\n{\n.reg .b64 %r<2>;\nmov.b64 %r1, 0;\n}\nmov.b32 %r1, 0;",
        |program| {
            let body = program.kernel("k").unwrap();
            let types: Vec<Type> = body.registers.iter().map(|register| register.ty).collect();
            assert_eq!(types, [Type::B32, Type::B64]);
            assert_ne!(body.steps[0].operands[0], body.steps[1].operands[0]);
        },
    );
}

#[test]
fn labels_are_bound_in_their_blocks() {
    let body = "bra end;\n{\nx: bra x;\n}\n{\nbra x;\nx:\n}\nend: ret;\nlast:";
    with_body(body, |program| {
        let body = program.kernel("k").unwrap();
        let target = |step: usize| match body.steps[step].operands[0] {
            Value::Symbol(Symbol::Label(label), 0) => body.labels[label.index()].step,
            _ => panic!("no label"),
        };
        assert_eq!([target(0), target(1), target(2)], [3, 1, 3]);
        assert_eq!(body.labels.iter().find(|label| label.name == "last").unwrap().step, 4);
    });
}

#[test]
fn operands() {
    let body = ".reg .b32 a, b; .reg .pred p; .reg .b64 d; .reg .v4 .f32 v; .shared .b8 s[8];\n\
                vmad.u32.u32.u32 a.h1, -b.b3, %tid.y, 2*WARP_SZ;\n\
                ld.u32 a, [d+-4];\n\
                ld.u32 a, [out+4];\n\
                mov.b32 a, s+3;\n\
                mov.b64 d, g;\n\
                setp.eq.u32 p|_, v.z, !p, 0f3F800000;\n\
                tex.1d.v4 {a, _}, [g+4, {b}];\n\
                ld.u32 a, g[b];\n\
                ld.u32 a, [16];\n\
                mov.b32 a, %envreg31;\n\
                @!p ret;";
    with_body(body, |program| {
        let body = program.kernel("k").unwrap();
        let id = |name: &str| {
            let at = body.registers.iter().position(|register| register.name == name).unwrap();
            softcuda::ptx::resolve::RegisterId(at as u32)
        };
        let variable = |name: &str| {
            let at = body.variables.iter().position(|variable| variable.name == name).unwrap();
            Symbol::Variable(softcuda::ptx::resolve::VariableId(at as u32))
        };
        let register = |name: &str| Value::Register(id(name), None);
        let global = program.symbol("g").unwrap();
        assert!(matches!(global, Symbol::Global(_)));
        let expected = vec![
            vec![
                Value::Register(id("a"), Some(Selector::Halves([1, 0], 1))),
                Value::Minus(id("b"), Some(Selector::Bytes([3, 0, 0, 0], 1))),
                Value::Special(SpecialRegister::Tid, Some(1)),
                Value::Literal(Literal::signed(64)),
            ],
            vec![register("a"), Value::Address(Base::Register(id("d")), -4)],
            vec![register("a"), Value::Address(Base::Symbol(variable("out")), 4)],
            vec![register("a"), Value::Symbol(variable("s"), 3)],
            vec![register("d"), Value::Symbol(global, 0)],
            vec![
                Value::Pair(Box::new([register("p"), Value::Sink])),
                Value::Register(id("v"), Some(Selector::Component(2))),
                Value::Not(id("p")),
                Value::Literal(Literal::Single(1.0f32.to_bits())),
            ],
            vec![
                Value::Vector(vec![register("a"), Value::Sink]),
                Value::Tuple(vec![Value::Symbol(global, 4), Value::Vector(vec![register("b")])]),
            ],
            vec![register("a"), Value::Element(global, Box::new(register("b")))],
            vec![register("a"), Value::Address(Base::Absolute, 16)],
            vec![register("a"), Value::Special(SpecialRegister::Envreg(31), None)],
            vec![],
        ];
        let found: Vec<_> = body.steps.iter().map(|step| step.operands.clone()).collect();
        assert_eq!(found, expected);
        assert_eq!(body.steps.last().unwrap().guard, Some((id("p"), true)));
        assert_eq!(body.params, [Binding::Variable(softcuda::ptx::resolve::VariableId(0))]);
    });
}

#[test]
fn calls_and_tables() {
    let body = ".reg .b32 a; .reg .b64 d;\n\
                call (a), f, (1);\n\
                call (a), d, (a), proto;\n\
                call (a), d, (a), list;\n\
                brx.idx a, t;\n\
                proto: .callprototype (.reg .b32 _) _ (.param .b32 _);\n\
                list: .calltargets f;\n\
                t: .branchtargets L<2>, end;\n\
                L0: ret;\nL1: ret;\nend: ret;";
    with_body(body, |program| {
        let body = program.kernel("k").unwrap();
        let Some(Symbol::Function(f)) = program.symbol("f") else { panic!("no function") };
        assert_eq!(body.steps[0].operands[1], Value::Symbol(Symbol::Function(f), 0));
        assert_eq!(body.call_targets, [[f]]);
        assert_eq!(body.prototypes[0].name, "proto");
        let steps: Vec<usize> =
            body.branch_targets[0].iter().map(|label| body.labels[label.index()].step).collect();
        assert_eq!(steps, [4, 5, 6]);
        let function = program.functions[f.index()].body.as_ref().unwrap();
        assert!(matches!(function.returns[..], [Binding::Register(_)]));
    });
}

#[test]
fn initialisers_are_laid_out() {
    let text = ".version 8.0\n.target sm_80\n\
                .global .s32 x[3][2] = {{1, 2}, {3}};\n\
                .global .s32 y[][2] = {1, 2, 3, 4};\n\
                .global .v2 .u16 v[2] = {{1, 2}, {3, 4}};\n\
                .const .u64 p[4] = {x, generic(x)+8, x+4, f};\n\
                .global .u8 b[2] = {0xff00(x), 0xff(0x1234)};\n\
                .global .samplerref s = {filter_mode = nearest};\n\
                .func f() { ret; }\n";
    let module = parse(text).unwrap_or_else(|error| show(error));
    let program = resolve(&module).unwrap_or_else(|error| show(error));
    let data = |name: &str| {
        let Some(Symbol::Global(id)) = program.symbol(name) else { panic!("no variable {name}") };
        let global = &program.globals[id.index()];
        global.init.iter().map(|datum| (datum.offset, datum.value.clone())).collect::<Vec<_>>()
    };
    let number = |offset, value| (offset, DatumValue::Literal(Literal::signed(value)));
    assert_eq!(data("x"), [number(0, 1), number(4, 2), number(8, 3)]);
    assert_eq!(data("y"), [number(0, 1), number(4, 2), number(8, 3), number(12, 4)]);
    assert_eq!(data("v"), [number(0, 1), number(2, 2), number(4, 3), number(6, 4)]);
    let symbol = program.symbol("x").unwrap();
    let address = |offset, generic| DatumValue::Address { symbol, offset, generic, mask: None };
    let function = program.symbol("f").unwrap();
    let expected = [
        (0, address(0, false)),
        (8, address(8, true)),
        (16, address(4, false)),
        (24, DatumValue::Address { symbol: function, offset: 0, generic: false, mask: None }),
    ];
    assert_eq!(data("p"), expected);
    let masked = DatumValue::Address { symbol, offset: 0, generic: false, mask: Some(0xff00) };
    assert_eq!(data("b"), [(0, masked), (1, DatumValue::Literal(Literal::unsigned(0x34)))]);
    assert_eq!(data("s"), [(0, DatumValue::Property("filter_mode", Ok("nearest")))]);
    let bytes = |name: &str| module.variables().find(|it| it.name == name).unwrap().bytes();
    assert_eq!([bytes("x"), bytes("y"), bytes("v")], [Some(24), Some(32), Some(8)]);
}

#[test]
fn source_lines_go_with_instructions() {
    let module = parse(include_str!("ptx/debug.ptx")).unwrap_or_else(|error| show(error));
    let program = resolve(&module).unwrap_or_else(|error| show(error));
    let body = program.kernel("grown").unwrap();
    let step = body.steps.iter().find(|step| step.instruction.opcode.base() == "fma").unwrap();
    assert_eq!(step.instruction.loc, Some(SourceLine { file: 1, line: 3, column: 9 }));
    let inlined = step.loc.unwrap().inlined.as_deref().unwrap();
    assert_eq!(inlined, &("$L__info_string0", 0, SourceLine { file: 1, line: 10, column: 9 }));
    assert_eq!(module.file(1), Some("debug.cu"));
    assert_eq!(module.info_string(inlined.0, inlined.1).as_deref(), Some("_Z4growfi"));
    // Where it stands in the text.
    let line = include_str!("ptx/debug.ptx")
        .lines()
        .nth(step.instruction.position.line as usize - 1)
        .unwrap();
    assert!(line[step.instruction.position.column as usize - 1..].starts_with("fma.rn.f32"));
}

#[test]
fn real_kernels() {
    let module = parse(include_str!("ptx/calls.ptx")).unwrap_or_else(|error| show(error));
    let program = resolve(&module).unwrap_or_else(|error| show(error));
    let body = program.kernel("cases").unwrap();
    assert_eq!((body.prototypes.len(), body.prototypes[0].params.len()), (1, 2));
    assert!(program.functions.iter().any(|it| it.name == "vprintf" && it.body.is_none()));
    let Some(Symbol::Global(table)) = program.symbol("table") else { panic!("no table") };
    assert_eq!(program.globals[table.index()].init.len(), 2);

    let module = parse(include_str!("ptx/atomics.ptx")).unwrap_or_else(|error| show(error));
    assert_eq!(module.version, (9, 0));
    assert_eq!(module.target.architecture(), Some(80));
    assert_eq!(module.function("histogram").unwrap().threads(), Some(([256, 1, 1], false)));
}
