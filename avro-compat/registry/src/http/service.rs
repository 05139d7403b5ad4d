//! What is about the server itself.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::reply::{self, Json, Reply};
use super::{App, Problem, openapi};
use crate::metrics;

/// `GET /`
pub(super) async fn root() -> Reply {
    Ok(Json::of(&json!({})))
}

/// `GET /v1/metadata/id`
pub(super) async fn id() -> Reply {
    let scope = json!({"path": [], "clusters": {"schema-registry-cluster": "schema-registry"}});
    Ok(Json::of(&json!({"id": "", "scope": scope})))
}

/// `GET /v1/metadata/version`
pub(super) async fn version() -> Reply {
    Ok(Json::of(&json!({"version": env!("CARGO_PKG_VERSION"), "commitId": ""})))
}

/// `GET /health`: 200 if the last write to the database succeeded, or there was none.
pub(super) async fn health(State(app): State<App>) -> Response {
    match app.registry.check_health() {
        Ok(()) => reply::json(StatusCode::OK, &json!({"status": "ok"})),
        Err(error) => {
            let problem = Problem { status: StatusCode::SERVICE_UNAVAILABLE, ..error.into() };
            problem.into_response()
        }
    }
}

/// `GET /metrics`
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let text = app.metrics.text(&app.registry);
    (with_type(metrics::MEDIA_TYPE), text).into_response()
}

/// `GET /openapi.json`
pub(super) async fn openapi() -> Response {
    (with_type("application/json"), openapi::TEXT).into_response()
}

fn with_type(media: &'static str) -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CONTENT_TYPE, HeaderValue::from_static(media))]
}
