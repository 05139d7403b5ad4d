//! Events as lines of text.

use super::{Event, Record, Step, What};
use crate::id::ProducerId;

/// Lines are no longer than this, in bytes: readers refuse what is.
pub(super) const LONGEST_LINE: usize = 1 << 20;

impl Event {
    /// Appends the event as a line of JSON, without its end: the text that `serde_json` gives. Sends, acknowledgements, polls and done work are written
    /// without it, some ten times faster.
    ///
    /// # Errors
    /// What `serde_json` says, which is nothing for the events there are today.
    pub fn write_line(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        write_line(self.at, &self.what, out)
    }
}

/// See [`Event::write_line`].
pub(super) fn write_line(at: u64, what: &What, out: &mut Vec<u8>) -> serde_json::Result<()> {
    match what {
        &What::Send { p, s, to, of } => {
            write_step(p, &Step::Send { at, s, to, of }, out);
            return Ok(());
        }
        &What::Ack { p, s, to, o } => {
            write_step(p, &Step::Ack { at, s, to, o }, out);
            return Ok(());
        }
        What::Done { c, to, o } => {
            let mut line = Short::new(at, b",\"e\":\"done\",\"c\":", c.0);
            line.number(b",\"to\":", u64::from(to.0));
            line.number(b",\"o\":", *o);
            line.end(out);
            return Ok(());
        }
        What::Poll { c, to, r } => {
            head(out, at, b",\"e\":\"poll\",\"c\":", c.0);
            number(out, b",\"to\":", u64::from(to.0));
            out.extend_from_slice(b",\"r\":[");
            for (i, Record(offset, producer, sequence)) in r.iter().enumerate() {
                number(out, if i == 0 { b"[" } else { b",[" }, *offset);
                number(out, b",", u64::from(producer.0));
                number(out, b",", *sequence);
                out.push(b']');
            }
            out.push(b']');
        }
        _ => return serde_json::to_writer(out, &Line { at, what }),
    }
    out.push(b'}');
    Ok(())
}

/// Appends the line of the event that a step of a message of `p` is.
pub(super) fn write_step(p: ProducerId, step: &Step, out: &mut Vec<u8>) {
    let line = match *step {
        Step::Send { at, s, to, of } => {
            let mut line = Short::new(at, b",\"e\":\"send\",\"p\":", p.0);
            line.number(b",\"s\":", s);
            line.number(b",\"to\":", u64::from(to.0));
            if let Some((partition, offset)) = of {
                line.number(b",\"of\":[", u64::from(partition.0));
                line.number(b",", offset);
                line.text(b"]");
            }
            line
        }
        Step::Ack { at, s, to, o } => {
            let mut line = Short::new(at, b",\"e\":\"ack\",\"p\":", p.0);
            line.number(b",\"s\":", s);
            line.number(b",\"to\":", u64::from(to.0));
            if let Some(offset) = o {
                line.number(b",\"o\":", offset);
            }
            line
        }
    };
    line.end(out);
}

/// An [`Event`] whose `what` is borrowed.
#[derive(serde::Serialize)]
struct Line<'a> {
    #[serde(rename = "t")]
    at: u64,
    #[serde(flatten)]
    what: &'a What,
}

/// A line of numbers and a few words, made on the stack: a message has two of them, and copying each number to the heap costs more than to find its
/// digits.
struct Short {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Short {
    /// The longest of them: a message with a source, all of whose numbers have the most digits.
    const MOST: usize = 160;

    fn new(at: u64, name: &[u8], who: u32) -> Self {
        let mut line = Self { bytes: [0; Self::MOST], len: 0 };
        line.number(b"{\"t\":", at);
        line.number(name, u64::from(who));
        line
    }

    #[inline(always)]
    fn text(&mut self, text: &[u8]) {
        self.bytes[self.len..self.len + text.len()].copy_from_slice(text);
        self.len += text.len();
    }

    #[inline(always)]
    fn number(&mut self, before: &[u8], mut number: u64) {
        self.text(before);
        let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        let mut pairs = self.bytes[self.len..self.len + digits].rchunks_exact_mut(2);
        for pair in &mut pairs {
            pair.copy_from_slice(&PAIRS[(number % 100) as usize]);
            number /= 100;
        }
        if let [first] = pairs.into_remainder() {
            *first = b'0' + number as u8;
        }
        self.len += digits;
    }

    fn end(mut self, out: &mut Vec<u8>) {
        self.text(b"}");
        out.extend_from_slice(&self.bytes[..self.len]);
    }
}

/// The digits of all numbers of two.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

fn head(out: &mut Vec<u8>, at: u64, name: &[u8], who: u32) {
    number(out, b"{\"t\":", at);
    number(out, name, u64::from(who));
}

fn number(out: &mut Vec<u8>, before: &[u8], number: u64) {
    out.extend_from_slice(before);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
