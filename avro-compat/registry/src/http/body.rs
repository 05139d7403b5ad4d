//! Bodies of requests.

use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::{App, Problem, media};

/// A body that is JSON of a shape.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let limit = app.options.max_body_bytes;
        let (parts, body) = request.into_parts();
        let announced = parts.headers.get(axum::http::header::CONTENT_LENGTH);
        let announced = announced.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|it| it > limit as u64) {
            return Err(Problem::too_large(limit));
        }
        if !media::is_understood(&parts.headers) {
            return Err(Problem::unsupported_media_type());
        }
        let bytes = match Limited::new(body, limit).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Problem::too_large(limit)),
            Err(_) => return Err(Problem::bad_request("the body ended before it was whole")),
        };
        if bytes.trim_ascii().is_empty() {
            return Err(Problem::no_body());
        }
        match serde_json::from_slice::<Option<T>>(&bytes) {
            Ok(Some(value)) => Ok(Self(value)),
            Ok(None) => Err(Problem::no_body()),
            Err(error) => {
                Err(Problem::bad_request(format!("the body is not what it should be: {error}")))
            }
        }
    }
}
