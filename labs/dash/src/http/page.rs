//! The page's files, which are part of the program.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Nothing from elsewhere, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn headers(media: &'static str, caching: &'static str) -> [(HeaderName, HeaderValue); 5] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
    ]
}

fn file(media: &'static str, text: &'static str) -> Response {
    (headers(media, "no-cache"), text).into_response()
}

/// Figures, which nobody keeps.
pub(super) fn fresh(answer: &serde_json::Value) -> Response {
    (headers("application/json", "no-store"), answer.to_string()).into_response()
}

/// `GET /`
pub(super) async fn index() -> Response {
    file("text/html; charset=utf-8", include_str!("../../page/index.html"))
}

/// `GET /app.js`
pub(super) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../page/app.js"))
}

/// `GET /app.css`
pub(super) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../../page/app.css"))
}

/// `GET /icon.svg`
pub(super) async fn icon() -> Response {
    file("image/svg+xml", include_str!("../../page/icon.svg"))
}

/// `GET /uplot.js`: see `vendor/README.md`.
pub(super) async fn plot_script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../vendor/uPlot.iife.min.js"))
}

/// `GET /uplot.css`
pub(super) async fn plot_style() -> Response {
    file("text/css; charset=utf-8", include_str!("../../vendor/uPlot.min.css"))
}
