//! Frames: a header of 32 bytes, and a body.

use crate::Problem;

/// The size of a header.
pub const HEADER_BYTES: usize = 32;
/// The longest body of a request: 8190 records of 128 bytes, and a little.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// The longest body of an answer.
pub const MAX_REPLY_BYTES: usize = 16 << 20;

/// `LDG`, and the version.
const MAGIC: [u8; 4] = *b"LDG\x01";

/// What a frame asks, or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Kind {
    /// Who asks: the first frame of a connection.
    Hello = 0,
    /// A batch of ledgers.
    Ledgers = 1,
    /// A batch of accounts.
    Accounts = 2,
    /// A batch of transfers.
    Transfers = 3,
    /// A batch of transactions.
    Transactions = 4,
    /// Accounts by their ids.
    FindAccounts = 16,
    /// Transfers and transactions by their ids.
    FindEntries = 17,
    /// A page of entries.
    Query = 18,
    /// Balances at moments.
    BalancesAt = 19,
    /// The sums of each ledger.
    TrialBalance = 20,
    /// How far the ledger is.
    Status = 21,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Hello,
        Self::Ledgers,
        Self::Accounts,
        Self::Transfers,
        Self::Transactions,
        Self::FindAccounts,
        Self::FindEntries,
        Self::Query,
        Self::BalancesAt,
        Self::TrialBalance,
        Self::Status,
    ];

    /// The kind of a number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|it| *it as u16 == number)
    }
}

/// The header of a frame, but for the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Chosen by the client; the answer has the same.
    pub request: u64,
    /// A number of [`Kind`]; the answer has the same.
    pub kind: u16,
    /// 0 in a request and where it was answered; otherwise the number of a [`Problem`], whose text is the body.
    pub problem: u16,
    /// How many events or records the body is.
    pub count: u32,
    /// How many bytes the body has.
    pub length: u32,
    /// Until when the request must be begun, in milliseconds from its arrival; 0: what the server thinks. 0 in an answer.
    pub deadline_ms: u32,
}

impl Header {
    /// Reads a header. The sum is looked at by [`check`](Self::check), when all of the frame is there.
    ///
    /// # Errors
    ///
    /// [`Problem::BadFrame`]: another protocol or version, or a body longer than `max_body`.
    pub fn read(bytes: &[u8; HEADER_BYTES], max_body: usize) -> Result<Self, Problem> {
        let (magic, rest) = split::<4>(bytes);
        if magic != MAGIC {
            return Err(Problem::BadFrame(match magic {
                [b'L', b'D', b'G', version] => {
                    format!("version {version} of the protocol, this program speaks version 1")
                }
                other => format!("it begins with {}, not with LDG", other.escape_ascii()),
            }));
        }
        let (_, rest) = split::<4>(rest);
        let (request, rest) = split::<8>(rest);
        let (kind, rest) = split::<2>(rest);
        let (problem, rest) = split::<2>(rest);
        let (count, rest) = split::<4>(rest);
        let (length, rest) = split::<4>(rest);
        let (deadline, _) = split::<4>(rest);
        let header = Self {
            request: u64::from_le_bytes(request),
            kind: u16::from_le_bytes(kind),
            problem: u16::from_le_bytes(problem),
            count: u32::from_le_bytes(count),
            length: u32::from_le_bytes(length),
            deadline_ms: u32::from_le_bytes(deadline),
        };
        if header.length as usize > max_body {
            let length = header.length;
            return Err(Problem::BadFrame(format!(
                "a body of {length} bytes, at most {max_body} are possible here"
            )));
        }
        Ok(header)
    }

    /// Looks at the sum of a whole frame.
    ///
    /// # Errors
    ///
    /// [`Problem::BadFrame`]: the bytes are not those that were sent.
    pub fn check(frame: &[u8]) -> Result<(), Problem> {
        let said =
            frame.get(4..8).and_then(|it| it.first_chunk()).map(|it| u32::from_le_bytes(*it));
        let found = crc32c::crc32c(frame.get(8..).unwrap_or_default());
        if said == Some(found) {
            return Ok(());
        }
        Err(Problem::BadFrame(format!(
            "its CRC-32C is {found:08x}, the header says {:08x}: bytes changed on their way",
            said.unwrap_or_default()
        )))
    }
}

/// The first `N` bytes and the rest; zeros if there are not so many, which no caller here lets happen.
fn split<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    bytes.split_first_chunk().map_or(([0; N], &[][..]), |(head, rest)| (*head, rest))
}

/// Begins a frame at the end of `out`: a header with what is known. The body is appended behind it; [`finish`] fills the rest in.
pub fn begin(out: &mut Vec<u8>, request: u64, kind: u16, problem: u16, deadline_ms: u32) -> usize {
    let at = out.len();
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC);
    header[8..16].copy_from_slice(&request.to_le_bytes());
    header[16..18].copy_from_slice(&kind.to_le_bytes());
    header[18..20].copy_from_slice(&problem.to_le_bytes());
    header[28..32].copy_from_slice(&deadline_ms.to_le_bytes());
    out.extend_from_slice(&header);
    at
}

/// Ends the frame that [`begin`] put at `at`, whose body ends where `out` does.
pub fn finish(out: &mut [u8], at: usize, count: u32) {
    let Some(frame) = out.get_mut(at..) else { return };
    let length = frame.len().saturating_sub(HEADER_BYTES);
    let Some((header, body)) = frame.split_first_chunk_mut::<HEADER_BYTES>() else { return };
    header[20..24].copy_from_slice(&count.to_le_bytes());
    // No body is near 4 GiB: MAX_REPLY_BYTES.
    header[24..28].copy_from_slice(&(length as u32).to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&header[8..]), body);
    header[4..8].copy_from_slice(&sum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        let mut out = vec![9];
        let at = begin(&mut out, 0x0102_0304_0506_0708, 3, 0, 500);
        out.extend_from_slice(body);
        finish(&mut out, at, 2);
        out.split_off(1)
    }

    #[test]
    fn the_layout() {
        let frame = frame(b"12345");
        assert_eq!(&frame[..4], b"LDG\x01");
        assert_eq!(&frame[8..16], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(&frame[16..32], [3, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 244, 1, 0, 0]);
        assert_eq!(&frame[32..], b"12345");
        let sum = u32::from_le_bytes(frame[4..8].try_into().unwrap());
        assert_eq!(sum, crc32c::crc32c(&frame[8..]));
        let header = Header::read(frame.first_chunk().unwrap(), 5).unwrap();
        assert_eq!((header.request, header.kind, header.count), (0x0102_0304_0506_0708, 3, 2));
        assert_eq!((header.length, header.deadline_ms, header.problem), (5, 500, 0));
        Header::check(&frame).unwrap();
    }

    #[test]
    fn every_changed_bit_is_seen() {
        let frame = frame(b"12345");
        for bit in 0..frame.len() * 8 {
            let mut frame = frame.clone();
            frame[bit / 8] ^= 1 << (bit % 8);
            let read = Header::read(frame.first_chunk().unwrap(), 5);
            let seen = read.is_err() || Header::check(&frame).is_err();
            assert!(seen, "bit {bit}");
        }
        assert!(Header::check(b"").is_err() && Header::check(b"LDG\x01123").is_err());
    }

    #[test]
    fn what_is_said_of_a_foreign_header() {
        let told = |bytes: &[u8; 32]| Header::read(bytes, 9).unwrap_err().to_string();
        assert!(told(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:").contains("begins with GET"));
        assert!(told(b"LDG\x02............................").contains("version 2"));
        let mut long = *frame(b"").first_chunk().unwrap();
        long[24..28].fill(255);
        assert!(told(&long).contains("4294967295 bytes, at most 9"));
    }
}
