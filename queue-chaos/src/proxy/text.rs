//! Toxics and directions as plans write them.
//!
//! ```text
//! latency 100ms [jitter 20ms]
//! bandwidth 200kbit/s                    (bit/s, kbit/s, Mbit/s, Gbit/s; 1.5Mbit/s)
//! slow-close 2s
//! reset [after 1s]
//! black-hole
//! partition
//! slicer 64 [vary 16] [pause 5ms]
//! limit-data 10000
//! ```

use std::fmt;
use std::str::{FromStr, SplitWhitespace};
use std::time::Duration;

use super::{Direction, Toxic};
use crate::Error;
use crate::schedule::duration;

/// Units of bandwidth, the largest first.
const RATES: [(&str, u64); 4] =
    [("Gbit/s", 1_000_000_000), ("Mbit/s", 1_000_000), ("kbit/s", 1_000), ("bit/s", 1)];

const EXAMPLES: &str = "toxics are `latency 100ms jitter 20ms`, `bandwidth 200kbit/s`, `slow-close 2s`, `reset after 1s`, `black-hole`, `partition`, \
                        `slicer 64 vary 16 pause 5ms`, `limit-data 10000`";

/// As a plan writes it; [`FromStr`] reads the same. Times finer than a microsecond are cut.
impl fmt::Display for Toxic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency { delay, jitter } => {
                write!(f, "latency {}", duration::text(*delay))?;
                optional(f, " jitter", *jitter)
            }
            Self::Bandwidth { bits_per_second } => {
                let exact = |&&(_, scale): &&(&str, u64)| {
                    *bits_per_second >= scale && bits_per_second.is_multiple_of(scale)
                };
                let (unit, scale) = RATES.iter().find(exact).unwrap_or(&("bit/s", 1));
                write!(f, "bandwidth {}{unit}", bits_per_second / scale)
            }
            Self::SlowClose { delay } => write!(f, "slow-close {}", duration::text(*delay)),
            Self::Reset { after } => {
                f.write_str("reset")?;
                optional(f, " after", *after)
            }
            Self::BlackHole => f.write_str("black-hole"),
            Self::Partition => f.write_str("partition"),
            Self::Slicer { size, variation, delay } => {
                write!(f, "slicer {size}")?;
                if *variation != 0 {
                    write!(f, " vary {variation}")?;
                }
                optional(f, " pause", *delay)
            }
            Self::LimitData { bytes } => write!(f, "limit-data {bytes}"),
        }
    }
}

/// What is zero is not written.
fn optional(f: &mut fmt::Formatter<'_>, name: &str, value: Duration) -> fmt::Result {
    match value.as_micros() {
        0 => Ok(()),
        _ => write!(f, "{name} {}", duration::text(value)),
    }
}

/// Reads what [`Display`](fmt::Display) writes, with any blanks between the words.
impl FromStr for Toxic {
    type Err = Error;

    /// # Errors
    /// [`Error::Plan`], with what would be right.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = Words { words: text.split_whitespace() };
        words.toxic().map_err(|what| Error::Plan { place: format!("`{text}`"), what })
    }
}

struct Words<'a> {
    words: SplitWhitespace<'a>,
}

impl Words<'_> {
    fn toxic(&mut self) -> Result<Toxic, String> {
        let toxic = match self.words.next() {
            Some("latency") => Toxic::Latency {
                delay: self.duration("latency")?,
                jitter: self.optional("jitter")?,
            },
            Some("bandwidth") => {
                Toxic::Bandwidth { bits_per_second: rate(self.word("bandwidth")?)? }
            }
            Some("slow-close") => Toxic::SlowClose { delay: self.duration("slow-close")? },
            Some("reset") => Toxic::Reset { after: self.optional("after")? },
            Some("black-hole") => Toxic::BlackHole,
            Some("partition") => Toxic::Partition,
            Some("slicer") => {
                let size = self.number("slicer")?;
                if size == 0 {
                    return Err("a piece has one byte at least".to_owned());
                }
                let variation = if self.has("vary") { self.number("vary")? } else { 0 };
                Toxic::Slicer { size, variation, delay: self.optional("pause")? }
            }
            Some("limit-data") => Toxic::LimitData { bytes: self.number("limit-data")? },
            Some(other) => return Err(format!("`{other}` is no toxic; {EXAMPLES}")),
            None => return Err(format!("no toxic is named; {EXAMPLES}")),
        };
        match self.words.next() {
            None => Ok(toxic),
            Some(word) => Err(format!("`{word}` is too much; {EXAMPLES}")),
        }
    }

    fn word(&mut self, before: &str) -> Result<&str, String> {
        self.words
            .next()
            .ok_or_else(|| format!("after `{before}` something is missing; {EXAMPLES}"))
    }

    fn duration(&mut self, before: &str) -> Result<Duration, String> {
        duration::parse(self.word(before)?)
    }

    fn number<N: FromStr>(&mut self, before: &str) -> Result<N, String> {
        let word = self.word(before)?;
        word.parse().map_err(|_| format!("`{word}` after `{before}` is no number of bytes"))
    }

    /// Takes the next word if it is this one.
    fn has(&mut self, word: &str) -> bool {
        let mut ahead = self.words.clone();
        let found = ahead.next() == Some(word);
        if found {
            self.words = ahead;
        }
        found
    }

    fn optional(&mut self, word: &str) -> Result<Duration, String> {
        if self.has(word) { self.duration(word) } else { Ok(Duration::ZERO) }
    }
}

fn rate(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!(
            "`{text}` is no bandwidth: write it like 200kbit/s or 1.5Mbit/s (bit/s, kbit/s, Mbit/s, Gbit/s), to the bit"
        )
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, scale) = RATES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    // Nine digits are a bit of the largest unit.
    if fraction.is_empty() || fraction.len() > 9 {
        return Err(wrong());
    }
    let divisor = 10u64.pow(u32::try_from(fraction.len()).map_err(|_| wrong())?);
    let fraction =
        fraction.parse::<u64>().map_err(|_| wrong())?.checked_mul(*scale).ok_or_else(wrong)?;
    if !fraction.is_multiple_of(divisor) {
        return Err(wrong());
    }
    whole
        .checked_mul(*scale)
        .and_then(|bits| bits.checked_add(fraction / divisor))
        .ok_or_else(wrong)
}

/// As a plan writes it: `up`, `down`, `both`.
impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Both => "both",
        })
    }
}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for Direction {
    type Err = Error;

    /// # Errors
    /// [`Error::Plan`], with what would be right.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "up" => Ok(Self::Up),
            "down" => Ok(Self::Down),
            "both" => Ok(Self::Both),
            _ => Err(Error::Plan {
                place: format!("`{text}`"),
                what: "no direction: `up` are requests, `down` responses, `both` all".to_owned(),
            }),
        }
    }
}
