//! Which path is whose.

use axum::Router;
use axum::routing::{get, post};

use super::{App, accounts, feed, ledgers, page, query, service, transactions, transfers};

/// Every route, with its methods: what `/openapi.json` describes.
pub const ROUTES: &[(&str, &[&str])] = &[
    ("/v1/ledgers", &["get", "post"]),
    ("/v1/accounts", &["get", "post"]),
    ("/v1/accounts/{id}", &["get"]),
    ("/v1/accounts/{id}/transfers", &["get"]),
    ("/v1/accounts/{id}/balances", &["get"]),
    ("/v1/accounts/{id}/statement", &["get"]),
    ("/v1/transfers", &["post"]),
    ("/v1/transfers/{id}", &["get"]),
    ("/v1/transactions", &["post"]),
    ("/v1/query", &["post"]),
    ("/v1/trial-balance", &["get"]),
    ("/v1/status", &["get"]),
    ("/v1/feed", &["get"]),
    ("/v1/checkpoint", &["post"]),
    ("/health", &["get"]),
    ("/metrics", &["get"]),
    ("/openapi.json", &["get"]),
];

pub(super) fn all() -> Router<App> {
    Router::new()
        .route("/v1/ledgers", get(ledgers::list).post(ledgers::create))
        .route("/v1/accounts", get(accounts::list).post(accounts::create))
        .route("/v1/accounts/{id}", get(accounts::one))
        .route("/v1/accounts/{id}/transfers", get(accounts::transfers))
        .route("/v1/accounts/{id}/balances", get(accounts::balances))
        .route("/v1/accounts/{id}/statement", get(accounts::statement))
        .route("/v1/transfers", post(transfers::create))
        .route("/v1/transfers/{id}", get(transfers::one))
        .route("/v1/transactions", post(transactions::create))
        .route("/v1/query", post(query::query))
        .route("/v1/trial-balance", get(ledgers::trial_balance))
        .route("/v1/status", get(service::status))
        .route("/v1/feed", get(feed::feed))
        .route("/v1/checkpoint", post(ledgers::checkpoint))
        .route("/health", get(service::health))
        .route("/metrics", get(service::metrics))
        .route("/openapi.json", get(page::openapi))
        .route("/", get(page::index))
        .route("/app/{file}", get(page::part))
}
