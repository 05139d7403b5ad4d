//! Media types: what clients may send, and what they get.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Problem;

/// What is sent unless something else is asked for.
pub(super) const DEFAULT: &str = "application/vnd.schemaregistry.v1+json";

/// What can be asked for and may be sent; all of it is JSON.
pub(super) const KNOWN: [&str; 3] =
    [DEFAULT, "application/vnd.schemaregistry+json", "application/json"];

/// Refuses clients that understand nothing that can be sent, and tells others that it is what they asked for.
pub(super) async fn negotiate(request: Request, next: Next) -> Response {
    let Some(chosen) = accepted(request.headers()) else {
        return Problem::not_acceptable().into_response();
    };
    let mut response = next.run(request).await;
    if response.headers().contains_key(header::CONTENT_TYPE) {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(chosen));
    }
    response
}

/// The media type that the client likes best, of several the first that is listed here.
fn accepted(headers: &HeaderMap) -> Option<&'static str> {
    let mut best: Option<(&'static str, f32)> = None;
    let mut asked = false;
    for range in headers.get_all(header::ACCEPT) {
        for range in
            range.to_str().unwrap_or_default().split(',').filter(|it| !it.trim().is_empty())
        {
            asked = true;
            let (range, quality) = parse(range);
            let found = KNOWN.into_iter().find(|it| matches(&range, it));
            if let Some(found) = found
                && quality > 0.0
                && best.is_none_or(|it| quality > it.1)
            {
                best = Some((found, quality));
            }
        }
    }
    if asked { best.map(|it| it.0) } else { Some(DEFAULT) }
}

fn parse(range: &str) -> (String, f32) {
    let mut parts = range.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let quality = parts.filter_map(|it| it.trim().strip_prefix("q=")?.trim().parse().ok()).next();
    (name, quality.unwrap_or(1.0))
}

fn matches(range: &str, media: &str) -> bool {
    range == "*/*" || range == "application/*" || range == media
}

/// Whether a body is of a type that is understood here.
pub(super) fn is_understood(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let (name, _) = parse(value.to_str().unwrap_or_default());
    // Without a type, some clients say that it is bytes.
    KNOWN.contains(&name.as_str()) || name == "application/octet-stream"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(accept: &[&str]) -> HeaderMap {
        accept.iter().map(|it| (header::ACCEPT, HeaderValue::from_str(it).unwrap())).collect()
    }

    #[test]
    fn what_is_sent() {
        for (accept, expected) in [
            (vec![], Some(DEFAULT)),
            (vec!["*/*"], Some(DEFAULT)),
            (vec!["application/json"], Some("application/json")),
            (
                vec!["application/json, application/vnd.schemaregistry+json"],
                Some("application/json"),
            ),
            (
                vec!["application/vnd.schemaregistry.v1+json; q=0.5, application/json"],
                Some("application/json"),
            ),
            (vec!["text/html", "application/*;q=0.8"], Some(DEFAULT)),
            (vec!["text/html, */*; q=0.1"], Some(DEFAULT)),
            (vec!["text/html"], None),
            (vec!["application/json;q=0"], None),
        ] {
            assert_eq!(accepted(&headers(&accept)), expected, "{accept:?}");
        }
    }
}
