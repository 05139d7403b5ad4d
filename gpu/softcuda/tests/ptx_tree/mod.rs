//! Random syntax trees, such as a parse could give.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use softcuda::ptx::Position;
use softcuda::ptx::ast::*;

/// Names that mean nothing to the grammar.
fn name() -> impl Strategy<Value = &'static str> {
    select(vec![
        "%r1",
        "%rd22",
        "%p",
        "%f0",
        "_Z3fooPfi",
        "$L__BB0_1",
        "x",
        "V",
        "a$b",
        "_1",
        "%SP",
        "generic_",
        "WARP_SZ",
        "ret",
        "call",
        "inlined_at",
        "f32",
        "e5",
        "U",
    ])
}

fn at() -> Position {
    Position::default()
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<i64>().prop_map(|it| Literal::signed(it.max(-i64::MAX))),
        (-9i64..10).prop_map(Literal::signed),
        any::<u64>().prop_map(Literal::unsigned),
        any::<u32>().prop_map(Literal::Single),
        any::<u64>().prop_map(Literal::Double),
        any::<f64>().prop_map(|it| Literal::Double(it.to_bits())),
    ]
}

pub fn expression() -> impl Strategy<Value = Expr<'static>> {
    let leaf = prop_oneof![literal().prop_map(Expr::Literal), name().prop_map(Expr::Name)];
    leaf.prop_recursive(5, 24, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Expr::Generic),
            (any::<u64>(), boxed()).prop_map(|(mask, it)| Expr::Mask(mask, it)),
            (select(UnaryOp::ALL), boxed()).prop_map(|(op, it)| Expr::Unary(op, it)),
            (select(Cast::ALL), boxed()).prop_map(|(cast, it)| Expr::Cast(cast, it)),
            (select(BinaryOp::ALL), inner.clone(), inner.clone())
                .prop_map(|(op, a, b)| Expr::Binary(op, Box::new([a, b]))),
            [inner.clone(), inner.clone(), inner].prop_map(|it| Expr::Conditional(Box::new(it))),
        ]
    })
}

fn selected() -> impl Strategy<Value = Name<'static>> {
    (name(), option::weighted(0.2, select(vec!["x", "w", "b0", "h10", "b3210"])))
        .prop_map(|(text, selector)| Name { text, selector })
}

fn plain() -> impl Strategy<Value = Operand<'static>> {
    prop_oneof![
        8 => selected().prop_map(Operand::Name),
        1 => selected().prop_map(Operand::Not),
        1 => selected().prop_map(Operand::Minus),
        4 => literal().prop_map(Operand::Literal),
        1 => Just(Operand::Sink),
        3 => expression().prop_filter_map("names and literals are operands of their own", |it| match it {
            Expr::Name(_) | Expr::Literal(_) => None,
            it => Some(Operand::Expr(Box::new(it))),
        }),
    ]
}

fn address() -> impl Strategy<Value = Operand<'static>> {
    let base = prop_oneof![
        name()
            .prop_filter("a number, not a name", |it| *it != "WARP_SZ")
            .prop_map(|it| (Some(Name::from(it)), true)),
        selected()
            .prop_filter("a number", |it| it.text != "WARP_SZ")
            .prop_map(|it| (Some(it), it.selector.is_none())),
        Just((None, true)),
    ];
    (base, any::<i64>(), any::<bool>()).prop_map(|((base, moves), offset, unified)| {
        Operand::Address(Address { base, offset: if moves { offset } else { 0 }, unified })
    })
}

fn operand() -> impl Strategy<Value = Operand<'static>> {
    let vector = || vec(plain(), 0..5).prop_map(Operand::Vector);
    let second = prop_oneof![selected().prop_map(Operand::Name), Just(Operand::Sink)];
    let first = prop_oneof![selected().prop_map(Operand::Name), Just(Operand::Sink), vector()];
    prop_oneof![
        6 => plain(),
        3 => address(),
        1 => vector(),
        1 => (first, second).prop_map(|(a, b)| Operand::Pair(Box::new([a, b]))),
        1 => (selected(), plain()).prop_map(|(array, index)| Operand::Element(array, Box::new(index))),
        1 => (selected(), vec(prop_oneof![plain(), vector()], 1..4)).prop_map(|(first, mut rest)| {
            rest.insert(0, Operand::Name(first));
            Operand::Tuple(rest)
        }),
    ]
}

fn guard() -> impl Strategy<Value = Option<Guard<'static>>> {
    option::weighted(
        0.3,
        (name(), any::<bool>()).prop_map(|(name, negated)| Guard { name, negated }),
    )
}

fn instruction() -> impl Strategy<Value = Instruction<'static>> {
    let opcodes = vec![
        "ret",
        "add.s32",
        "ld.global.nc.L1::evict_last.v4.f32",
        "tcgen05.ld.sync.aligned.16x64b.x1.b32",
        "bra.uni",
        "cp.async.bulk.tensor.1d.shared::cluster.global.tile",
        "ld.const[3].b32",
        "x",
        "mma.sp::ordered_metadata.sync",
    ];
    let plain = (guard(), select(opcodes), vec(operand(), 0..5))
        .prop_map(|(guard, opcode, operands)| (guard, Opcode::new(opcode), operands));
    let list = || option::of(vec(self::plain(), 0..4).prop_map(Operand::List));
    let call =
        (guard(), list(), selected(), list()).prop_map(|(guard, results, callee, arguments)| {
            let operands =
                results.into_iter().chain([Operand::Name(callee)]).chain(arguments).collect();
            (guard, Opcode::new("call.uni"), operands)
        });
    prop_oneof![5 => plain, 1 => call].prop_map(|(guard, opcode, operands)| Instruction {
        position: at(),
        loc: None,
        guard,
        opcode,
        operands,
    })
}

fn string() -> impl Strategy<Value = &'static str> {
    select(vec!["", "a/b.cu", "nounroll", "\\\"", "x // y", "é {"])
}

fn source_line() -> impl Strategy<Value = SourceLine> {
    (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(file, line, column)| SourceLine {
        file,
        line,
        column,
    })
}

fn loc() -> impl Strategy<Value = Loc<'static>> {
    let label = select(vec!["$L__info_string0", ".debug_str", "x"]);
    let inlined = option::of((label, any::<i64>(), source_line()).prop_map(Box::new));
    (source_line(), inlined).prop_map(|(at, inlined)| Loc { at, inlined })
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let attribute = prop_oneof![
        Just(Attribute::Managed),
        (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Attribute::Unified(a, b))
    ];
    prop_oneof![4 => Just(Vec::new()), 1 => vec(attribute, 1..3)]
}

fn align() -> impl Strategy<Value = Option<u32>> {
    option::of((0u32..32).prop_map(|shift| 1 << shift))
}

fn initializer() -> impl Strategy<Value = Initializer<'static>> {
    let leaf = prop_oneof![
        5 => expression().prop_map(Initializer::Value),
        1 => (name(), expression()).prop_map(|(name, it)| Initializer::Field(name, it)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| vec(inner, 0..4).prop_map(Initializer::List))
}

fn variable(spaces: Vec<Space>) -> impl Strategy<Value = Variable<'static>> {
    let pointer = (option::of(select(vec![Space::Global, Space::Shared])), align())
        .prop_map(|(space, align)| Pointer { space, align });
    let declarator =
        (name(), option::weighted(0.1, any::<u32>()), vec(option::of(0..=i64::MAX as u64), 0..3));
    let kind = (
        select(spaces),
        option::weighted(0.1, any::<u32>()),
        select(Type::ALL),
        attributes(),
        align(),
    );
    let more = (option::weighted(0.2, select(VectorWidth::ALL)), option::weighted(0.2, pointer));
    (kind, more, declarator).prop_map(
        |((space, bank, ty, attributes, align), (vector, pointer), (name, count, dims))| {
            let bank = bank.filter(|_| space == Space::Const);
            Variable {
                position: at(),
                linkage: None,
                space,
                bank,
                attributes,
                align,
                vector,
                ty,
                pointer,
                name,
                count,
                dims,
                init: None,
            }
        },
    )
}

fn declared(spaces: Vec<Space>) -> impl Strategy<Value = Box<Variable<'static>>> {
    (variable(spaces), option::of(select(Linkage::ALL)), option::weighted(0.4, initializer()))
        .prop_map(|(it, linkage, init)| Box::new(Variable { linkage, init, ..it }))
}

fn registers() -> impl Strategy<Value = Registers<'static>> {
    let names = (name(), option::of(any::<u32>())).prop_map(|(name, count)| RegisterNames {
        position: at(),
        name,
        count,
    });
    (option::of(select(VectorWidth::ALL)), select(Type::ALL), vec(names, 1..4))
        .prop_map(|(vector, ty, names)| Registers { position: at(), vector, ty, names })
}

fn parameters() -> impl Strategy<Value = Vec<Variable<'static>>> {
    vec(variable(vec![Space::Param, Space::Reg]), 0..3)
}

fn directives() -> impl Strategy<Value = Vec<FunctionDirective<'static>>> {
    let directive = prop_oneof![
        any::<[u32; 3]>().prop_map(FunctionDirective::MaxThreads),
        any::<[u32; 3]>().prop_map(FunctionDirective::RequiredThreads),
        any::<[u32; 3]>().prop_map(FunctionDirective::RequiredCluster),
        any::<u32>().prop_map(FunctionDirective::MinBlocksPerSm),
        any::<u32>().prop_map(FunctionDirective::MaxBlocksPerSm),
        any::<u32>().prop_map(FunctionDirective::MaxRegisters),
        any::<u32>().prop_map(FunctionDirective::MaxClusterRank),
        any::<u32>().prop_map(FunctionDirective::AbiPreserve),
        any::<u32>().prop_map(FunctionDirective::AbiPreserveControl),
        Just(FunctionDirective::ExplicitCluster),
        Just(FunctionDirective::BlocksAreClusters),
        Just(FunctionDirective::NoReturn),
        vec(string(), 1..3).prop_map(FunctionDirective::Pragma),
    ];
    vec(directive, 0..4)
}

fn file() -> impl Strategy<Value = SourceFile<'static>> {
    (any::<u32>(), string(), option::of(any::<(u64, u64)>()))
        .prop_map(|(index, path, stamp)| SourceFile { index, path, stamp })
}

fn section() -> impl Strategy<Value = Section<'static>> {
    let bodies = vec!["", ".b8 1, 2", "x:\n.b32 .debug_str+4 // }\n.b64 a-b"];
    (select(vec!["debug_str", "debug_info"]), select(bodies))
        .prop_map(|(name, body)| Section { name, body })
}

fn dwarf() -> impl Strategy<Value = &'static str> {
    select(vec![".byte 0x2b, 0x00", ".section .debug_pubnames, \"\", @progbits", ""])
}

fn statement() -> impl Strategy<Value = Statement<'static>> {
    let space =
        || vec![Space::Local, Space::Shared, Space::Param, Space::Global, Space::Const, Space::Tex];
    let leaf = prop_oneof![
        12 => instruction().prop_map(Statement::Instruction),
        2 => name().prop_map(|it| Statement::Label(at(), it)),
        2 => registers().prop_map(Statement::Registers),
        2 => declared(space()).prop_map(Statement::Variable),
        2 => loc().prop_map(Statement::Loc),
        1 => vec(string(), 1..3).prop_map(Statement::Pragma),
        1 => (name(), vec((name(), option::of(any::<u32>())), 1..4))
            .prop_map(|(name, labels)| Statement::BranchTargets { position: at(), name, labels }),
        1 => (name(), vec(name(), 1..4))
            .prop_map(|(name, functions)| Statement::CallTargets { position: at(), name, functions }),
        1 => (name(), parameters(), parameters(), directives()).prop_map(|(name, returns, params, directives)| {
            Statement::Prototype(Box::new(Prototype { position: at(), name, returns, params, directives }))
        }),
        1 => file().prop_map(Statement::File),
        1 => section().prop_map(Statement::Section),
        1 => dwarf().prop_map(Statement::Dwarf),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| vec(inner, 0..6).prop_map(Statement::Block))
}

fn function() -> impl Strategy<Value = Function<'static>> {
    let head =
        (option::of(select(Linkage::ALL)), any::<bool>(), attributes(), parameters(), name());
    (head, parameters(), directives(), option::of(vec(statement(), 0..12))).prop_map(
        |(head, params, directives, body)| {
            let (linkage, entry, attributes, returns, name) = head;
            let kind = if entry { FunctionKind::Entry } else { FunctionKind::Func };
            let body = body.map(|mut statements| {
                give_lines(&mut statements, &mut None);
                statements
            });
            Function {
                position: at(),
                linkage,
                kind,
                attributes,
                returns,
                name,
                params,
                directives,
                body,
            }
        },
    )
}

/// Gives every instruction the line of the last `.loc`.
fn give_lines(statements: &mut [Statement<'_>], last: &mut Option<SourceLine>) {
    for statement in statements {
        match statement {
            Statement::Loc(loc) => *last = Some(loc.at),
            Statement::Instruction(instruction) => instruction.loc = *last,
            Statement::Block(inner) => give_lines(inner, last),
            _ => {}
        }
    }
}

fn item() -> impl Strategy<Value = Item<'static>> {
    let spaces = vec![Space::Shared, Space::Global, Space::Const, Space::Tex, Space::Reg];
    prop_oneof![
        4 => function().prop_map(|it| Item::Function(Box::new(it))),
        4 => declared(spaces).prop_map(Item::Variable),
        1 => (name(), name()).prop_map(|(name, of)| Item::Alias { position: at(), name, of }),
        1 => vec(string(), 1..3).prop_map(Item::Pragma),
        1 => file().prop_map(Item::File),
        1 => section().prop_map(Item::Section),
        1 => name().prop_map(Item::Label),
        1 => dwarf().prop_map(Item::Dwarf),
    ]
}

pub fn module() -> impl Strategy<Value = Module<'static>> {
    let words = vec(select(vec!["sm_80", "sm_90a", "debug", "texmode_independent"]), 1..3);
    (any::<(u32, u32)>(), words, option::of(select(vec![32, 64])), vec(item(), 0..6)).prop_map(
        |(version, words, address_size, items)| Module {
            source: "",
            version,
            target: Target(words),
            address_size,
            items,
        },
    )
}
