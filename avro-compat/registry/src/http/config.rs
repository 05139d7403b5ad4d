//! `/config`: compatibility, as it is set.

use axum::extract::State;

use super::App;
use super::body::Body;
use super::params::{Params, Scope};
use super::reply::{Json, Reply};
use super::shapes::{ConfigEcho, ConfigRequest};

/// `GET /config`, `GET /config/{subject}`
pub(super) async fn get(State(app): State<App>, Scope(scope): Scope, params: Params) -> Reply {
    let config = if params.flag("defaultToGlobal")? {
        app.registry.config_in_scope(&scope)
    } else {
        app.registry.config(&scope)?
    };
    Ok(Json::of(&config))
}

/// `PUT /config`, `PUT /config/{subject}`
pub(super) async fn put(
    State(app): State<App>,
    Scope(scope): Scope,
    Body(request): Body<ConfigRequest>,
) -> Reply {
    let update = request.update()?;
    let config = app.blocking(move |registry| registry.update_config(&scope, &update)).await?;
    Ok(Json::of(&ConfigEcho::of(&config)))
}

/// `DELETE /config`, `DELETE /config/{subject}`
pub(super) async fn delete(State(app): State<App>, Scope(scope): Scope) -> Reply {
    Ok(Json::of(&app.blocking(move |registry| registry.delete_config(&scope)).await?))
}
