//! Events as lines of text.

use super::{Event, Record, Step, What};
use crate::id::ProducerId;

/// Lines are no longer than this, in bytes: readers refuse what is.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// The most records of a poll, or messages of a series, that are written on one line; more of them become more lines.
pub(super) const LONGEST_LIST: usize = 8192;

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
        What::Send { p, s, to, of } => {
            head(out, at, b",\"e\":\"send\",\"p\":", p.0);
            number(out, b",\"s\":", *s);
            number(out, b",\"to\":", u64::from(to.0));
            if let Some((partition, offset)) = of {
                number(out, b",\"of\":[", u64::from(partition.0));
                number(out, b",", *offset);
                out.push(b']');
            }
        }
        What::Ack { p, s, to, o } => {
            head(out, at, b",\"e\":\"ack\",\"p\":", p.0);
            number(out, b",\"s\":", *s);
            number(out, b",\"to\":", u64::from(to.0));
            if let Some(offset) = o {
                number(out, b",\"o\":", *offset);
            }
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
        What::Done { c, to, o } => {
            head(out, at, b",\"e\":\"done\",\"c\":", c.0);
            number(out, b",\"to\":", u64::from(to.0));
            number(out, b",\"o\":", *o);
        }
        _ => return serde_json::to_writer(out, &Line { at, what }),
    }
    out.push(b'}');
    Ok(())
}

/// Appends the line of steps of `p` that are [together](super::series::together): of one the line of its event, of several that of their
/// [`Series`](super::series::Series).
pub(super) fn write_steps(
    p: ProducerId,
    steps: &[Step],
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    match *steps {
        [] => {}
        [step] => {
            let Event { at, what } = step.event(p);
            write_line(at, &what, out)?;
        }
        [Step::Send { at, s, .. }, ..] => {
            head(out, at, b",\"e\":\"sends\",\"p\":", p.0);
            number(out, b",\"s\":", s);
            list(out, b",\"to\":[", steps, |(Step::Send { to, .. } | Step::Ack { to, .. })| {
                to.0.into()
            });
        }
        [Step::Ack { at, to, o, .. }, ..] => {
            head(out, at, b",\"e\":\"acks\",\"p\":", p.0);
            number(out, b",\"to\":", u64::from(to.0));
            if let Some(offset) = o {
                number(out, b",\"o\":", offset);
            }
            list(out, b",\"s\":[", steps, |(Step::Send { s, .. } | Step::Ack { s, .. })| *s);
        }
    }
    Ok(())
}

/// An [`Event`] whose `what` is borrowed.
#[derive(serde::Serialize)]
struct Line<'a> {
    #[serde(rename = "t")]
    at: u64,
    #[serde(flatten)]
    what: &'a What,
}

/// A number of each step, and the end of the line.
fn list(out: &mut Vec<u8>, mut before: &[u8], steps: &[Step], of: impl Fn(&Step) -> u64) {
    for step in steps {
        number(out, before, of(step));
        before = b",";
    }
    out.extend_from_slice(b"]}");
}

fn head(out: &mut Vec<u8>, at: u64, name: &[u8], who: u32) {
    number(out, b"{\"t\":", at);
    number(out, name, u64::from(who));
}

#[inline]
fn number(out: &mut Vec<u8>, before: &[u8], number: u64) {
    out.extend_from_slice(before);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
