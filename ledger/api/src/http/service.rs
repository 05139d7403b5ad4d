//! What is about the server itself.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::reply::{self, Reply};
use super::{App, Deadline};
use crate::{metrics, reads};

/// `GET /health`: 200 as long as the ledger takes requests.
pub(super) async fn health(State(app): State<App>) -> Response {
    match app.desk.closed() {
        None => reply::json(StatusCode::OK, &json!({"status": "ok"})),
        Some(problem) => problem.into_response(),
    }
}

/// `GET /v1/status`
pub(super) async fn status(State(app): State<App>, deadline: Deadline) -> Reply {
    let status = app.desk.read(deadline.0, |node| Ok(reads::status(node))).await?;
    let events = app.desk.progress().borrow().events;
    reply::ok(&json!({
        "op": status.op.to_string(),
        "timestamp": status.timestamp.to_string(),
        "hash": status.hash.iter().map(|it| format!("{it:02x}")).collect::<String>(),
        "accounts": status.accounts,
        "pending_transfers": status.pending,
        "events": events.to_string(),
        "waiting": app.desk.waiting(),
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// `GET /metrics`
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let progress = *app.desk.progress().borrow();
    let text = app.metrics.text(&progress, app.desk.waiting(), app.desk.closed().is_none());
    let media = HeaderValue::from_static(metrics::MEDIA_TYPE);
    ([(header::CONTENT_TYPE, media)], text).into_response()
}
