//! What was read and is no whole frame yet.

use super::{HEADER_BYTES, Header};
use crate::Problem;

/// The first piece of memory: some small requests.
const FIRST: usize = 16 << 10;

/// Bytes in the order of their arrival. Frames are looked at where they were read to.
#[derive(Default)]
pub(crate) struct Input {
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Input {
    /// Room to read into. Grows with what has arrived, not with what a header announces: twice that at the most.
    pub fn room(&mut self) -> &mut [u8] {
        if self.begin == self.end {
            (self.begin, self.end) = (0, 0);
        }
        if self.end == self.buffer.len() {
            if self.begin > 0 {
                self.buffer.copy_within(self.begin..self.end, 0);
                (self.begin, self.end) = (0, self.end - self.begin);
            }
            if self.end * 2 >= self.buffer.len() {
                let longer = (self.buffer.len() * 2).max(FIRST);
                self.buffer.resize(longer, 0);
            }
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that so many bytes were read into the room.
    pub fn arrived(&mut self, bytes: usize) {
        self.end = (self.end + bytes).min(self.buffer.len());
    }

    /// The next frame, if it is whole. [`done`](Self::done) takes it away.
    pub fn frame(&self, max_body: usize) -> Result<Option<(Header, &[u8])>, Problem> {
        let bytes = self.buffer.get(self.begin..self.end).unwrap_or_default();
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            // What cannot become a frame is refused before it is a header long.
            return match b"LDG\x01".iter().zip(bytes).all(|(a, b)| a == b) {
                true => Ok(None),
                false => Err(Problem::BadFrame(format!(
                    "it begins with {}, not with LDG",
                    bytes.escape_ascii()
                ))),
            };
        };
        let header = Header::read(head, max_body)?;
        let Some(frame) = bytes.get(..HEADER_BYTES + header.length as usize) else {
            return Ok(None);
        };
        Header::check(frame)?;
        Ok(Some((header, frame.get(HEADER_BYTES..).unwrap_or_default())))
    }

    /// Takes a frame away whose body was so long.
    pub fn done(&mut self, length: u32) {
        self.begin = (self.begin + HEADER_BYTES + length as usize).min(self.end);
    }

    /// Whether a part of a frame is there.
    pub fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    /// Gives memory back that a large frame took.
    pub fn shrink(&mut self) {
        if self.is_empty() && self.buffer.len() > FIRST {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{begin, finish};

    #[test]
    fn frames_in_pieces() {
        let mut sent = Vec::new();
        for (request, length) in [(1, 0), (2, 100_000), (3, 7)] {
            let at = begin(&mut sent, request, 3, 0, 0);
            sent.resize(sent.len() + length, request as u8);
            finish(&mut sent, at, 0);
        }
        for step in [1, 31, 33, 4_096, 1 << 20] {
            let mut input = Input::default();
            let mut seen = Vec::new();
            let mut rest = &sent[..];
            while !rest.is_empty() {
                let room = input.room();
                let bytes = room.len().min(step).min(rest.len());
                room[..bytes].copy_from_slice(&rest[..bytes]);
                rest = &rest[bytes..];
                input.arrived(bytes);
                while let Some((header, body)) = input.frame(1 << 20).unwrap() {
                    assert!(body.iter().all(|it| u64::from(*it) == header.request));
                    seen.push((header.request, body.len()));
                    let length = header.length;
                    input.done(length);
                }
                assert!(input.buffer.len() <= FIRST.max(2 * 100_032 * 2));
            }
            assert_eq!(seen, [(1, 0), (2, 100_000), (3, 7)], "step {step}");
            assert!(input.is_empty());
        }
    }

    #[test]
    fn garbage_is_seen_at_once_and_long_bodies_are_never_waited_for() {
        let mut input = Input::default();
        input.room()[0] = b'G';
        input.arrived(1);
        assert!(matches!(input.frame(10), Err(Problem::BadFrame(_))));
        let mut frame = Vec::new();
        let at = begin(&mut frame, 1, 3, 0, 0);
        finish(&mut frame, at, 0);
        frame[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut input = Input::default();
        input.room()[..32].copy_from_slice(&frame);
        input.arrived(32);
        assert!(matches!(input.frame(1 << 20), Err(Problem::BadFrame(_))));
        assert_eq!(input.buffer.len(), FIRST);
    }
}
