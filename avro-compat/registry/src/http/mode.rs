//! `/mode`: what may be done, as it is set.

use axum::extract::{Path, State};

use super::App;
use super::body::Body;
use super::params::Params;
use super::reply::{Json, Reply};
use super::shapes::{ModeReply, ModeRequest};
use crate::model::Subject;

/// `GET /mode`
pub(super) async fn get_top(State(app): State<App>, params: Params) -> Reply {
    get(&app, &Subject::top_level(), &params)
}

/// `GET /mode/{subject}`
pub(super) async fn get_one(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
) -> Reply {
    get(&app, &Subject::parse(&subject), &params)
}

fn get(app: &App, scope: &Subject, params: &Params) -> Reply {
    let mode = if params.flag("defaultToGlobal")? {
        app.registry.mode_in_scope(scope)
    } else {
        app.registry.mode(scope)?
    };
    Ok(Json::of(&ModeReply::of(Some(mode))))
}

/// `PUT /mode`
pub(super) async fn put_top(
    State(app): State<App>,
    params: Params,
    Body(request): Body<ModeRequest>,
) -> Reply {
    put(&app, Subject::top_level(), &params, request).await
}

/// `PUT /mode/{subject}`
pub(super) async fn put_one(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
    Body(request): Body<ModeRequest>,
) -> Reply {
    put(&app, Subject::parse(&subject), &params, request).await
}

async fn put(app: &App, scope: Subject, params: &Params, request: ModeRequest) -> Reply {
    let (force, mode) = (params.flag("force")?, request.mode()?);
    app.blocking(move |registry| registry.set_mode(&scope, mode, force)).await?;
    Ok(Json::of(&ModeReply::of(mode)))
}

/// `DELETE /mode`
pub(super) async fn delete_top(State(app): State<App>, params: Params) -> Reply {
    delete(&app, Subject::top_level(), &params).await
}

/// `DELETE /mode/{subject}`
pub(super) async fn delete_one(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
) -> Reply {
    delete(&app, Subject::parse(&subject), &params).await
}

async fn delete(app: &App, scope: Subject, params: &Params) -> Reply {
    let recursive = params.flag("recursive")?;
    let old = app.blocking(move |registry| registry.delete_mode(&scope, recursive)).await?;
    Ok(Json::of(&ModeReply::of(old)))
}
