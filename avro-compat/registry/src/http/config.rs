//! `/config`: compatibility, as it is set.

use axum::extract::{Path, State};

use super::App;
use super::body::Body;
use super::params::Params;
use super::reply::{Json, Reply};
use super::shapes::{ConfigEcho, ConfigRequest};
use crate::model::Subject;

/// `GET /config`
pub(super) async fn get_top(State(app): State<App>, params: Params) -> Reply {
    get(&app, &Subject::top_level(), &params)
}

/// `GET /config/{subject}`
pub(super) async fn get_one(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
) -> Reply {
    get(&app, &Subject::parse(&subject), &params)
}

fn get(app: &App, scope: &Subject, params: &Params) -> Reply {
    let config = if params.flag("defaultToGlobal")? {
        app.registry.config_in_scope(scope)
    } else {
        app.registry.config(scope)?
    };
    Ok(Json::of(&config))
}

/// `PUT /config`
pub(super) async fn put_top(State(app): State<App>, Body(request): Body<ConfigRequest>) -> Reply {
    put(&app, Subject::top_level(), request).await
}

/// `PUT /config/{subject}`
pub(super) async fn put_one(
    State(app): State<App>,
    Path(subject): Path<String>,
    Body(request): Body<ConfigRequest>,
) -> Reply {
    put(&app, Subject::parse(&subject), request).await
}

async fn put(app: &App, scope: Subject, request: ConfigRequest) -> Reply {
    let update = request.update()?;
    let config = app.blocking(move |registry| registry.update_config(&scope, &update)).await?;
    Ok(Json::of(&ConfigEcho::of(&config)))
}

/// `DELETE /config`
pub(super) async fn delete_top(State(app): State<App>) -> Reply {
    delete(&app, Subject::top_level()).await
}

/// `DELETE /config/{subject}`
pub(super) async fn delete_one(State(app): State<App>, Path(subject): Path<String>) -> Reply {
    delete(&app, Subject::parse(&subject)).await
}

async fn delete(app: &App, scope: Subject) -> Reply {
    Ok(Json::of(&app.blocking(move |registry| registry.delete_config(&scope)).await?))
}
