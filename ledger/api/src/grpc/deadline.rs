//! Until when a call must be answered.

use std::time::{Duration, Instant};

use axum::http::{Extensions, HeaderMap};

use crate::Problem;

/// Until when a call must be answered; the guard puts it into the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    /// An answer, or each piece of a stream is read by then.
    pub answer: Instant,
    /// When a stream ends, if the client said so.
    pub stream: Option<Instant>,
}

impl Deadline {
    /// Of a call that begins now.
    ///
    /// # Errors
    ///
    /// [`Problem::BadRequest`] of a `grpc-timeout` that is none.
    pub fn new(headers: &HeaderMap, most: Duration) -> Result<Self, Problem> {
        let now = Instant::now();
        let said = headers.get("grpc-timeout").map(|it| {
            let read = it.to_str().ok().and_then(timeout);
            read.ok_or_else(|| Problem::BadRequest("grpc-timeout is no timeout".to_owned()))
        });
        let said = said.transpose()?;
        Ok(Self {
            answer: now + said.map_or(most, |it| it.min(most)),
            // A time that does not fit is as good as none.
            stream: said.and_then(|it| now.checked_add(it)),
        })
    }

    /// The deadline of a request that has passed the guard.
    pub fn of(extensions: &Extensions) -> Result<Self, Problem> {
        // Without the guard there is no server.
        extensions.get::<Self>().copied().ok_or(Problem::Expired)
    }
}

/// At most eight digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let good = (1..=8).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| good)?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        assert_eq!(timeout("1S"), Some(Duration::from_secs(1)));
        assert_eq!(timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        assert_eq!(timeout("0n"), Some(Duration::ZERO));
        for bad in ["", "S", "1", "1s", "-1S", "+1S", "123456789m", "1.5S", "1µ", "1 S"] {
            assert_eq!(timeout(bad), None, "{bad}");
        }
    }
}
