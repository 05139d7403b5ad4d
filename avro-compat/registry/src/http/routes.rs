//! Which request goes where.

use axum::Router;
use axum::routing::{delete, get, post, put};

use super::{
    App, associations, compatibility, config, contexts, mode, schemas, service, subjects, versions,
};

/// Every route: method and path.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("POST", "/"),
    ("GET", "/subjects"),
    ("POST", "/subjects/{subject}"),
    ("DELETE", "/subjects/{subject}"),
    ("GET", "/subjects/{subject}/metadata"),
    ("GET", "/subjects/{subject}/versions"),
    ("POST", "/subjects/{subject}/versions"),
    ("GET", "/subjects/{subject}/versions/{version}"),
    ("DELETE", "/subjects/{subject}/versions/{version}"),
    ("GET", "/subjects/{subject}/versions/{version}/schema"),
    ("GET", "/subjects/{subject}/versions/{version}/referencedby"),
    ("GET", "/schemas"),
    ("GET", "/schemas/types"),
    ("GET", "/schemas/ids/{id}"),
    ("GET", "/schemas/ids/{id}/schema"),
    ("GET", "/schemas/ids/{id}/subjects"),
    ("GET", "/schemas/ids/{id}/versions"),
    ("GET", "/schemas/guids/{guid}"),
    ("GET", "/schemas/guids/{guid}/ids"),
    ("POST", "/compatibility/subjects/{subject}/versions"),
    ("POST", "/compatibility/subjects/{subject}/versions/{version}"),
    ("GET", "/config"),
    ("PUT", "/config"),
    ("DELETE", "/config"),
    ("GET", "/config/{subject}"),
    ("PUT", "/config/{subject}"),
    ("DELETE", "/config/{subject}"),
    ("GET", "/mode"),
    ("PUT", "/mode"),
    ("DELETE", "/mode"),
    ("GET", "/mode/{subject}"),
    ("PUT", "/mode/{subject}"),
    ("DELETE", "/mode/{subject}"),
    ("GET", "/contexts"),
    ("DELETE", "/contexts/{context}"),
    ("POST", "/associations"),
    ("PUT", "/associations"),
    ("GET", "/associations/{guid}"),
    ("GET", "/associations/subjects/{subject}"),
    ("GET", "/associations/resources/{id}"),
    ("DELETE", "/associations/resources/{id}"),
    ("GET", "/associations/resources/{namespace}/{name}"),
    ("GET", "/v1/metadata/id"),
    ("GET", "/v1/metadata/version"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
];

/// What is about schemas, in the media types of schema registries.
pub(super) fn api() -> Router<App> {
    Router::new()
        .route("/", get(service::root).post(service::root))
        .route("/subjects", get(subjects::list))
        .route("/subjects/{subject}", post(subjects::look_up).delete(subjects::delete))
        .route("/subjects/{subject}/metadata", get(subjects::metadata))
        .route("/subjects/{subject}/versions", get(versions::list).post(versions::register))
        .route(
            "/subjects/{subject}/versions/{version}",
            get(versions::get).delete(versions::delete),
        )
        .route("/subjects/{subject}/versions/{version}/schema", get(versions::text))
        .route("/subjects/{subject}/versions/{version}/referencedby", get(versions::referenced_by))
        .route("/schemas", get(schemas::list))
        .route("/schemas/types", get(schemas::types))
        .route("/schemas/ids/{id}", get(schemas::by_id))
        .route("/schemas/ids/{id}/schema", get(schemas::text_of_id))
        .route("/schemas/ids/{id}/subjects", get(schemas::subjects_of_id))
        .route("/schemas/ids/{id}/versions", get(schemas::versions_of_id))
        .route("/schemas/guids/{guid}", get(schemas::by_guid))
        .route("/schemas/guids/{guid}/ids", get(schemas::ids_of_guid))
        .route("/compatibility/subjects/{subject}/versions", post(compatibility::with_all))
        .route(
            "/compatibility/subjects/{subject}/versions/{version}",
            post(compatibility::with_one),
        )
        .route("/config", get(config::get).put(config::put).delete(config::delete))
        .route("/config/{subject}", get(config::get).put(config::put).delete(config::delete))
        .route("/mode", get(mode::get).put(mode::put).delete(mode::delete))
        .route("/mode/{subject}", get(mode::get).put(mode::put).delete(mode::delete))
        .route("/contexts", get(contexts::list))
        .route("/contexts/{context}", delete(contexts::delete))
        .route("/associations", put(associations::refuse).post(associations::refuse))
        .route("/associations/{guid}", get(associations::by_guid))
        .route("/associations/subjects/{subject}", get(associations::list))
        .route("/associations/resources/{id}", get(associations::list).delete(associations::delete))
        .route("/associations/resources/{namespace}/{name}", get(associations::list))
        .route("/v1/metadata/id", get(service::id))
        .route("/v1/metadata/version", get(service::version))
}

/// What is about the server, in media types of its own.
pub(super) fn service() -> Router<App> {
    Router::new()
        .route("/health", get(service::health))
        .route("/metrics", get(service::metrics))
        .route("/openapi.json", get(service::openapi))
}
