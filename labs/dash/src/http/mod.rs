//! The page, and what it asks for. It only reads: there is nothing here that changes anything.

mod page;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;

use crate::board::Board;
use crate::series::Millis;

/// All routes. On an address of this machine only, requests must be for this machine by name: another site's page, whose name somebody has made to lead here, gets
/// nothing.
pub fn router(board: Arc<Board>, address: SocketAddr) -> Router {
    let router = Router::new()
        .route("/", get(page::index))
        .route("/app.js", get(page::script))
        .route("/app.css", get(page::style))
        .route("/uplot.js", get(page::plot_script))
        .route("/uplot.css", get(page::plot_style))
        .route("/icon.svg", get(page::icon))
        .route("/api/dashboard", get(dashboard))
        .route("/api/history", get(history))
        .with_state(board);
    if address.ip().is_loopback() { router.layer(from_fn(only_here)) } else { router }
}

async fn only_here(request: Request, next: Next) -> Response {
    let host =
        request.headers().get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|it| it.1.chars().all(|it| it.is_ascii_digit()))
        .map_or(host, |it| it.0);
    let ip = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    if name == "localhost" || ip.is_ok_and(|it| it.is_loopback()) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "this is localhost, and you asked for somebody else\n")
            .into_response()
    }
}

/// `GET /api/dashboard`: panels and targets.
async fn dashboard(State(board): State<Arc<Board>>) -> Response {
    let panels: Vec<_> = board
        .dashboard()
        .panels
        .iter()
        .map(|panel| {
            let queries: Vec<&str> = panel.queries.iter().map(|it| it.text.as_str()).collect();
            json!({"id": panel.id, "title": panel.title, "unit": panel.unit, "what": panel.what, "queries": queries})
        })
        .collect();
    let options = board.options();
    page::fresh(&json!({
        "title": board.dashboard().title,
        "every_ms": options.every.as_millis() as u64,
        "moments": options.moments,
        "panels": panels,
    }))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: Millis,
}

/// `GET /api/history?since=MILLISECONDS`: what panels have shown since then, and how targets do now.
async fn history(
    State(board): State<Arc<Board>>,
    Query(Since { since }): Query<Since>,
) -> Response {
    page::fresh(&json!({"history": board.since(since), "targets": board.targets()}))
}
