//! Events as lines of text.

use super::{Event, Record, What};

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
        What::Done { c, to, o } => {
            head(out, at, b",\"e\":\"done\",\"c\":", c.0);
            number(out, b",\"to\":", u64::from(to.0));
            number(out, b",\"o\":", *o);
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

/// An [`Event`] whose `what` is borrowed.
#[derive(serde::Serialize)]
struct Line<'a> {
    #[serde(rename = "t")]
    at: u64,
    #[serde(flatten)]
    what: &'a What,
}

fn head(out: &mut Vec<u8>, at: u64, name: &[u8], who: u32) {
    number(out, b"{\"t\":", at);
    number(out, name, u64::from(who));
}

fn number(out: &mut Vec<u8>, before: &[u8], number: u64) {
    out.extend_from_slice(before);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
