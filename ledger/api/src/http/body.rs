//! Bodies of requests: one event or an array of them.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::App;
use super::object::Object;
use crate::Problem;

/// A body that is JSON of a shape.
pub(super) struct Json<T>(pub T);

/// A body that is one event, or an array of events.
pub(super) struct Events<T> {
    /// The events.
    pub all: Vec<T>,
    /// Whether it was one alone, and no array.
    pub single: bool,
}

async fn bytes(request: Request, limit: usize) -> Result<axum::body::Bytes, Problem> {
    let too_large = || Problem::TooLarge(format!("a body has at most {limit} bytes"));
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|it| it > limit as u64) {
        return Err(too_large());
    }
    // Also what keeps a foreign web page from posting here without being asked whether it may.
    let media =
        parts.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(Problem::BadRequest("its Content-Type is not application/json".to_owned()));
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::BadRequest("the body ended before it was whole".to_owned())),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::BadRequest(format!("the body is not what it should be: {error}")))
}

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let Object(value) = parse(&bytes(request, app.options.max_body_bytes).await?)?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Events<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let bytes = bytes(request, app.options.max_body_bytes).await?;
        // Told apart here, so that an error says what is wrong with the event, and not that it is neither.
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            let all: Vec<Object<T>> = parse(&bytes)?;
            Ok(Self { all: all.into_iter().map(|it| it.0).collect(), single: false })
        } else {
            let Object(one) = parse(&bytes)?;
            Ok(Self { all: vec![one], single: true })
        }
    }
}
