//! Events out of lines of text.

use super::{Event, Record, What};
use crate::id::{ConsumerId, PartitionId, ProducerId};

impl Event {
    /// The event that a line of JSON says: what `serde_json` makes of it. Sends, acknowledgements, polls and done work as
    /// [`write_line`](Self::write_line) writes them are read without it, some ten times faster.
    ///
    /// # Errors
    /// What `serde_json` says of a text that is no event.
    pub fn parse_line(line: &[u8]) -> serde_json::Result<Self> {
        match usual(line) {
            Some(event) => Ok(event),
            None => serde_json::from_slice(line),
        }
    }
}

/// The event of a line that is written as usual. Of any other, an event or not, nothing.
fn usual(line: &[u8]) -> Option<Event> {
    let mut text = Text(line);
    text.skip(b"{\"t\":")?;
    let at = text.number()?;
    text.skip(b",\"e\":\"")?;
    let what = match text.0.first()? {
        b's' => {
            text.skip(b"send\",\"p\":")?;
            let p = ProducerId(text.small()?);
            text.skip(b",\"s\":")?;
            let s = text.number()?;
            text.skip(b",\"to\":")?;
            let to = PartitionId(text.small()?);
            let mut of = None;
            if text.skip(b",\"of\":[").is_some() {
                let partition = PartitionId(text.small()?);
                text.skip(b",")?;
                of = Some((partition, text.number()?));
                text.skip(b"]")?;
            }
            What::Send { p, s, to, of }
        }
        b'a' => {
            text.skip(b"ack\",\"p\":")?;
            let p = ProducerId(text.small()?);
            text.skip(b",\"s\":")?;
            let s = text.number()?;
            text.skip(b",\"to\":")?;
            let to = PartitionId(text.small()?);
            let mut o = None;
            if text.skip(b",\"o\":").is_some() {
                o = Some(text.number()?);
            }
            What::Ack { p, s, to, o }
        }
        b'd' => {
            text.skip(b"done\",\"c\":")?;
            let c = ConsumerId(text.small()?);
            text.skip(b",\"to\":")?;
            let to = PartitionId(text.small()?);
            text.skip(b",\"o\":")?;
            What::Done { c, to, o: text.number()? }
        }
        b'p' => {
            text.skip(b"poll\",\"c\":")?;
            let c = ConsumerId(text.small()?);
            text.skip(b",\"to\":")?;
            let to = PartitionId(text.small()?);
            text.skip(b",\"r\":[")?;
            What::Poll { c, to, r: text.records()? }
        }
        _ => return None,
    };
    (text.0 == b"}").then_some(Event { at, what })
}

/// What is left of a line.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    #[inline]
    fn skip(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        let mut digits = 0;
        while let Some(digit) =
            self.0.get(digits).map(|it| it.wrapping_sub(b'0')).filter(|it| *it < 10)
        {
            // Nineteen digits always fit; JSON has no leading zeros.
            if digits == 19 || (digits == 1 && value == 0) {
                return None;
            }
            value = value * 10 + u64::from(digit);
            digits += 1;
        }
        self.0 = self.0.get(digits..).filter(|_| digits > 0)?;
        Some(value)
    }

    #[inline]
    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// Records up to and with the bracket that ends them.
    fn records(&mut self) -> Option<Vec<Record>> {
        if self.skip(b"]").is_some() {
            return Some(Vec::new());
        }
        // A record takes 8 bytes of the line or more, and the line is in memory.
        let mut records = Vec::with_capacity(self.0.len() / 12);
        loop {
            self.skip(b"[")?;
            let offset = self.number()?;
            self.skip(b",")?;
            let producer = ProducerId(self.small()?);
            self.skip(b",")?;
            let sequence = self.number()?;
            self.skip(b"]")?;
            records.push(Record(offset, producer, sequence));
            match self.0.split_first()? {
                (b',', rest) => self.0 = rest,
                (b']', rest) => {
                    self.0 = rest;
                    return Some(records);
                }
                _ => return None,
            }
        }
    }
}
