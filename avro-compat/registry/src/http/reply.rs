//! Responses.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Problem, media};

/// What a route answers with.
pub(super) type Reply<T = Json> = Result<T, Problem>;

/// A value, as JSON.
pub(super) struct Json(Response);

impl Json {
    pub fn of(value: &impl Serialize) -> Self {
        Self(json(StatusCode::OK, value))
    }

    /// Text that is JSON already.
    pub fn raw(text: String) -> Self {
        Self(bytes(StatusCode::OK, text.into_bytes()))
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        self.0
    }
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => bytes(status, body),
        Err(_) => bytes(
            StatusCode::INTERNAL_SERVER_ERROR,
            br#"{"error_code":50005,"message":"the answer cannot be written as JSON"}"#.to_vec(),
        ),
    }
}

fn bytes(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media::DEFAULT));
    response
}
