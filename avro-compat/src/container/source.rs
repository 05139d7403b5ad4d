//! Bytes of a file, counted.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use crate::error::ContainerError;

type Result<T> = std::result::Result<T, ContainerError>;

pub(super) struct Source<R> {
    file: BufReader<R>,
    offset: u64,
}

impl<R: Read> Source<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file: BufReader::new(file), offset: 0 }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    fn io(&self, error: &std::io::Error) -> ContainerError {
        let (kind, message) = (error.kind(), error.to_string());
        ContainerError::Io { offset: self.offset, kind, message }
    }

    /// Whether the file ends here.
    pub(super) fn is_at_end(&mut self) -> Result<bool> {
        loop {
            match self.file.fill_buf() {
                Ok(bytes) => return Ok(bytes.is_empty()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.io(&error)),
            }
        }
    }

    pub(super) fn array<const N: usize>(&mut self, inside: &'static str) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        match self.file.read_exact(&mut bytes) {
            Ok(()) => {
                self.offset += N as u64;
                Ok(bytes)
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(ContainerError::Truncated { offset: self.offset, inside })
            }
            Err(error) => Err(self.io(&error)),
        }
    }

    /// A long; `inside` says of what it is the number.
    pub(super) fn long(&mut self, inside: &'static str) -> Result<i64> {
        let offset = self.offset;
        let mut value = 0_u64;
        for at in 0..10 {
            let [byte] = self.array(inside)?;
            value |= u64::from(byte & 0x7F) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(ContainerError::Number { offset, what: inside, found: value as i64 })
    }

    /// A length or a count, which is not negative.
    pub(super) fn length(&mut self, inside: &'static str) -> Result<u64> {
        let offset = self.offset;
        let found = self.long(inside)?;
        u64::try_from(found).map_err(|_| ContainerError::Number { offset, what: inside, found })
    }

    /// Appends so many bytes. Memory is taken as they come.
    pub(super) fn bytes(
        &mut self,
        len: u64,
        out: &mut Vec<u8>,
        inside: &'static str,
    ) -> Result<()> {
        let read = self.file.by_ref().take(len).read_to_end(out).map_err(|it| self.io(&it))?;
        self.offset += read as u64;
        if (read as u64) < len {
            return Err(ContainerError::Truncated { offset: self.offset, inside });
        }
        Ok(())
    }
}
