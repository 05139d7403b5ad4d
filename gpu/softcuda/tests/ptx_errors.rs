//! What is refused, where, and with which words.

use softcuda::ptx::limits::{MAX_DEPTH, MAX_OPERATORS};
use softcuda::ptx::{ErrorKind, parse, validate};

/// What `text` is refused with, by the grammar or by the names.
fn refusal(text: &str) -> String {
    match parse(text).and_then(|module| validate(&module)) {
        Ok(()) => format!("taken: {text}"),
        Err(error) => error.to_string(),
    }
}

/// The same of a kernel's body, whose first line is line 4.
fn in_body(body: &str) -> String {
    refusal(&format!(
        ".version 8.0\n.target sm_80\n.entry k(.param .u64 out) {{\n{body}\n}}\n.func f(.param .u32 x);\n"
    ))
}

/// The same of what stands outside functions, from line 3.
fn in_module(items: &str) -> String {
    refusal(&format!(".version 8.0\n.target sm_80\n{items}\n"))
}

#[test]
fn grammar() {
    let cases = [
        ("mov.u32 %r1, %r2", "5:1: expected `,` or `;` after the operand, found `}`"),
        ("mov.u32 %r1 %r2;", "4:13: expected `,` or `;` after the operand, found `%r2`"),
        ("mov.u32 %r1,;", "4:13: expected an operand, found `;`"),
        ("ld.u32 %r1, [%r2;", "4:17: expected `+`, `,` or `]` in the address, found `;`"),
        ("ld.u32 %r1, [%r2, ];", "4:19: expected an operand, found `]`"),
        ("ld.u32 %r1, [%r2+%r3];", "4:14: an address has one name: add the registers before"),
        ("ld.u32 %r1, [%r2+1.5];", "4:14: an offset is an integer"),
        ("@;", "4:2: expected a predicate after `@`, found `;`"),
        ("@%p1;", "4:5: expected an instruction after the guard, found `;`"),
        ("{ ret;", "7:1: expected a statement or `}`, found `.func`"),
        (".reg .b33 %r;", "4:6: unknown type `b33`"),
        (".reg .b32 %r<;", "4:14: expected an integer, found `;`"),
        (
            ".reg .b32 %r<4294967296>;",
            "4:14: the number of names must be below 2^32, found 4294967296",
        ),
        (".shared .align 3 .b8 a;", "4:16: an alignment must be a power of two, found 3"),
        (".shared .b8 a[1/0];", "4:15: a constant is divided by zero"),
        (".shared .b8 a[-1];", "4:15: an extent must be below 2^63, found -1"),
        (".shared .local .b8 a;", "4:9: expected one state space, found `.local`, a second one"),
        (".reg .b32 .b64 r;", "4:11: expected one type, found `.b64`, a second one"),
        (".shared .b32 .b64 r;", "4:14: expected one type, found `.b64`, a second one"),
        (".extern .reg .b32 r;", "4:9: expected a space of memory, like `.shared`, found `.reg`"),
        (".frame 4;", "4:1: unknown directive `.frame` in a function's body"),
        (
            ".callprototype _;",
            "4:1: unknown directive `.callprototype`: it needs a label before it",
        ),
        (
            "mov.u32 %r1, 0x1ffffffffffffffff;",
            "4:14: expected a number that fits in 64 bits, found `0x1ffffffffffffffff`",
        ),
        ("mov.f32 %r1, 0f3F80;", "4:14: expected a number that fits in 64 bits, found `0f3F80`"),
        ("mov.u32 %r1, 12abc;", "4:14: expected a number that fits in 64 bits, found `12abc`"),
        (
            "/* ...",
            "4:1: expected `*/` at the end of the comment that begins here, found the end of the text",
        ),
        (".pragma \"x;", "4:9: expected a string, found `\"x;`"),
        (".loc 1 2;", "4:9: expected an integer, found `;`"),
        ("\u{e9};", "4:1: expected a statement or `}`, found `\u{e9}`"),
        ("\u{7};", "4:1: expected a statement or `}`, found U+0007"),
    ];
    for (body, refusal) in cases {
        // The text ends where a block or comment is left open.
        let found = in_body(body);
        if body == "{ ret;" {
            assert!(found.starts_with("6:1: unknown directive `.func`"), "{found}");
        } else {
            assert_eq!(found, refusal, "{body}");
        }
    }
}

#[test]
fn modules() {
    assert_eq!(
        refusal(""),
        "1:1: expected `.version`, which begins a module, found the end of the text"
    );
    assert_eq!(refusal(".version 8\n"), "1:10: expected a version, like `8.0`, found `8`");
    assert_eq!(
        refusal(".version 8.0"),
        "1:13: expected `.target`, which follows `.version`, found the end of the text"
    );
    let cases = [
        (".version 8.0", "3:1: a second `.version`: one is allowed in a module"),
        (".address_size 16", "3:15: the address size must be 32 or 64, found 16"),
        (".frobnicate x;", "3:1: unknown directive `.frobnicate`"),
        (
            ".visible .extern .global .b32 x;",
            "3:10: expected one linkage, found `.extern`, a second one",
        ),
        (".entry k() .maxthreads 3 { }", "3:12: unknown directive of a function `.maxthreads`"),
        (".entry k()", "4:1: expected the function's body `{` or `;`, found the end of the text"),
        (".global .b32 x = ;", "3:18: expected a constant or a name, found `;`"),
        (
            ".section .debug_info { .b8 1",
            "4:1: expected `}` at the end of the section, found the end of the text",
        ),
        ("mov.u32 a, b;", "3:1: expected a directive, like `.entry` or `.global`, found `mov`"),
    ];
    for (items, refusal) in cases {
        assert_eq!(in_module(items), refusal, "{items}");
    }
    // Not a float: 8.10 is after 8.9.
    assert_eq!(parse(".version 8.10 // x\n.target sm_80").map(|it| it.version), Ok((8, 10)));
}

#[test]
fn names() {
    let cases = [
        (
            "mov.u32 %r1, 0;",
            "4:9: `%r1` is not declared: declare it by `.reg` before this, in this block or one around it",
        ),
        (
            ".reg .b32 %r<2>;\nmov.u32 %r1, %r2;",
            "5:14: `%r2` is not declared: declare it by `.reg` before this, in this block or one around it",
        ),
        (
            ".reg .b32 %r<12>;\nmov.u32 %r01, 0;",
            "5:9: `%r01` is not declared: declare it by `.reg` before this, in this block or one around it",
        ),
        (
            "{ .reg .b32 a; }\nmov.u32 a, 0;",
            "5:9: `a` is not declared: no register, variable, function or label of this name is in scope",
        ),
        (
            "mov.u32 a, 0;\n.reg .b32 a;",
            "4:9: `a` is not declared: no register, variable, function or label of this name is in scope",
        ),
        (
            ".reg .b32 a;\n.reg .b64 a;",
            "5:11: `a` is declared twice in this scope, first at line 4",
        ),
        (
            ".reg .b32 %r<4>;\n.reg .b64 %r3;",
            "5:11: `%r3` is declared twice in this scope, first at line 4",
        ),
        (
            ".reg .b64 %r3;\n.reg .b32 %r<4>;",
            "5:11: `%r3` is declared twice in this scope, first at line 4",
        ),
        (
            ".reg .b32 %r<4>;\n.reg .b32 %r<8>;",
            "5:11: `%r` is declared twice in this scope, first at line 4",
        ),
        ("x: ret;\nx: ret;", "5:1: `x` is declared twice in this scope, first at line 4"),
        (".reg .b32 %tid;", "4:11: `%tid` is a name of PTX itself: choose another"),
        (".shared .b32 WARP_SZ;", "4:14: `WARP_SZ` is a name of PTX itself: choose another"),
        (
            ".reg .b32 a;\n@a ret;",
            "5:2: expected a predicate register, but `a` is a register of type `.b32`",
        ),
        (
            ".reg .b32 a;\nshfl.sync.bfly.b32 a|a, a, 1, 31, -1;",
            "5:22: expected a predicate register, but `a` is a register of type `.b32`",
        ),
        ("@out ret;", "4:2: expected a predicate register, but `out` is a variable"),
        (
            ".shared .pred p;",
            "4:15: expected a type that memory holds, but `p` is a predicate, which only registers hold",
        ),
        (
            ".shared .b32 s = 4;",
            "4:14: expected an initialised variable in `.global` or `.const`, but `s` is in `.shared`",
        ),
        (
            ".shared .b64 s[4611686018427387904];",
            "4:14: the size of a variable in bytes must be below 2^63, found `s`",
        ),
        (
            "bra nowhere;",
            "4:5: `nowhere` is not declared: no register, variable, function or label of this name is in scope",
        ),
        (
            "{ x: ret; }\nbra x;",
            "5:5: `x` is not declared: no register, variable, function or label of this name is in scope",
        ),
        ("bra out;", "4:1: expected one label, but `out` is not that"),
        ("call f, (1, 2);", "4:1: `f` takes 1 arguments, found 2"),
        ("call (_), f, (1);", "4:1: `f` takes 0 results, found 1"),
        (
            ".reg .b32 i;\nbrx.idx i, out;",
            "5:1: expected a register and a `.branchtargets` list, but `i, out` is not that",
        ),
        (
            "t: .branchtargets a<2>;\na0: ret;",
            "4:19: `a` is not declared as labels with all these numbers",
        ),
        (
            ".reg .b32 a;\nmov.u32 a, %tid.q;",
            "5:17: expected a component of the special register, like `.x`, but `q` is none",
        ),
        (
            ".reg .b32 a;\nmov.u32 a, a.k0;",
            "5:14: expected a part of a register, like `.x` or `.b0`, but `k0` is none",
        ),
        (".reg .b32 a;\nmov.u32 a, out + out;", "5:1: expected a constant, found an address"),
    ];
    for (body, refusal) in cases {
        assert_eq!(in_body(body), refusal, "{body}");
    }
    let cases = [
        (
            ".global .b32 x;\n.global .b32 x;",
            "4:14: `x` is declared twice in this scope, first at line 3",
        ),
        (
            ".extern .global .b32 x[];\n.global .b64 x[2];",
            "4:14: `x` was declared differently at line 3",
        ),
        (
            ".func f(.param .b32 a);\n.func f(.param .b64 a) { ret; }",
            "4:7: `f` was declared differently at line 3",
        ),
        (
            ".func f() { ret; }\n.func f() { ret; }",
            "4:7: `f` is declared twice in this scope, first at line 3",
        ),
        (
            ".func f();\n.alias g, f;",
            "4:11: `f` is not declared as a function with a body, which an alias needs",
        ),
        (".global .b32 x[2] = {1, 2, 3};", "3:14: more values than the variable holds"),
        (".global .b32 x[2][2] = {{1, 2, 3}};", "3:14: more values than the variable holds"),
        (".global .b32 x[2] = 1;", "3:14: an array or vector is initialised by values in braces"),
        (
            ".global .b64 x = y;",
            "3:18: `y` is not declared: an initialiser names variables and functions",
        ),
        (
            ".global .b32 x<2> = 1;",
            "3:14: a range of names can be neither an array nor initialised",
        ),
        (
            ".local .b32 x;",
            "3:13: expected a variable in `.global`, `.const`, `.shared` or `.tex` outside functions, but `x` is in `.local`",
        ),
    ];
    for (items, refusal) in cases {
        assert_eq!(in_module(items), refusal, "{items}");
    }
}

#[test]
fn shown_with_its_line() {
    let text = ".version 8.0\n.target sm_80\n.entry k() {\n\tmov.u32 %r1;\n}\n";
    let error = validate(&parse(text).unwrap()).unwrap_err();
    let shown = "k.ptx:4:10: `%r1` is not declared: declare it by `.reg` before this, in this block or one around it\n    \
                 4 |  mov.u32 %r1;\n      |          ^";
    assert_eq!(error.in_file("k.ptx").to_string(), shown);
    // A long line is cut about the place.
    let long = format!(".version 8.0 .target sm_80 {}?", " ".repeat(100_000));
    let error = parse(&long).unwrap_err();
    assert_eq!(error.column, 100_028);
    assert!(error.excerpt.len() <= 120);
    assert_eq!(error.excerpt.chars().nth(error.caret), Some('?'));
}

#[test]
fn limits_hold() {
    let deep = 100_000;
    let nested = |open: &str, close: &str, around: &str| {
        let text = around.replace("HERE", &format!("{}{}", open.repeat(deep), close.repeat(deep)));
        let kind = parse(&text).map(|_| ()).unwrap_err().kind;
        assert!(
            matches!(kind, ErrorKind::Limit { limit, .. } if limit == u64::from(MAX_DEPTH)),
            "{open}: {kind}"
        );
    };
    let body = ".version 8.0 .target sm_80 .entry k() { HERE }";
    let init = ".version 8.0 .target sm_80 .global .b32 x = HERE;";
    nested("{", "}", body);
    nested("{", "}", init);
    for open in ["(", "generic(", "0xff(", "(.s64)", "1*("] {
        nested(open, ")", init);
    }
    for open in ["- ", "!", "~", "+", "1?2:", "1||2&&3|4^5&6==7<8<<9+"] {
        let text = init.replace("HERE", &format!("{}1", open.repeat(deep)));
        assert!(matches!(parse(&text).unwrap_err().kind, ErrorKind::Limit { .. }), "{open}");
    }
    for open in ["mov {", "mov a[", "mov [-", "mov [{", "call ({", "mov {a,{", "ld [1+("] {
        let text = body.replace("HERE", &open.repeat(deep));
        assert!(parse(&text).is_err(), "{open}");
        let inner = open.split_once(' ').map_or("", |(_, inner)| inner).repeat(deep);
        let text = body.replace("HERE", &format!("mov {inner}"));
        assert!(parse(&text).is_err(), "{open}");
    }
    let sum =
        |operators: u32| init.replace("HERE", &format!("1{}", "+1".repeat(operators as usize)));
    let refused = parse(&sum(MAX_OPERATORS + 1)).unwrap_err();
    assert!(
        matches!(refused.kind, ErrorKind::Limit { limit, .. } if limit == u64::from(MAX_OPERATORS))
    );
    let text = sum(MAX_OPERATORS);
    let module = parse(&text).unwrap();
    assert_eq!(parse(&module.to_string()).as_ref(), Ok(&module));
}

#[test]
fn as_deep_as_allowed() {
    let depth = MAX_DEPTH as usize - 1;
    let nest = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    // The body is a level itself, and an expression's operators have levels of their own.
    let blocks = format!(".entry k() {}", nest("{", "ret;", "}"));
    let lists = format!(".global .b32 x = {};", nest("{", "1", "}"));
    let terms = format!(".global .b64 x = {};", nest("(", "1", ")"));
    let signs = format!(".global .b64 x = {};", nest("-", "(1)", ""));
    let long = format!(".global .b64 x = {}1;", "1 + ".repeat(MAX_OPERATORS as usize));
    for items in [blocks, lists, terms, signs, long] {
        let text = format!(".version 8.0 .target sm_80 {items}");
        let module = parse(&text).unwrap_or_else(|error| panic!("{}", error.in_file(&items)));
        assert_eq!(parse(&module.to_string()).as_ref(), Ok(&module));
        let _ = validate(&module);
        let _ = format!("{module:?}");
    }
}

#[test]
fn numbers_in_the_text_allocate_nothing() {
    let text = ".version 8.0\n.target sm_80\n.global .b8 big[4611686018427387904] = {1, 2};\n.entry k() {\n\
                .reg .b32 %r<4294967295>;\n.shared .b32 s<4294967295>;\n.local .b8 l[9223372036854775807];\n\
                mov.u32 %r4294967294, s7;\nret;\n}";
    let module = parse(text).unwrap();
    let program = softcuda::ptx::resolve(&module).unwrap();
    let body = program.kernel("k").unwrap();
    assert_eq!(body.registers.len(), 1);
    assert_eq!(body.variables.len(), 2);
    // Lists that name the same labels again and again.
    let labels: String = (0..2000).map(|number| format!("L{number}: ")).collect();
    let lists: String =
        (0..1000).map(|number| format!("t{number}: .branchtargets L<2000>;\n")).collect();
    let text = format!(".version 8.0\n.target sm_80\n.entry k() {{ {labels} {lists} }}");
    assert!(matches!(validate(&parse(&text).unwrap()).unwrap_err().kind, ErrorKind::Limit { .. }));
}
