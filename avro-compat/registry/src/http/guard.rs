//! What stands before every route: who asks, how many at a time, for how long; and what is measured of it.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{App, Problem};

/// Lets a request through, or answers it.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|it| it.as_str().to_owned());
    let method = request.method().clone();
    let limit = app.options.timeout;
    let response = match tokio::time::timeout(limit, admitted(&app, request, next)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout(limit.as_secs()).into_response(),
    };
    let status = response.status();
    if status.is_server_error() {
        // The path has no secrets in it; headers and bodies might.
        let route = route.as_deref().unwrap_or("?");
        (app.options.log)(&format!("{method} {route}: {status}"));
    }
    app.metrics.answered(&method, route.as_deref(), status, begun.elapsed());
    response
}

async fn admitted(app: &App, request: Request, next: Next) -> Response {
    // That it lives may be asked by anybody, however busy it is.
    if request.uri().path() == "/health" {
        return next.run(request).await;
    }
    let Ok(_permit) = app.permits.acquire().await else {
        return Problem::busy().into_response();
    };
    let _working = app.metrics.working();
    if let Some(users) = &app.options.users
        && !users.admit(request.headers()).await
    {
        return Problem::unauthorized().into_response();
    }
    next.run(request).await
}
