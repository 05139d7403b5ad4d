//! What stands before every route: who asks, how many at a time, for how long; and what is counted of it.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{App, Deadline};
use crate::Problem;
use crate::keys::Scope;

/// Lets a request through, or answers it.
pub(super) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|it| it.as_str().to_owned());
    let method = request.method().clone();
    let response = match deadline(request.headers(), app.options.timeout) {
        Err(problem) => problem.into_response(),
        Ok(allowed) => {
            // A route tells more of a deadline than this guard can: it has a moment more.
            request.extensions_mut().insert(Deadline(begun + allowed));
            let limit = allowed + Duration::from_secs(1);
            let admitted = admitted(&app, request, route.as_deref(), next);
            match tokio::time::timeout(limit, admitted).await {
                Ok(response) => response,
                Err(_) => Problem::Unknown.into_response(),
            }
        }
    };
    let status = response.status();
    if status.is_server_error() {
        // The route has no secrets in it; paths, headers and bodies might.
        let route = route.as_deref().unwrap_or("?");
        (app.options.log)(&format!("http {method} {route}: {status}"));
    }
    app.metrics.answered(&method, route.as_deref(), status.as_u16());
    response
}

/// How long the client wants to wait, if that is less than it may.
fn deadline(headers: &HeaderMap, most: Duration) -> Result<Duration, Problem> {
    let Some(said) = headers.get("x-deadline-ms") else { return Ok(most) };
    let milliseconds = said.to_str().ok().and_then(|it| it.parse().ok());
    let milliseconds = milliseconds.ok_or_else(|| {
        Problem::BadRequest("X-Deadline-Ms is no whole number of milliseconds".to_owned())
    })?;
    Ok(Duration::from_millis(milliseconds).min(most))
}

/// What a request takes; none for what anybody may see.
fn needs(method: &Method, route: Option<&str>) -> Option<Scope> {
    match (route, method) {
        // The page holds nothing; what it shows it has to ask for.
        (Some("/" | "/app/{file}" | "/health" | "/openapi.json"), _) => None,
        (Some("/v1/ledgers" | "/v1/checkpoint"), &Method::POST) => Some(Scope::Admin),
        (Some("/v1/query"), _) => Some(Scope::Read),
        (_, &Method::GET | &Method::HEAD) => Some(Scope::Read),
        _ => Some(Scope::Write),
    }
}

async fn admitted(app: &App, request: Request, route: Option<&str>, next: Next) -> Response {
    if app.keys.is_open() && !is_local(request.headers()) {
        let says = "without API keys only requests to a local host name are answered";
        return Problem::BadRequest(says.to_owned()).into_response();
    }
    let Some(scope) = needs(request.method(), route) else { return next.run(request).await };
    let Ok(_permit) = app.permits.acquire().await else { return Problem::Closing.into_response() };
    match admit(app, request.headers()).await {
        Ok(has) if has >= scope => next.run(request).await,
        Ok(_) => Problem::Forbidden(scope).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Whether the host that was asked for is this machine by a name that only this machine can mean: a web page whose name was made to point
/// here says another.
fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    // An address is no name that somebody else could redirect.
    if host.parse::<std::net::SocketAddr>().is_ok() || host.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

async fn admit(app: &App, headers: &HeaderMap) -> Result<Scope, Problem> {
    let key = bearer(headers).unwrap_or_default();
    if let Some(known) = app.keys.recall(key) {
        return known;
    }
    let (keys, key) = (app.keys.clone(), key.to_owned());
    let admitted = tokio::task::spawn_blocking(move || keys.admit(&key)).await;
    admitted.unwrap_or(Err(Problem::Unauthorized))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        let local = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            is_local(&headers)
        };
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:80",
            "[::1]",
            "LOCALHOST:1",
            "10.0.0.1",
        ] {
            assert!(local(host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "",
        ] {
            assert!(!local(host), "{host}");
        }
        assert!(is_local(&HeaderMap::new()));
    }

    #[test]
    fn what_takes_which_scope() {
        let needs = |method, route| super::needs(&method, Some(route));
        assert_eq!(needs(Method::POST, "/v1/ledgers"), Some(Scope::Admin));
        assert_eq!(needs(Method::GET, "/v1/ledgers"), Some(Scope::Read));
        assert_eq!(needs(Method::POST, "/v1/transfers"), Some(Scope::Write));
        assert_eq!(needs(Method::POST, "/v1/query"), Some(Scope::Read));
        assert_eq!(needs(Method::GET, "/metrics"), Some(Scope::Read));
        assert_eq!(needs(Method::GET, "/health"), None);
        assert_eq!(super::needs(&Method::DELETE, None), Some(Scope::Write));
    }
}
