//! Integer forms, bits and shifts.

use super::{Definition, Expected};
use crate::harness::{EDGES16, EDGES32, EDGES64, floats};

/// Bits of a type.
pub fn width(ty: &str) -> u32 {
    ty.trim_start_matches(|c: char| c.is_alphabetic()).parse().unwrap_or_else(|_| panic!("{ty}"))
}

fn signed(ty: &str) -> bool {
    ty.starts_with('s')
}

/// The number that bits of a type are.
pub fn int(ty: &str, bits: u64) -> i128 {
    let width = width(ty);
    let value = i128::from(bits) & ((1 << width) - 1);
    if signed(ty) && value >> (width - 1) != 0 { value - (1 << width) } else { value }
}

/// The bits of a number, cut to a type.
pub fn cut(ty: &str, value: i128) -> u64 {
    (value & ((1 << width(ty)) - 1)) as u64
}

/// The least and the greatest number of a type.
pub fn range(ty: &str) -> (i128, i128) {
    let half = 1 << (width(ty) - 1);
    if signed(ty) { (-half, half - 1) } else { (0, 2 * half - 1) }
}

pub fn edges(ty: &str) -> Vec<u64> {
    match width(ty) {
        16 => EDGES16.to_vec(),
        32 => EDGES32.to_vec(),
        _ => EDGES64.to_vec(),
    }
}

/// Numbers that are places, lengths and shifts.
fn places() -> Vec<u64> {
    vec![0, 1, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256 + 4, 0xffff_ffff]
}

fn some(list: &[u64]) -> Vec<u64> {
    list.iter().copied().step_by(3).collect()
}

/// A definition over operands of one type.
fn alike(ty: &str, count: usize, f: impl Fn(&[i128]) -> i128 + 'static) -> Option<Definition> {
    let all = edges(ty);
    let lists = [all.clone(), all.clone(), some(&all)];
    mixed(ty, &vec![ty; count], lists[..count].to_vec(), f)
}

fn mixed(
    result: &str,
    operands: &[&str],
    lists: Vec<Vec<u64>>,
    f: impl Fn(&[i128]) -> i128 + 'static,
) -> Option<Definition> {
    let types: Vec<String> = operands.iter().map(|&it| it.to_owned()).collect();
    let to = result.to_owned();
    Some(Definition::new(result, operands, lists, move |x| {
        let values: Vec<i128> = types.iter().zip(x).map(|(ty, &x)| int(ty, x)).collect();
        Expected::Bits(cut(&to, f(&values)))
    }))
}

/// Of the halves of words.
fn pairs(ty: &str, f: impl Fn(i128, i128) -> i128 + 'static) -> Option<Definition> {
    let element = ty.trim_end_matches("x2").to_owned();
    let list: Vec<u64> = EDGES16
        .iter()
        .enumerate()
        .map(|(i, &x)| x | EDGES16[(5 * i + 2) % EDGES16.len()] << 16)
        .collect();
    Some(Definition::new("b32", &["b32", "b32"], vec![list.clone(), list], move |x| {
        let half = |by: u32| {
            Expected::Bits(cut(&element, f(int(&element, x[0] >> by), int(&element, x[1] >> by))))
        };
        Expected::Pair(Box::new([half(0), half(16)]))
    }))
}

/// Instructions on integers with these words; none if it is none of them.
pub fn definition(words: &[&str]) -> Option<Definition> {
    let ty = words.last()?.to_string();
    let ty = ty.as_str();
    let owned = ty.to_owned();
    if ty.ends_with("x2") {
        return match words[0] {
            "add" => pairs(ty, |a, b| a + b),
            "min" => pairs(ty, i128::min),
            "max" => pairs(ty, i128::max),
            _ => None,
        };
    }
    let twice = || format!("{}{}", &ty[..1], 2 * width(ty));
    match words {
        ["add", _] => alike(ty, 2, |x| x[0] + x[1]),
        ["sub", _] => alike(ty, 2, |x| x[0] - x[1]),
        ["add" | "sub", "sat", _] => {
            let sign = if words[0] == "add" { 1 } else { -1 };
            alike(ty, 2, move |x| {
                let (low, high) = range(&owned);
                (x[0] + sign * x[1]).clamp(low, high)
            })
        }
        ["mul", "lo", _] => alike(ty, 2, |x| x[0].wrapping_mul(x[1])),
        ["mul", "hi", _] => alike(ty, 2, move |x| high(&owned, x[0], x[1])),
        ["mad", "lo", _] => alike(ty, 3, |x| x[0].wrapping_mul(x[1]).wrapping_add(x[2])),
        ["mad", "hi", _] => alike(ty, 3, move |x| high(&owned, x[0], x[1]) + x[2]),
        ["mad", "hi", "sat", _] => alike(ty, 3, move |x| {
            let (low, most) = range(&owned);
            (high(&owned, x[0], x[1]) + x[2]).clamp(low, most)
        }),
        ["mul", "wide", _] => mixed(&twice(), &[ty, ty], vec![edges(ty); 2], |x| x[0] * x[1]),
        ["mad", "wide", _] => {
            let wide = twice();
            let lists = vec![edges(ty), edges(ty), some(&edges(&wide))];
            mixed(&wide, &[ty, ty, &wide], lists, |x| x[0] * x[1] + x[2])
        }
        ["mul24" | "mad24", part, rest @ ..] => {
            let shift = if *part == "hi" { 16 } else { 0 };
            let (saturates, count) = (rest.len() == 2, if words[0] == "mad24" { 3 } else { 2 });
            alike(ty, count, move |x| {
                let low = |x: i128| if signed(&owned) { (x << 104) >> 104 } else { x & 0xff_ffff };
                let product = int(&owned, cut(&owned, (low(x[0]) * low(x[1])) >> shift));
                let sum = product + x.get(2).unwrap_or(&0);
                let (least, most) = range(&owned);
                if saturates { sum.clamp(least, most) } else { sum }
            })
        }
        ["sad", _] => alike(ty, 3, |x| (x[0] - x[1]).abs() + x[2]),
        // By zero, the hardware gives all ones, and the dividend as the remainder.
        ["div", _] => alike(ty, 2, |x| if x[1] == 0 { -1 } else { x[0] / x[1] }),
        ["rem", _] => alike(ty, 2, |x| if x[1] == 0 { x[0] } else { x[0] % x[1] }),
        ["abs", _] => alike(ty, 1, |x| x[0].abs()),
        ["neg", _] => alike(ty, 1, |x| -x[0]),
        ["min", _] => alike(ty, 2, |x| x[0].min(x[1])),
        ["max", _] => alike(ty, 2, |x| x[0].max(x[1])),
        ["min", "relu", _] => alike(ty, 2, |x| x[0].min(x[1]).max(0)),
        ["max", "relu", _] => alike(ty, 2, |x| x[0].max(x[1]).max(0)),
        ["and", _] => alike(ty, 2, |x| x[0] & x[1]),
        ["or", _] => alike(ty, 2, |x| x[0] | x[1]),
        ["xor", _] => alike(ty, 2, |x| x[0] ^ x[1]),
        ["not", _] => alike(ty, 1, |x| !x[0]),
        ["cnot", _] => alike(ty, 1, |x| (x[0] == 0).into()),
        ["shl", _] => mixed(ty, &[ty, "u32"], vec![edges(ty), places()], move |x| {
            if x[1] >= width(&owned).into() { 0 } else { x[0] << x[1] }
        }),
        // What is shifted in is the sign's bit, or zero; `.b` has no sign.
        ["shr", _] => mixed(ty, &[ty, "u32"], vec![edges(ty), places()], |x| x[0] >> x[1].min(100)),
        ["popc", _] => mixed("u32", &[ty], vec![edges(ty)], |x| x[0].count_ones().into()),
        ["clz", _] => mixed("u32", &[ty], vec![edges(ty)], move |x| {
            i128::from(x[0].leading_zeros()) - 128 + i128::from(width(&owned))
        }),
        ["brev", _] => {
            alike(ty, 1, move |x| ((x[0] as u128).reverse_bits() >> (128 - width(&owned))) as i128)
        }
        ["bfind", rest @ ..] => {
            let amount = rest.len() == 2;
            mixed("u32", &[ty], vec![edges(ty)], move |x| {
                // The highest bit that is not the sign.
                let bits = if x[0] < 0 { !x[0] } else { x[0] };
                match (bits, amount) {
                    (0, _) => -1,
                    (_, false) => 127 - i128::from(bits.leading_zeros()),
                    (_, true) => i128::from(width(&owned)) - 128 + i128::from(bits.leading_zeros()),
                }
            })
        }
        ["bfe", _] => {
            mixed(ty, &[ty, "u32", "u32"], vec![edges(ty), places(), places()], move |x| {
                let (at, len, top) = (x[1] & 255, x[2] & 255, i128::from(width(&owned)) - 1);
                let bit = |i: i128| x[0] >> i & 1;
                let fill =
                    if !signed(&owned) || len == 0 { 0 } else { bit((at + len - 1).min(top)) };
                let pick = |i: i128| if i < len && at + i <= top { bit(at + i) } else { fill };
                (0..=top).map(|i| pick(i) << i).sum()
            })
        }
        ["bfi", _] => {
            let lists = vec![edges(ty), some(&edges(ty)), places(), places()];
            mixed(ty, &[ty, ty, "u32", "u32"], lists, move |x| {
                let (at, len, width) = (x[2] & 255, x[3] & 255, i128::from(width(&owned)));
                let taken = (0..len).take_while(|i| at + i < width);
                taken.fold(x[1], |field, i| field & !(1 << (at + i)) | (x[0] >> i & 1) << (at + i))
            })
        }
        ["bmsk", how, _] => {
            let wraps = *how == "wrap";
            mixed(ty, &["u32", "u32"], vec![places(), places()], move |x| {
                let (at, len) =
                    if wraps { (x[0] & 31, x[1] & 31) } else { (x[0].min(32), x[1].min(32)) };
                ((1 << len) - 1) << at
            })
        }
        ["szext", how, _] => {
            let wraps = *how == "wrap";
            mixed(ty, &[ty, "u32"], vec![edges(ty), places()], move |x| {
                let len = if wraps { x[1] & 31 } else { x[1].min(32) };
                let low = x[0] & ((1 << len) - 1);
                let negative = signed(&owned) && len > 0 && low >> (len - 1) & 1 == 1;
                if negative { low - (1 << len) } else { low }
            })
        }
        ["shf", way, how, _] => {
            let (left, wraps) = (*way == "l", *how == "wrap");
            mixed(
                ty,
                &["u32", "u32", "u32"],
                vec![edges("u32"), edges("u32"), places()],
                move |x| {
                    let n = if wraps { x[2] & 31 } else { x[2].min(32) };
                    let both = x[1] << 32 | x[0];
                    if left { both << n >> 32 } else { both >> n }
                },
            )
        }
        ["dp4a", a, b] => dot([a, b].map(|it| it.to_string()), 8, 0),
        ["dp2a", half, a, b] => {
            dot([a, b].map(|it| it.to_string()), 16, if *half == "hi" { 2 } else { 0 })
        }
        ["slct", .., d, of] => {
            let result = d.replace(['f', 's'], "b");
            let ftz = words.contains(&"ftz");
            let by_float = *of == "f32";
            let third = if by_float { floats() } else { EDGES32.to_vec() };
            mixed(&result, &[&result, &result, "u32"], vec![vec![7], vec![9], third], move |x| {
                let number = f32::from_bits(x[2] as u32);
                let number = if ftz && number.is_subnormal() { 0.0 } else { number };
                let first = if by_float { number >= 0.0 } else { (x[2] as u32 as i32) >= 0 };
                if first { x[0] } else { x[1] }
            })
        }
        _ => None,
    }
}

/// The upper half of a product.
fn high(ty: &str, a: i128, b: i128) -> i128 {
    if width(ty) == 64 && !signed(ty) {
        ((a as u128 * b as u128) >> 64) as i128
    } else {
        (a * b) >> width(ty)
    }
}

/// Products of parts of `a` with bytes of `b`, summed up.
fn dot([a, b]: [String; 2], bits: u32, first: u32) -> Option<Definition> {
    let part = move |x: i128, ty: &str, bits: u32, i: u32| {
        int(&format!("{}{bits}", &ty[..1]), (x >> (bits * i)) as u64)
    };
    let lists = vec![edges("u32"), edges("u32"), vec![0, 5, 0x8000_0000]];
    mixed("u32", &["u32"; 3], lists, move |x| {
        (0..32 / bits).map(|i| part(x[0], &a, bits, i) * part(x[1], &b, 8, i + first)).sum::<i128>()
            + x[2]
    })
}
