//! Arguments of kernels, as they are spelt on the command line.

mod element;
mod npy;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Error, Result};
pub use element::Element;
pub use npy::write as npy;

/// What a buffer holds at first.
#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    /// A pattern that is not likely to be a result.
    Poison,
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
    /// 0, 1, 2, ...
    Iota,
    /// Random numbers from a seed: floats in -1 .. 1, all bits of integers.
    Random(u64),
    /// Random whole numbers below this.
    Below(u64),
    /// One value.
    Value(Vec<u8>),
    /// A file.
    File(PathBuf),
}

/// An argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// By value.
    Scalar(Vec<u8>),
    /// A pointer to a buffer of so many elements; as many as the file has where there is no count.
    Buffer {
        /// Their type.
        element: Element,
        /// How many.
        count: Option<u64>,
        /// What they hold.
        fill: Fill,
        /// Whether to show it afterwards.
        out: bool,
    },
    /// A null pointer.
    Null,
}

/// How arguments are spelt, for messages.
pub const SPELLING: &str = "\
TYPE:VALUE (i32:5, u64:0xff, f32:1.5), bytes:HEX, null, buf:TYPE:COUNT:FILL or out:TYPE:COUNT[:FILL], where FILL is zeros, ones, iota, \
random[=SEED], below=N, value=V or a .npy or raw file, and COUNT a number (4096, 64K, 1M, 512x512) or, with a file, *";

impl FromStr for Spec {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "null" {
            return Ok(Self::Null);
        }
        let (head, rest) =
            text.split_once(':').ok_or(format!("`{text}` is no argument: {SPELLING}"))?;
        match head {
            "bytes" => hexadecimal(rest).map(Self::Scalar),
            "buf" | "out" => buffer(rest, head == "out"),
            _ => match head.parse::<Element>() {
                Ok(element) => element.parse(rest).map(Self::Scalar),
                Err(_) => Err(format!("`{text}` is no argument: {SPELLING}")),
            },
        }
    }
}

fn hexadecimal(text: &str) -> std::result::Result<Vec<u8>, String> {
    let digits: Vec<char> = text.chars().collect();
    if !digits.len().is_multiple_of(2) {
        return Err(format!("`bytes:{text}` has an odd number of digits"));
    }
    let pairs =
        digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16));
    pairs.collect::<std::result::Result<_, _>>().map_err(|why| format!("`bytes:{text}`: {why}"))
}

fn buffer(text: &str, out: bool) -> std::result::Result<Spec, String> {
    let mut parts = text.splitn(3, ':');
    let element: Element = parts.next().unwrap_or("").parse()?;
    let count = parts.next().ok_or("a buffer needs a count: buf:TYPE:COUNT:FILL")?;
    let fill = match (parts.next(), out) {
        (Some(fill), _) => fill_of(fill, element)?,
        (None, true) => Fill::Poison,
        (None, false) => {
            return Err(
                "a buffer needs what it holds: buf:TYPE:COUNT:FILL (out: needs none)".to_owned()
            );
        }
    };
    let count = match (count, &fill) {
        ("*", Fill::File(_)) => None,
        ("*", _) => return Err("a count of * needs a file".to_owned()),
        (count, _) => Some(count_of(count)?),
    };
    Ok(Spec::Buffer { element, count, fill, out })
}

/// A number of elements: `512x512`, `64K`.
fn count_of(text: &str) -> std::result::Result<u64, String> {
    let wrong = || format!("`{text}` is no count: a number (4096, 64K, 1M, 512x512)");
    text.split('x').try_fold(1_u64, |product, part| {
        let (digits, unit) = match part.strip_suffix(['K', 'k']) {
            Some(digits) => (digits, 1 << 10),
            None => match part.strip_suffix('M') {
                Some(digits) => (digits, 1 << 20),
                None => (part, 1),
            },
        };
        let n: u64 = digits.parse().map_err(|_| wrong())?;
        n.checked_mul(unit).and_then(|n| product.checked_mul(n)).ok_or_else(wrong)
    })
}

fn fill_of(text: &str, element: Element) -> std::result::Result<Fill, String> {
    let number = |text: &str, what: &str| {
        text.parse::<u64>().map_err(|why| format!("`{what}={text}`: {why}"))
    };
    Ok(match text.split_once('=') {
        Some(("random", seed)) => Fill::Random(number(seed, "random")?),
        Some(("below", n)) => match number(n, "below")? {
            0 => return Err("nothing is below 0: below=N with N from 1".to_owned()),
            n => Fill::Below(n),
        },
        Some(("value", value)) => Fill::Value(element.parse(value)?),
        _ => match text {
            "zeros" => Fill::Zeros,
            "ones" => Fill::Ones,
            "iota" => Fill::Iota,
            "random" => Fill::Random(0),
            "" => return Err("a buffer needs what it holds: buf:TYPE:COUNT:FILL".to_owned()),
            // A word that is no file is more likely a slip than a file that is missing.
            _ if !text.contains(['.', '/']) && !Path::new(text).exists() => {
                return Err(format!(
                    "`{text}` is neither a file nor zeros, ones, iota, random, below=N, value=V"
                ));
            }
            _ => Fill::File(text.into()),
        },
    })
}

/// splitmix64
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Fill {
    /// The bytes of `count` elements; of a file's, as many as it has, where there is no count. No more than `most` bytes.
    pub fn bytes(&self, element: Element, count: Option<u64>, most: u64) -> Result<Vec<u8>> {
        let size = element.size();
        if let Self::File(path) = self {
            return file(path, element, count);
        }
        let count = count.unwrap_or(0);
        let len = count.checked_mul(size as u64).filter(|&len| len <= most).ok_or_else(|| {
            Error::Usage(format!(
                "a buffer of {count} {element}s does not fit into {most} bytes of device memory (--memory)"
            ))
        })? as usize;
        let repeat = |bytes: &[u8]| bytes.iter().copied().cycle().take(len).collect();
        Ok(match self {
            Self::Poison => vec![0xcb; len],
            Self::Zeros => vec![0; len],
            Self::Ones => repeat(&element.bytes(1.0)),
            Self::Value(value) => repeat(value),
            Self::Iota => (0..count).flat_map(|i| element.bytes(i as f64)).collect(),
            Self::Random(seed) => {
                let mut state = *seed;
                let mut one = || {
                    let bits = next(&mut state);
                    if element.is_float() {
                        element.bytes((bits >> 40) as f64 / f64::from(1 << 23) - 1.0)
                    } else {
                        bits.to_le_bytes()[..size].to_vec()
                    }
                };
                (0..count).flat_map(|_| one()).collect()
            }
            Self::Below(n) => {
                let mut state = 0;
                let mut one = || {
                    let value = next(&mut state) % n;
                    if element.is_float() {
                        element.bytes(value as f64)
                    } else {
                        value.to_le_bytes()[..size].to_vec()
                    }
                };
                (0..count).flat_map(|_| one()).collect()
            }
            Self::File(_) => Vec::new(),
        })
    }
}

fn file(path: &Path, element: Element, count: Option<u64>) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    let wrong = |what: String| Error::Usage(format!("{}: {what}", path.display()));
    let data = if path.extension().is_some_and(|it| it == "npy") {
        let (found, data) = npy::read(&bytes).map_err(wrong)?;
        if found != element {
            return Err(wrong(format!("holds {found}, the argument says {element}")));
        }
        data.to_vec()
    } else {
        bytes
    };
    let (size, len) = (element.size() as u64, data.len() as u64);
    match count {
        None if len % size != 0 => {
            Err(wrong(format!("has {len} bytes, which are no whole number of {element}s")))
        }
        Some(count) if count.checked_mul(size) != Some(len) => {
            Err(wrong(format!("has {len} bytes; {count} {element}s were asked for (* takes all)")))
        }
        _ => Ok(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let scalar = |text: &str| text.parse::<Spec>();
        assert_eq!(scalar("i32:-5"), Ok(Spec::Scalar((-5_i32).to_le_bytes().to_vec())));
        assert_eq!(scalar("f32:1.5"), Ok(Spec::Scalar(1.5_f32.to_le_bytes().to_vec())));
        assert_eq!(scalar("bytes:00ff10"), Ok(Spec::Scalar(vec![0, 255, 16])));
        assert_eq!(scalar("null"), Ok(Spec::Null));
        assert_eq!(
            scalar("buf:f32:2x64K:random=7"),
            Ok(Spec::Buffer {
                element: Element::F32,
                count: Some(128 << 10),
                fill: Fill::Random(7),
                out: false
            })
        );
        assert_eq!(
            scalar("out:u8:3"),
            Ok(Spec::Buffer {
                element: Element::U8,
                count: Some(3),
                fill: Fill::Poison,
                out: true
            })
        );
        assert_eq!(
            scalar("buf:f32:*:a:b.npy"),
            Ok(Spec::Buffer {
                element: Element::F32,
                count: None,
                fill: Fill::File("a:b.npy".into()),
                out: false
            })
        );
        for wrong in [
            "",
            "5",
            "i32:",
            "i32:x",
            "i33:5",
            "bytes:0",
            "bytes:zz",
            "buf",
            "buf:",
            "buf:f32",
            "buf:f32:4",
            "buf:f32:4:",
            "buf:f32:x:zeros",
            "buf:f32:-1:zeros",
            "buf:f32:*:zeros",
            "buf:f32:4:zeroes",
            "buf:f32:4:random=x",
            "buf:u8:4:value=256",
            "buf:u8:4:below=0",
            "out:f32",
            "buf:f32:18446744073709551615x2:zeros",
        ] {
            assert!(wrong.parse::<Spec>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn buffers_are_filled() {
        let fill =
            |fill: Fill, element, n| fill.bytes(element, Some(n), 1 << 20).unwrap_or_default();
        assert_eq!(fill(Fill::Iota, Element::U16, 3), [0, 0, 1, 0, 2, 0]);
        assert_eq!(fill(Fill::Ones, Element::F16, 1), [0, 0x3c]);
        assert_eq!(fill(Fill::Random(1), Element::U8, 64), fill(Fill::Random(1), Element::U8, 64));
        assert_ne!(fill(Fill::Random(1), Element::U8, 64), fill(Fill::Random(2), Element::U8, 64));
        assert!(fill(Fill::Below(3), Element::U8, 64).iter().all(|&x| x < 3));
        let floats = fill(Fill::Random(0), Element::F32, 100);
        let (floats, _) = floats.as_chunks::<4>();
        assert!(floats.iter().all(|&x| (-1.0..1.0).contains(&f32::from_le_bytes(x))));
        assert!(Fill::Zeros.bytes(Element::F64, Some(u64::MAX), 1 << 20).is_err());
        assert!(Fill::Zeros.bytes(Element::F64, Some(1 << 18), 1 << 20).is_err());
    }
}
