//! Responses.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledger::model::Code;
use serde::Serialize;
use serde_json::json;

use crate::Problem;

/// What a route answers with.
pub(super) type Reply = Result<Response, Problem>;

/// A value, as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let (status, body) = match serde_json::to_vec(value) {
        Ok(body) => (status, body),
        // Nothing that is written here has a key that is no string, or a number that is none.
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A value that was asked for.
pub(super) fn ok(value: &impl Serialize) -> Reply {
    Ok(json(StatusCode::OK, value))
}

/// The status of one event's outcome.
pub(super) fn status(code: Code) -> StatusCode {
    match code.number() {
        0 => StatusCode::CREATED,
        1 => StatusCode::OK,
        30..=49 => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// What to do about an event that was refused.
pub(super) fn advice(code: Code) -> &'static str {
    match code.number() {
        0 | 1 => "nothing: it is in the ledger",
        2 => {
            "look at the event of the chain that has another code; send the chain again with new ids where ids were refused"
        }
        3 => "let the last event of the chain be unlinked",
        10..=19 | 50..=64 => "change the request; it can never succeed as it is",
        30..=42 => "use a new id, or send exactly what was sent under this id before",
        80..=93 => "check ids and ledgers, then send it under a new id: this id keeps its answer",
        94..=98 => "look at the pending transfer; this id keeps its answer",
        99 | 100 => "the account takes no more transfers; void what closed it, and use a new id",
        101..=107 => "use other accounts or amounts, under a new id",
        108 | 109 => {
            "move less, or move money there first; then use a new id: this id keeps its answer"
        }
        _ => "see the documentation of this code",
    }
}

/// A method that a route does not have.
pub(super) fn method_not_allowed() -> Response {
    let error = json!({
        "code": "method_not_allowed",
        "says": "this route has no such method",
        "do": "see /openapi.json",
    });
    json(StatusCode::METHOD_NOT_ALLOWED, &json!({"error": error}))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Busy | Self::Closing | Self::Stopped(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Expired | Self::Unknown => StatusCode::GATEWAY_TIMEOUT,
            Self::NoRoom(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::BadFrame(_) | Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Other { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let error = json!({"code": self.name(), "says": self.to_string(), "do": self.advice()});
        let mut response = json(status, &json!({"error": error}));
        match self {
            Self::Unauthorized => {
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Busy => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}
