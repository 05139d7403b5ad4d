//! Problems as gRPC's statuses.

use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use crate::Problem;

/// The metadata in which a problem's name is.
pub const PROBLEM: &str = "ledger-problem";

/// The longest description of what happened, in characters.
const MAX_TEXT: usize = 500;

impl Problem {
    /// The code of gRPC that comes nearest.
    #[must_use]
    pub fn grpc_code(&self) -> Code {
        match self {
            Self::Busy | Self::NoRoom(_) => Code::ResourceExhausted,
            Self::Expired | Self::Unknown => Code::DeadlineExceeded,
            Self::Closing | Self::Stopped(_) => Code::Unavailable,
            Self::BadFrame(_) | Self::BadRequest(_) | Self::TooLarge(_) => Code::InvalidArgument,
            Self::Unauthorized => Code::Unauthenticated,
            Self::Forbidden(_) => Code::PermissionDenied,
            Self::NotFound(_) => Code::NotFound,
            Self::Other { .. } => Code::Internal,
        }
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        // What to do comes first where the name has said what happened.
        let says = match &problem {
            Problem::Busy | Problem::Expired | Problem::Unknown | Problem::Closing => {
                format!("{}: {}", problem.name(), problem.advice())
            }
            // What a client sent may be in it, and metadata is short.
            _ => {
                let what: String = problem.to_string().chars().take(MAX_TEXT).collect();
                format!("{what}: {}", problem.advice())
            }
        };
        let mut status = Self::new(problem.grpc_code(), says);
        let name = MetadataValue::from_static(problem.name());
        status.metadata_mut().insert(PROBLEM, name);
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_to_do() {
        let status = Status::from(Problem::Unknown);
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(status.message().starts_with("unknown: retry with the same id"), "{status:?}");
        assert_eq!(status.metadata().get(PROBLEM).unwrap(), "unknown");
        let status = Status::from(Problem::BadRequest("event 3: amount".to_owned()));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().starts_with("a bad request: event 3: amount: change"));
    }
}
