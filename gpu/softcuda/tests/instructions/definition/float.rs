//! Floating-point forms: what the manual says of modes, `.ftz`, `.sat`, `.relu`, NaN and signs of zeros.

use super::exact::{Format, Number, add, divide, multiply, negate, root};
use super::{Definition, Expected};

/// What a form does to numbers of one format.
#[derive(Clone, Debug)]
pub struct Form {
    pub base: String,
    pub words: Vec<String>,
    pub format: Format,
}

impl Form {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|it| it == word)
    }

    fn mode(&self) -> &str {
        self.words
            .iter()
            .map(String::as_str)
            .find(|it| ["rz", "rm", "rp"].contains(it))
            .unwrap_or("rn")
    }

    pub fn operands(&self) -> Option<usize> {
        Some(match self.base.as_str() {
            "add" | "sub" | "mul" | "div" | "min" | "max" | "copysign" => 2,
            "fma" | "mad" => 3,
            "neg" | "abs" | "sqrt" | "rcp" | "rsqrt" | "sin" | "cos" | "lg2" | "ex2" | "tanh" => 1,
            _ => return None,
        })
    }

    /// The result, of operands that are one element each.
    pub fn expected(&self, x: &[u64]) -> Expected {
        let f = self.format;
        let flushed = |bits: u64| if self.has("ftz") { f.flush(bits) } else { bits };
        let x: Vec<u64> = x.iter().map(|&bits| flushed(bits)).collect();
        let number = |i: usize| f.number(x[i]);
        if self.has("approx") || self.has("full") {
            return self.approximate(&x);
        }
        let mode = self.mode();
        let exact = match self.base.as_str() {
            "add" => add(number(0), number(1), mode),
            "sub" => add(number(0), negate(number(1)), mode),
            "mul" => multiply(number(0), number(1)),
            "fma" | "mad" => add(multiply(number(0), number(1)), number(2), mode),
            "div" => divide(number(0), number(1)),
            "rcp" => divide(f.number(f.round(super::exact::Exact::integer(1), "rn")), number(0)),
            "sqrt" => root(number(0)),
            "min" | "max" => return self.extreme(x[0], x[1]),
            "neg" | "abs" if f.is_nan(x[0]) => Number::Nan,
            "neg" => return Expected::Bits(x[0] ^ f.sign(true)),
            "abs" => return Expected::Bits(x[0] & !f.sign(true)),
            "copysign" if f.is_nan(x[1]) => Number::Nan,
            "copysign" => return Expected::Bits(x[1] & !f.sign(true) | x[0] & f.sign(true)),
            other => panic!("{other}"),
        };
        let bits = match exact {
            Number::Nan if self.has("sat") => return Expected::Bits(0),
            Number::Nan => return Expected::Nan(f),
            Number::Infinite(negative) => f.sign(negative) | f.infinity(),
            Number::Finite(exact) => flushed(f.round(exact, mode)),
        };
        let negative = bits & f.sign(true) != 0;
        let one = f.round(super::exact::Exact::integer(1), "rn");
        if self.has("sat") {
            return Expected::Bits(if negative { 0 } else { bits.min(one) });
        }
        if self.has("relu") && negative {
            return Expected::Zero(f);
        }
        Expected::Bits(bits)
    }

    fn extreme(&self, a: u64, b: u64) -> Expected {
        let f = self.format;
        let (mut a, mut b) = (a, b);
        let sign = if self.has("xorsign") { (a ^ b) & f.sign(true) } else { 0 };
        if self.has("abs") {
            (a, b) = (a & !f.sign(true), b & !f.sign(true));
        }
        let chosen = match (f.is_nan(a), f.is_nan(b)) {
            (true, true) => return Expected::Nan(f),
            (true, _) | (_, true) if self.has("NaN") => return Expected::Nan(f),
            (true, _) => b,
            (_, true) => a,
            _ => {
                // -0 is below +0.
                let order = |x: u64| {
                    if x & f.sign(true) != 0 { -1 - (x & !f.sign(true)) as i64 } else { x as i64 }
                };
                if (order(a) < order(b)) == (self.base == "min") { a } else { b }
            }
        };
        Expected::Bits(chosen | sign)
    }

    /// The manual's greatest errors, absolute and relative; where it has none, some ulp.
    fn approximate(&self, x: &[u64]) -> Expected {
        let f = self.format;
        let (a, b) = (value(f, x[0]), x.get(1).map_or(0.0, |&b| value(f, b)));
        let two = |n: f64| n.exp2();
        let ulp = two(1.0 - f64::from(f.precision));
        let (wanted, relative, absolute) = match (self.base.as_str(), f.bits, f.precision) {
            ("rcp", 64, _) => (1.0 / a, two(-19.0), 0.0),
            ("rsqrt", 64, _) => (1.0 / a.sqrt(), two(-19.0), 0.0),
            ("rcp", ..) => (1.0 / a, ulp, 0.0),
            ("sqrt", ..) => (a.sqrt(), ulp, 0.0),
            ("rsqrt", ..) => (1.0 / a.sqrt(), two(-22.9), 0.0),
            ("div", ..) => (a / b, 2.0 * ulp, 0.0),
            ("sin", ..) => (a.sin(), 0.0, two(-20.5)),
            ("cos", ..) => (a.cos(), 0.0, two(-20.5)),
            ("lg2", ..) => (a.log2(), two(-22.0), two(-22.0)),
            ("ex2", 32, _) => (a.exp2(), 2.0 * ulp, 0.0),
            ("ex2", _, 11) => (a.exp2(), two(-9.9), 0.0),
            ("ex2", ..) => (a.exp2(), two(-7.0), 0.0),
            ("tanh", 32, _) => (a.tanh(), two(-11.0), 0.0),
            ("tanh", _, 11) => (a.tanh(), 0.0, two(-10.987)),
            ("tanh", ..) => (a.tanh(), 0.0, two(-8.0)),
            (other, ..) => panic!("{other}"),
        };
        // Results that are subnormal have fewer bits, and may be flushed.
        let least = two(f64::from(f.least));
        Expected::Near(f, wanted, relative * wanted.abs() + absolute + least)
    }
}

/// A number of a format; all of them are numbers of double precision.
pub fn value(f: Format, bits: u64) -> f64 {
    match f.number(bits) {
        Number::Nan => f64::NAN,
        Number::Infinite(negative) => {
            if negative {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }
        }
        Number::Finite(x) => {
            let magnitude =
                x.m as f64 * f64::from(x.e.max(-600)).exp2() * f64::from((x.e + 600).min(0)).exp2();
            if x.negative { -magnitude } else { magnitude }
        }
    }
}

/// Numbers at the edges of a format: zeros, subnormals, ones, what rounds, large, infinite, NaN.
pub fn edges(f: Format) -> Vec<u64> {
    let fraction = f.precision as u32 - 1;
    let one = f.round(super::exact::Exact::integer(1), "rn");
    let infinity = f.infinity();
    let positive = [
        0,
        1,
        (1 << fraction) - 1,
        1 << fraction,
        one,
        one + 1,
        one - 1,
        one + (1 << (fraction - 1)),
        one + (3 << fraction) + 5,
        one - (4 << fraction) + (1 << (fraction - 2)) + 1,
        one + (u64::from(fraction) << fraction) + 3,
        infinity - 1,
        infinity,
        infinity | 1 << (fraction - 1),
    ];
    positive.into_iter().flat_map(|x| [x, x | f.sign(true)]).collect()
}

/// The definition of a form of one format, or of pairs of it.
pub fn definition(form: Form, name: &str) -> Option<Definition> {
    let count = form.operands()?;
    let f = form.format;
    let approximate = form.has("approx") || form.has("full");
    let list = if approximate { moderate(f, &form.base) } else { edges(f) };
    let some: Vec<u64> = list.iter().copied().step_by(if count == 3 { 2 } else { 1 }).collect();
    let lists = [list.clone(), some.clone(), some.into_iter().step_by(2).collect()];
    let pairs = name.ends_with("x2");
    let lists = lists[..count].iter().enumerate().map(|(i, list)| {
        // Another element in the upper half: one of the same list.
        let other = |k: usize| list[(k * 7 + 3 + i) % list.len()];
        let list = list.iter().enumerate();
        list.map(|(k, &x)| if pairs { x | other(k) << 16 } else { x }).collect()
    });
    let lists: Vec<Vec<u64>> = lists.collect();
    let expected = move |x: &[u64]| {
        if !pairs {
            return form.expected(x);
        }
        let half = |by: u32| form.expected(&x.iter().map(|x| x >> by & 0xffff).collect::<Vec<_>>());
        Expected::Pair(Box::new([half(0), half(16)]))
    };
    Some(Definition::new(name, &vec![name; count], lists, expected))
}

/// Where approximations have their stated errors.
fn moderate(f: Format, base: &str) -> Vec<u64> {
    let (from, to) = match base {
        "sin" | "cos" => (-3.0, 3.0),
        "ex2" | "tanh" => (-8.0, 8.0),
        _ => (0.02, 400.0),
    };
    let steps = 48;
    let all = (0..steps).map(|i| from + (to - from) * f64::from(i) / f64::from(steps - 1) + 1e-4);
    all.map(|x| match super::exact::F64.number(x.to_bits()) {
        Number::Finite(exact) => f.round(exact, "rn"),
        other => panic!("{other:?}"),
    })
    .collect()
}
