//! Constant expressions have the values that section 4.5 of the PTX ISA gives them.

#![expect(clippy::unwrap_used, reason = "a test's text declares one variable")]

use softcuda::ptx::ast::{Initializer, Literal};
use softcuda::ptx::{evaluate, parse};

fn value(expression: &str) -> Result<Literal, &'static str> {
    let text = format!(".version 8.0 .target sm_80 .global .b64 x = {expression};");
    let module = parse(&text).unwrap_or_else(|error| panic!("{}", error.in_file(expression)));
    let Some(Initializer::Value(value)) = &module.variables().next().unwrap().init else {
        panic!("no value")
    };
    evaluate(value)
}

#[test]
fn integers() {
    let signed = [
        ("42", 42),
        ("0x1234", 0x1234),
        ("0123", 0o123),
        ("0b1011", 11),
        ("0", 0),
        ("-1", -1),
        ("-(-42)", 42),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("-7 / 2", -3),
        ("7 % 4", 3),
        ("1 << 4 >> 2", 4),
        ("-8 >> 1", -4),
        ("-8 >> 100", -1),
        ("1 << 64", 0),
        ("3 < 4 == 1", 1),
        ("-1 < 0", 1),
        ("-1 < 0U", 0),
        ("1 | 6 ^ 3 & 2", 5),
        ("2 && 0 || 1", 1),
        ("!3 + !0", 1),
        ("1 ? 2 : 0 ? 3 : 4", 2),
        ("0 ? 2 : 0 ? 3 : 4", 4),
        ("(.s64)0xffffffffffffffff", -1),
        ("WARP_SZ - 1", 31),
        ("1.5 < 2.0", 1),
        ("-1.5 == 1.5 - 3.0", 1),
    ];
    for (expression, expected) in signed {
        assert_eq!(value(expression), Ok(Literal::signed(expected)), "{expression}");
    }
    let unsigned = [
        ("42U", 42),
        ("0xfabc123400000000", 0xfabc_1234_0000_0000),
        ("-1U", u64::MAX),
        ("~0", u64::MAX),
        ("18446744073709551615", u64::MAX),
        ("1U - 2", u64::MAX),
        ("0xfabc123400000000 >> 60", 15),
        ("(.u64)-1 / 2", u64::MAX / 2),
        ("1 ? 1 : 2U", 1),
    ];
    for (expression, expected) in unsigned {
        assert_eq!(value(expression), Ok(Literal::unsigned(expected)), "{expression}");
    }
    assert_eq!(value("-9223372036854775808"), Ok(Literal::unsigned(1 << 63)));
    // The remainder takes its sides as unsigned, and gives a signed number.
    assert_eq!(value("-1 % 10"), Ok(Literal::signed(5)));
    assert_eq!(value("(.s64)0x8000000000000000 / -1"), Ok(Literal::signed(i64::MIN)));
}

#[test]
fn floats() {
    let cases = [
        ("1.5", 1.5f64),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1.5E-2", 0.015),
        ("0d3FF0000000000000", 1.0),
        ("1.0 / 3.0", 1.0 / 3.0),
        ("2.0 * 3.0 - 1.0", 5.0),
        ("1 ? 0.5 : 2.0", 0.5),
        ("-.25", -0.25),
    ];
    for (expression, expected) in cases {
        assert_eq!(value(expression), Ok(Literal::Double(expected.to_bits())), "{expression}");
    }
    assert_eq!(value("0F3f800000"), Ok(Literal::Single(1f32.to_bits())));
    assert_eq!(value("-0f3F800000"), Ok(Literal::Single((-1f32).to_bits())));
}

#[test]
fn no_value() {
    for expression in [
        "1 / 0",
        "1 % 0",
        "1 + 1.5",
        "1.5 % 2.0",
        "~1.5",
        "!1.5",
        "0f3F800000 + 1.0",
        "x + 1",
        "1.5 ? 1 : 2",
        "1 ? 1 : 2.0",
    ] {
        assert!(value(expression).is_err(), "{expression}");
    }
}
