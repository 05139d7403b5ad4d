//! `/mode`: what may be done, as it is set.

use axum::extract::State;

use super::App;
use super::body::Body;
use super::params::{Params, Scope};
use super::reply::{Json, Reply};
use super::shapes::{ModeReply, ModeRequest};

/// `GET /mode`, `GET /mode/{subject}`
pub(super) async fn get(State(app): State<App>, Scope(scope): Scope, params: Params) -> Reply {
    let mode = if params.flag("defaultToGlobal")? {
        app.registry.mode_in_scope(&scope)
    } else {
        app.registry.mode(&scope)?
    };
    Ok(Json::of(&ModeReply::of(Some(mode))))
}

/// `PUT /mode`, `PUT /mode/{subject}`
pub(super) async fn put(
    State(app): State<App>,
    Scope(scope): Scope,
    params: Params,
    Body(request): Body<ModeRequest>,
) -> Reply {
    let (force, mode) = (params.flag("force")?, request.mode()?);
    app.blocking(move |registry| registry.set_mode(&scope, mode, force)).await?;
    Ok(Json::of(&ModeReply::of(mode)))
}

/// `DELETE /mode`, `DELETE /mode/{subject}`
pub(super) async fn delete(State(app): State<App>, Scope(scope): Scope, params: Params) -> Reply {
    let recursive = params.flag("recursive")?;
    let old = app.blocking(move |registry| registry.delete_mode(&scope, recursive)).await?;
    Ok(Json::of(&ModeReply::of(old)))
}
