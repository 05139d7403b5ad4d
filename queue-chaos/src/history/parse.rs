//! Events out of lines of text.

use std::borrow::Cow;

use super::series::{NAMES, Series};
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
            Some(Line::One(event)) => Ok(event),
            _ => serde_json::from_slice(line),
        }
    }
}

/// What a line says.
pub(super) enum Line {
    One(Event),
    Several(Series),
}

/// What a line says, written as usual or not.
pub(super) fn line(line: &[u8]) -> serde_json::Result<Line> {
    #[derive(serde::Deserialize)]
    struct Kind<'a> {
        #[serde(borrow)]
        e: Cow<'a, str>,
    }
    if let Some(said) = usual(line) {
        return Ok(said);
    }
    match serde_json::from_slice::<Kind<'_>>(line) {
        Ok(Kind { e }) if NAMES.contains(&&*e) => serde_json::from_slice(line).map(Line::Several),
        _ => serde_json::from_slice(line).map(Line::One),
    }
}

/// What a line says that is written as usual. Of any other, an event or not, nothing.
fn usual(line: &[u8]) -> Option<Line> {
    let mut text = Text(line);
    text.skip(b"{\"t\":")?;
    let at = text.number()?;
    text.skip(b",\"e\":\"")?;
    let what = match text.0.first()? {
        b's' => {
            text.skip(b"send")?;
            if text.skip(b"s\",\"p\":").is_some() {
                return text.sends(at);
            }
            text.skip(b"\",\"p\":")?;
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
            text.skip(b"ack")?;
            if text.skip(b"s\",\"p\":").is_some() {
                return text.acks(at);
            }
            text.skip(b"\",\"p\":")?;
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
    (text.0 == b"}").then_some(Line::One(Event { at, what }))
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

    /// Sends of one time, from their producer on.
    fn sends(&mut self, at: u64) -> Option<Line> {
        let p = ProducerId(self.small()?);
        self.skip(b",\"s\":")?;
        let s = self.number()?;
        self.skip(b",\"to\":[")?;
        let to = self.list(|text| text.small().map(PartitionId))?;
        (self.0 == b"}").then(|| Line::Several(Series::sends(at, p, s, to)))
    }

    /// Acknowledgements of one time, from their producer on.
    fn acks(&mut self, at: u64) -> Option<Line> {
        let p = ProducerId(self.small()?);
        self.skip(b",\"to\":")?;
        let to = PartitionId(self.small()?);
        let mut o = None;
        if self.skip(b",\"o\":").is_some() {
            o = Some(self.number()?);
        }
        self.skip(b",\"s\":[")?;
        let s = self.list(Text::number)?;
        (self.0 == b"}").then(|| Line::Several(Series::acks(at, p, to, o, s)))
    }

    /// Records up to and with the bracket that ends them.
    fn records(&mut self) -> Option<Vec<Record>> {
        self.list(|text| {
            text.skip(b"[")?;
            let offset = text.number()?;
            text.skip(b",")?;
            let producer = ProducerId(text.small()?);
            text.skip(b",")?;
            let sequence = text.number()?;
            text.skip(b"]")?;
            Some(Record(offset, producer, sequence))
        })
    }

    /// What is listed up to and with the bracket that ends it.
    #[inline]
    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        if self.skip(b"]").is_some() {
            return Some(Vec::new());
        }
        // The line is in memory, and each takes two bytes of it or more.
        let mut all = Vec::with_capacity(self.0.len() / 8);
        loop {
            all.push(one(self)?);
            match self.0.split_first()? {
                (b',', rest) => self.0 = rest,
                (b']', rest) => {
                    self.0 = rest;
                    return Some(all);
                }
                _ => return None,
            }
        }
    }
}
