//! Conversions that have bodies of their own.

use super::exact::{Exact, Number};
use super::{Definition, Expected, float, format, integer};

/// What a number becomes as a type.
fn one(to: &str, from: &str, words: &[&str], x: u64) -> Expected {
    let has = |word: &str| words.contains(&word);
    let mode = if has("rz") { "rz" } else { "rn" };
    let Some(source) = format(from) else {
        let value = integer::int(from, x);
        return match format(to) {
            Some(target) => Expected::Bits(target.round(Exact::integer(value), mode)),
            None => Expected::Bits(integer::cut(to, value)),
        };
    };
    let x = if has("ftz") { source.flush(x) } else { x };
    let Some(target) = format(to) else {
        // Towards zero, as far as the type goes; NaN is 0.
        let (low, high) = integer::range(to);
        let value = float::value(source, x);
        let value = if value.is_nan() { 0 } else { (value as i128).clamp(low, high) };
        return Expected::Bits(integer::cut(to, value));
    };
    let bits = match source.number(x) {
        Number::Nan if has("sat") => return Expected::Bits(0),
        Number::Nan => return Expected::Nan(target),
        Number::Infinite(negative) => target.sign(negative) | target.infinity(),
        Number::Finite(exact) => target.round(exact, mode),
    };
    let negative = bits & target.sign(true) != 0;
    if has("sat") {
        return Expected::Bits(if negative {
            0
        } else {
            bits.min(target.round(Exact::integer(1), "rn"))
        });
    }
    if has("relu") && negative {
        return Expected::Zero(target);
    }
    Expected::Bits(bits)
}

/// `cvt` with these words.
pub fn definition(words: &[&str]) -> Option<Definition> {
    let words: Vec<String> = words.iter().map(|&it| it.to_owned()).collect();
    let borrowed: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["cvt", "pack", "sat", to, "s32", rest @ ..] = &borrowed[..] {
        let (to, width) = ((*to).to_owned(), integer::width(to));
        let three = !rest.is_empty();
        let mut lists = vec![integer::edges("s32"); 2];
        if three {
            lists.push(vec![0, 0x1234_abcd, 0xffff_ffff]);
        }
        let operands = if three { vec!["s32", "s32", "b32"] } else { vec!["s32"; 2] };
        return Some(Definition::new("b32", &operands, lists, move |x| {
            let (low, high) = integer::range(&to);
            let clamped = |x: u64| integer::cut(&to, integer::int("s32", x).clamp(low, high));
            let above = x.get(2).map_or(0, |c| c << (2 * width));
            Expected::Bits((above | clamped(x[0]) << width | clamped(x[1])) & 0xffff_ffff)
        }));
    }
    let [.., to, from] = borrowed[..] else { return None };
    let (to, from) = (to.to_owned(), from.to_owned());
    let list = format(&from).map_or_else(|| integer::edges(&from), float::edges);
    let source = from.clone();
    let all = words.clone();
    if let Some(element) = to.strip_suffix("x2").map(str::to_owned) {
        // The first operand goes to the upper half.
        return Some(Definition::new(
            "b32",
            &[&source, &source],
            vec![list.clone(), list],
            move |x| {
                let words: Vec<&str> = all.iter().map(String::as_str).collect();
                Expected::Pair(Box::new([1, 0].map(|i| one(&element, &from, &words, x[i]))))
            },
        ));
    }
    let result = to.clone();
    Some(Definition::new(&result, &[&source], vec![list], move |x| {
        let words: Vec<&str> = all.iter().map(String::as_str).collect();
        one(&to, &from, &words, x[0])
    }))
}
