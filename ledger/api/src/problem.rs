//! Why a request is not answered with what it asks for.

use crate::keys::Scope;

/// Why a request is not answered with what it asks for. What becomes of an event that was taken is no problem but a
/// [`Code`](ledger::model::Code).
///
/// The numbers are those of the wire; they never change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The queue is full.
    #[error("the server is busy: its queue is full, nothing happened")]
    Busy,
    /// The deadline passed before the request was logged.
    #[error("the deadline passed before the request was logged: expired, nothing happened")]
    Expired,
    /// The deadline passed while the request was logged, or the connection was lost.
    #[error("no answer came in time: unknown whether it happened")]
    Unknown,
    /// The server is about to stop.
    #[error("the server is stopping, nothing happened")]
    Closing,
    /// The ledger stopped on an error.
    #[error("the ledger stopped: {0}")]
    Stopped(String),
    /// The disk has no room for the log.
    #[error("the disk has no room, nothing happened: {0}")]
    NoRoom(String),
    /// Bytes that are no frame. The connection ends with it.
    #[error("no frame: {0}")]
    BadFrame(String),
    /// A request that says nothing that can be done.
    #[error("a bad request: {0}")]
    BadRequest(String),
    /// More than is taken at a time.
    #[error("the request is too large: {0}")]
    TooLarge(String),
    /// No key, or one that is nobody's.
    #[error("no valid API key")]
    Unauthorized,
    /// The key may not do this.
    #[error("the API key may not do this: it takes the scope {0}")]
    Forbidden(Scope),
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// A number that this program does not know: of a newer server.
    #[error("problem {number}: {says}")]
    Other {
        /// The number.
        number: u16,
        /// What the server says.
        says: String,
    },
}

impl Problem {
    /// The number, as on the wire. Never 0.
    #[must_use]
    pub fn number(&self) -> u16 {
        match self {
            Self::Busy => 1,
            Self::Expired => 2,
            Self::Unknown => 3,
            Self::Closing => 4,
            Self::Stopped(_) => 5,
            Self::NoRoom(_) => 6,
            Self::BadFrame(_) => 10,
            Self::BadRequest(_) => 11,
            Self::TooLarge(_) => 12,
            Self::Unauthorized => 20,
            Self::Forbidden(_) => 21,
            Self::NotFound(_) => 30,
            Self::Other { number, .. } => *number,
        }
    }

    /// The name, as programs write it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Closing => "closing",
            Self::Stopped(_) => "stopped",
            Self::NoRoom(_) => "no_room",
            Self::BadFrame(_) => "bad_frame",
            Self::BadRequest(_) => "bad_request",
            Self::TooLarge(_) => "too_large",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Other { .. } => "other",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Busy => "wait a little and send it again, with the same id",
            Self::Expired => "send it again with the same id, and a longer deadline",
            Self::Unknown => {
                "retry with the same id: the answer is that of the first time, whether it happened or not"
            }
            Self::Closing => {
                "connect again when the server is back, and send it again with the same id"
            }
            Self::Stopped(_) => {
                "whether it happened is unknown: start the server again, and retry with the same id"
            }
            Self::NoRoom(_) => "give the disk room, and send it again with the same id",
            Self::BadFrame(_) => "see PROTOCOL.md; the connection is closed",
            Self::BadRequest(_) => "change the request; it can never succeed as it is",
            Self::TooLarge(_) => "split the request",
            Self::Unauthorized => "send a key that `ledger_api key create` made for this server",
            Self::Forbidden(_) => "use another key, or have one made with that scope",
            Self::NotFound(_) => "check the id",
            Self::Other { .. } => "ask the server's operator; this client is older than the server",
        }
    }

    /// The problem of a number and a text, as they come over the wire.
    #[must_use]
    pub fn from_wire(number: u16, text: &str) -> Self {
        let says = |prefix: &str| text.strip_prefix(prefix).unwrap_or(text).to_owned();
        match number {
            1 => Self::Busy,
            2 => Self::Expired,
            3 => Self::Unknown,
            4 => Self::Closing,
            5 => Self::Stopped(says("the ledger stopped: ")),
            6 => Self::NoRoom(says("the disk has no room, nothing happened: ")),
            10 => Self::BadFrame(says("no frame: ")),
            11 => Self::BadRequest(says("a bad request: ")),
            12 => Self::TooLarge(says("the request is too large: ")),
            20 => Self::Unauthorized,
            21 => match text.rsplit(' ').next().and_then(|it| it.parse().ok()) {
                Some(scope) => Self::Forbidden(scope),
                None => Self::Other { number, says: text.to_owned() },
            },
            30 => Self::NotFound(says("there is no ")),
            _ => Self::Other { number, says: text.to_owned() },
        }
    }

    /// Whether the same request, with the same ids, may do better a little later.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Expired | Self::Unknown | Self::Closing | Self::Stopped(_)
        )
    }
}

impl Problem {
    /// The problem of everybody who waits when the ledger stops.
    pub(crate) fn from_stop(error: &ledger::Error) -> Self {
        match error {
            // Once is enough.
            ledger::Error::Stopped(why) => Self::Stopped(why.clone()),
            error => Self::Stopped(error.to_string()),
        }
    }
}

impl From<ledger::Error> for Problem {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::Batch(found) => Self::BadRequest(found),
            error => Self::from_stop(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_survive_the_wire() {
        let text = "what".to_owned();
        for problem in [
            Problem::Busy,
            Problem::Expired,
            Problem::Unknown,
            Problem::Closing,
            Problem::Stopped(text.clone()),
            Problem::NoRoom(text.clone()),
            Problem::BadFrame(text.clone()),
            Problem::BadRequest(text.clone()),
            Problem::TooLarge(text.clone()),
            Problem::Unauthorized,
            Problem::Forbidden(Scope::Admin),
            Problem::NotFound(text.clone()),
            Problem::Other { number: 999, says: text },
        ] {
            let number = problem.number();
            let told = match &problem {
                Problem::Other { says, .. } => says.clone(),
                problem => problem.to_string(),
            };
            assert_eq!(Problem::from_wire(number, &told), problem);
            assert!(!problem.name().is_empty() && !problem.advice().is_empty());
        }
    }
}
