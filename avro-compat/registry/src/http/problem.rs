//! Errors as responses.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{media, reply};
use crate::error::Error;

/// Why a request is not answered with what it asks for, in terms of HTTP.
#[derive(Debug)]
pub(super) struct Problem {
    pub status: StatusCode,
    pub code: u32,
    pub message: String,
}

impl Problem {
    fn of(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: status.as_u16().into(), message: message.into() }
    }

    pub fn not_found() -> Self {
        Self::of(StatusCode::NOT_FOUND, "HTTP 404 Not Found")
    }

    pub fn method_not_allowed() -> Self {
        Self::of(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
    }

    pub fn not_acceptable() -> Self {
        let known = media::KNOWN.join(", ");
        Self::of(
            StatusCode::NOT_ACCEPTABLE,
            format!("HTTP 406 Not Acceptable: accept one of {known}"),
        )
    }

    pub fn unsupported_media_type() -> Self {
        let known = media::KNOWN.join(", ");
        let message = format!("HTTP 415 Unsupported Media Type: send one of {known}");
        Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, message)
    }

    pub fn no_body() -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, "The request body may not be null: send JSON")
    }

    pub fn too_large(limit: usize) -> Self {
        let message = format!("HTTP 413 Content Too Large: a body has at most {limit} bytes");
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub fn timeout(seconds: u64) -> Self {
        let message = format!("Request took more than {seconds} seconds: operation timed out");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: 50002, message }
    }

    pub fn unauthorized() -> Self {
        Self::of(
            StatusCode::UNAUTHORIZED,
            "Unauthorized: send the name and password of a user of this registry",
        )
    }

    pub fn busy() -> Self {
        Self::of(
            StatusCode::SERVICE_UNAVAILABLE,
            "HTTP 503 Service Unavailable: too many requests wait, try again",
        )
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        // Codes begin with statuses of HTTP.
        let status = StatusCode::from_u16(error.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code: error.code(), message: error.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({"error_code": self.code, "message": self.message});
        let mut response = reply::json(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            let realm =
                HeaderValue::from_static("Basic realm=\"schema-registry\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}
