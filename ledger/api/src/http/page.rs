//! The page for people, and the description for programs: files of this crate.

use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::Problem;

/// Nothing from elsewhere, nothing inline, in nobody's frame; and no text becomes markup or a program.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

macro_rules! parts {
    ($($name:literal: $media:literal),* $(,)?) => {
        &[$(($name, $media, include_str!(concat!("page/", $name)))),*]
    };
}

/// Name, media type, content.
const PARTS: &[(&str, &str, &str)] = parts! {
    "page.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "main.js": "text/javascript; charset=utf-8",
    "account.js": "text/javascript; charset=utf-8",
    "ask.js": "text/javascript; charset=utf-8",
    "currencies.js": "text/javascript; charset=utf-8",
    "entries.js": "text/javascript; charset=utf-8",
    "entry.js": "text/javascript; charset=utf-8",
    "header.js": "text/javascript; charset=utf-8",
    "money.js": "text/javascript; charset=utf-8",
    "overview.js": "text/javascript; charset=utf-8",
    "statement.js": "text/javascript; charset=utf-8",
    "table.js": "text/javascript; charset=utf-8",
};

fn file(media: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

/// `GET /`
pub(super) async fn index() -> Response {
    file("text/html; charset=utf-8", include_str!("page/index.html"))
}

/// `GET /app/{file}`: what the page consists of.
pub(super) async fn part(Path(name): Path<String>) -> Response {
    match PARTS.iter().find(|it| it.0 == name) {
        Some((_, media, text)) => file(media, text),
        None => Problem::NotFound("such part of the page".to_owned()).into_response(),
    }
}

/// `GET /openapi.json`
pub(super) async fn openapi() -> Response {
    file("application/json", include_str!("openapi.json"))
}
