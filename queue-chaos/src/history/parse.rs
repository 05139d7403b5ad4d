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
            Some(event) => Ok(event),
            None => serde_json::from_slice(line),
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
    if let Some(event) = usual(line) {
        return Ok(Line::One(event));
    }
    if let Some(series) = usual_series(line) {
        return Ok(Line::Several(series));
    }
    match serde_json::from_slice::<Kind<'_>>(line) {
        Ok(Kind { e }) if NAMES.contains(&&*e) => serde_json::from_slice(line).map(Line::Several),
        _ => serde_json::from_slice(line).map(Line::One),
    }
}

/// The events of a line of several that is written as usual.
fn usual_series(line: &[u8]) -> Option<Series> {
    let mut text = Text(line);
    text.skip(b"{\"t\":")?;
    let at = text.number()?;
    text.skip(b",\"e\":\"")?;
    let series = if text.skip(b"sends\",\"p\":").is_some() {
        let p = ProducerId(text.small()?);
        text.skip(b",\"s\":")?;
        let s = text.number()?;
        text.skip(b",\"to\":[")?;
        Series::sends(at, p, s, text.list(|text| text.small().map(PartitionId))?)
    } else {
        text.skip(b"acks\",\"p\":")?;
        let p = ProducerId(text.small()?);
        text.skip(b",\"to\":")?;
        let to = PartitionId(text.small()?);
        let mut o = None;
        if text.skip(b",\"o\":").is_some() {
            o = Some(text.number()?);
        }
        text.skip(b",\"s\":[")?;
        Series::acks(at, p, to, o, text.list(Text::number)?)
    };
    (text.0 == b"}").then_some(series)
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
