//! What device code calls of the driver: `vprintf` and `__assertfail` (CUDA C++ Programming Guide, "Formatted Output").

use super::super::context::Context;
use super::super::error::Fault;
use super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::level::{Run, body};
use crate::memory::{LOCAL_BASE, SHARED_BASE, Space};
use std::fmt::Write;

/// Longest text that is read from memory.
const LONGEST: u64 = 4096;

/// Reads bytes at a generic address; `None` outside of memory.
fn read(cx: &Context<'_>, lane: usize, address: u64, out: &mut [u8]) -> Option<()> {
    let len = out.len() as u64;
    let inside = |offset: u64, limit: u64| offset <= limit && limit - offset >= len;
    let from = match Space::of(address) {
        Space::Local => {
            let offset = address - LOCAL_BASE;
            let limit = u64::from(cx.local_len);
            if !inside(offset, limit) {
                return None;
            }
            // SAFETY: within the lane's local memory, just checked.
            unsafe { cx.local.add(lane * limit as usize + offset as usize) }
        }
        Space::Shared => {
            let offset = address - SHARED_BASE;
            if !inside(offset, cx.shared_len.into()) {
                return None;
            }
            // SAFETY: within the block's shared memory, just checked.
            unsafe { cx.shared.add(offset as usize) }
        }
        _ => {
            let region = cx.regions.find_range(address, len)?;
            region.read(address - region.base(), out);
            return Some(());
        }
    };
    // SAFETY: as above; `out` is memory of the host's own.
    unsafe { std::ptr::copy_nonoverlapping(from, out.as_mut_ptr(), out.len()) };
    Some(())
}

fn read_u64(cx: &Context<'_>, lane: usize, address: u64, size: usize) -> Option<u64> {
    let mut bytes = [0; 8];
    read(cx, lane, address, &mut bytes[..size])?;
    Some(u64::from_le_bytes(bytes))
}

/// Reads a text that ends with 0.
fn read_text(cx: &Context<'_>, lane: usize, address: u64) -> Option<String> {
    let mut bytes = Vec::new();
    for i in 0..LONGEST {
        let mut byte = [0];
        read(cx, lane, address.checked_add(i)?, &mut byte)?;
        if byte[0] == 0 {
            break;
        }
        bytes.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// One conversion specification of a format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    long: bool,
}

/// Where the next argument is: each at a multiple of its size.
fn argument(at: &mut u64, size: u64) -> u64 {
    let place = at.next_multiple_of(size);
    *at = place + size;
    place
}

/// Formats like C's `printf`; `get` reads an argument's bytes at an offset, `text` a string. Returns the text and the number of
/// arguments; `None` where an argument cannot be read.
fn format(
    format: &str,
    get: impl Fn(u64, usize) -> Option<u64>,
    text: impl Fn(u64) -> Option<String>,
) -> Option<(String, u32)> {
    let mut out = String::new();
    let mut at = 0;
    let mut count = 0;
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(&flag) = chars.peek() {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                _ => break,
            }
            chars.next();
        }
        let mut digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if chars.peek() == Some(&'*') {
                chars.next();
                count += 1;
                return get(argument(&mut at, 4), 4).map(|n| (n as usize).min(LONGEST as usize));
            }
            let mut n = 0_usize;
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                n = (n * 10 + digit as usize).min(LONGEST as usize);
                chars.next();
            }
            Some(n)
        };
        spec.width = digits(&mut chars)?;
        if chars.peek() == Some(&'.') {
            chars.next();
            spec.precision = Some(digits(&mut chars)?);
        }
        while let Some(&length) = chars.peek() {
            match length {
                'l' | 'j' | 'z' | 't' => spec.long = true,
                'h' | 'L' => {}
                _ => break,
            }
            chars.next();
        }
        let Some(kind) = chars.next() else { break };
        if kind == '%' {
            out.push('%');
            continue;
        }
        count += 1;
        let size = if spec.long || "fFeEgGaAsp".contains(kind) { 8 } else { 4 };
        let bits = get(argument(&mut at, size as u64), size)?;
        let body = match kind {
            'd' | 'i' => {
                let value = if spec.long { bits as i64 } else { i64::from(bits as i32) };
                signed(spec, value)
            }
            'u' => precise(spec, bits.to_string()),
            'o' => precise(spec, format!("{bits:o}")),
            'x' => prefixed(spec, "0x", bits, format!("{bits:x}")),
            'X' => prefixed(spec, "0X", bits, format!("{bits:X}")),
            'p' => format!("0x{bits:x}"),
            'c' => char::from(bits as u8).to_string(),
            's' => {
                let text = text(bits)?;
                match spec.precision {
                    Some(n) => text.chars().take(n).collect(),
                    None => text,
                }
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' | 'a' | 'A' => {
                float(spec, kind, f64::from_bits(bits))
            }
            other => format!("%{other}"),
        };
        pad(&mut out, spec, kind, &body);
    }
    Some((out, count))
}

fn pad(out: &mut String, spec: Spec, kind: char, body: &str) {
    let missing = spec.width.saturating_sub(body.chars().count());
    let number =
        !"cs".contains(kind) && !body.ends_with(['f', 'n', 'F', 'N']) || "xX".contains(kind);
    if spec.left {
        out.push_str(body);
        out.extend(std::iter::repeat_n(' ', missing));
    } else if spec.zero && number && (spec.precision.is_none() || "fFeEgG".contains(kind)) {
        let sign = body.starts_with(['-', '+', ' ']).into();
        out.push_str(&body[..sign]);
        out.extend(std::iter::repeat_n('0', missing));
        out.push_str(&body[sign..]);
    } else {
        out.extend(std::iter::repeat_n(' ', missing));
        out.push_str(body);
    }
}

fn precise(spec: Spec, digits: String) -> String {
    let missing = spec.precision.unwrap_or(1).saturating_sub(digits.len());
    "0".repeat(missing) + &digits
}

fn prefixed(spec: Spec, prefix: &str, bits: u64, digits: String) -> String {
    let digits = precise(spec, digits);
    if spec.alternate && bits != 0 { format!("{prefix}{digits}") } else { digits }
}

fn sign(spec: Spec, negative: bool) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, _, _) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    }
}

fn signed(spec: Spec, value: i64) -> String {
    sign(spec, value < 0).to_owned() + &precise(spec, value.unsigned_abs().to_string())
}

fn exponent(value: f64, precision: usize, upper: bool) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    let letter = if upper { 'E' } else { 'e' };
    format!("{mantissa}{letter}{sign}{:02}", power.abs())
}

fn float(spec: Spec, kind: char, value: f64) -> String {
    let sign = sign(spec, value.is_sign_negative() && !value.is_nan());
    let magnitude = value.abs();
    let upper = kind.is_ascii_uppercase();
    if !magnitude.is_finite() {
        let name = if magnitude.is_nan() { "nan" } else { "inf" };
        return sign.to_owned() + &if upper { name.to_uppercase() } else { name.to_owned() };
    }
    let precision = spec.precision.unwrap_or(6);
    let body = match kind {
        'f' | 'F' => format!("{magnitude:.precision$}"),
        'e' | 'E' => exponent(magnitude, precision, upper),
        'a' | 'A' => hexadecimal(magnitude, upper),
        _ => {
            let precision = precision.max(1);
            let text = exponent(magnitude, precision - 1, upper);
            let power = text.split(['e', 'E']).nth(1).and_then(|p| p.parse::<i32>().ok());
            let power = power.unwrap_or(0);
            let text = if power < -4 || power >= precision as i32 {
                text
            } else {
                let digits = (precision as i32 - 1 - power).max(0) as usize;
                format!("{magnitude:.digits$}")
            };
            if spec.alternate { text } else { trimmed(&text) }
        }
    };
    sign.to_owned() + &body
}

/// Without the zeros at the end of the fraction.
fn trimmed(text: &str) -> String {
    let at = text.find(['e', 'E']).unwrap_or(text.len());
    let (number, power) = text.split_at(at);
    if !number.contains('.') {
        return text.to_owned();
    }
    number.trim_end_matches('0').trim_end_matches('.').to_owned() + power
}

fn hexadecimal(value: f64, upper: bool) -> String {
    let bits = value.to_bits();
    let (fraction, biased) = (bits & ((1 << 52) - 1), (bits >> 52) as i32);
    let (lead, power) = match (biased, fraction) {
        (0, 0) => (0, 0),
        (0, _) => (0, -1022),
        _ => (1, biased - 1023),
    };
    let mut digits = String::new();
    // Writing to a string cannot fail.
    let _ = write!(digits, "{fraction:013x}");
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    let text = format!("0x{lead}{point}{digits}p{power:+}");
    if upper { text.to_uppercase() } else { text }
}

struct Print;

impl Run for Print {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of 64 bits for `a` and `b`, of 32 for `d`.
        unsafe { print(cx, ins, mask) }
    }
}

/// # Safety
/// `a` and `b` must be rows of 64 bits, `d` one of 32.
#[inline(never)]
unsafe fn print(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
    // SAFETY: the caller's promise.
    let (formats, buffers) = unsafe { (cx.read::<u64>(ins.a), cx.read::<u64>(ins.b)) };
    let mut counts = [0; LANES];
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        let text = read_text(cx, lane, formats[lane]);
        let get = |offset, size| read_u64(cx, lane, buffers[lane].wrapping_add(offset), size);
        let done = text.and_then(|text| format(&text, get, |at| read_text(cx, lane, at)));
        match done {
            Some((text, count)) => {
                (cx.host.print)(&text);
                counts[lane] = count;
            }
            None => {
                let why = "printf: a format or argument lies outside of memory";
                return cx.fail(lane as u32, Fault::Misuse(why));
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { cx.write(ins.d, &counts, mask) };
    Flow::Next
}

/// `vprintf`: `a` the formats, `b` the arguments' buffers, `d` the numbers of arguments.
pub(crate) fn vprintf() -> Body {
    body::<Print>()
}

struct Assert;

impl Run for Assert {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of 64 bits for `a`, `b` and `d`, of 32 for `c`.
        unsafe { assertion(cx, ins, mask) }
    }
}

/// # Safety
/// `a`, `b` and `d` must be rows of 64 bits, `c` one of 32.
#[inline(never)]
unsafe fn assertion(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
    if mask == 0 {
        return Flow::Next;
    }
    let lane = mask.trailing_zeros() as usize;
    // SAFETY: the caller's promise.
    let (message, file, line, function) = unsafe {
        (
            cx.read::<u64>(ins.a)[lane],
            cx.read::<u64>(ins.b)[lane],
            cx.read::<u32>(ins.c)[lane],
            cx.read::<u64>(ins.d)[lane],
        )
    };
    let text = |at| read_text(cx, lane, at).unwrap_or_default();
    let fault = Fault::Assertion {
        message: text(message),
        file: text(file),
        line,
        function: text(function),
    };
    cx.fail(lane as u32, fault)
}

/// `__assertfail`: `a` the message, `b` the file, `c` the line, `d` the function.
pub(crate) fn assertfail() -> Body {
    body::<Assert>()
}

#[cfg(test)]
mod tests {
    use super::format;

    fn of(text: &str, arguments: &[u64]) -> String {
        // Every argument at a multiple of eight.
        let get = |at: u64, size: usize| {
            let all = arguments.get(at as usize / 8)? >> (at % 8 * 8);
            Some(if size == 4 { all & 0xffff_ffff } else { all })
        };
        format(text, get, |_| Some("text".to_owned())).unwrap().0
    }

    #[test]
    fn formats_like_c() {
        assert_eq!(of("%d|", &[u64::from(-5_i32 as u32)]), "-5|");
        assert_eq!(of("%5d|", &[42]), "   42|");
        assert_eq!(of("%-5d|", &[42]), "42   |");
        assert_eq!(of("%05d|", &[u64::from(-42_i32 as u32)]), "-0042|");
        assert_eq!(of("%+d %%", &[1]), "+1 %");
        assert_eq!(of("%.3d", &[7]), "007");
        assert_eq!(of("%#x %X", &[255 | 255 << 32]), "0xff FF");
        assert_eq!(of("%lld", &[-1_i64 as u64]), "-1");
        assert_eq!(of("%f", &[1.5_f64.to_bits()]), "1.500000");
        assert_eq!(of("%8.2f|", &[(-1.5_f64).to_bits()]), "   -1.50|");
        assert_eq!(of("%e", &[12345.678_f64.to_bits()]), "1.234568e+04");
        assert_eq!(of("%g", &[0.0001_f64.to_bits()]), "0.0001");
        assert_eq!(of("%g", &[1e-5_f64.to_bits()]), "1e-05");
        assert_eq!(of("%g", &[1e6_f64.to_bits()]), "1e+06");
        assert_eq!(of("%g", &[123456_f64.to_bits()]), "123456");
        assert_eq!(of("%f", &[f64::INFINITY.to_bits()]), "inf");
        assert_eq!(of("%a", &[1.5_f64.to_bits()]), "0x1.8p+0");
        assert_eq!(of("%s|%6s|%-6s|%.2s", &[0, 0, 0, 0]), "text|  text|text  |te");
        assert_eq!(of("%c", &[65]), "A");
        assert_eq!(of("%", &[]), "");
    }
}
