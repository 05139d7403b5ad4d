//! `/contexts`: spaces of subjects and ids.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::App;
use super::params::Params;
use super::reply::{Json, Reply};
use crate::model::Context;

/// More contexts than this are not listed at once.
const MOST: usize = 20_000;

/// `GET /contexts`
pub(super) async fn list(State(app): State<App>, params: Params) -> Reply {
    let (skip, take) = params.page(MOST)?;
    let prefix = params.text("contextPrefix").unwrap_or_default();
    let contexts = app.registry.contexts();
    let asked = contexts.iter().map(Context::as_str).filter(|it| it.starts_with(prefix));
    Ok(Json::of(&asked.skip(skip).take(take).collect::<Vec<_>>()))
}

/// `DELETE /contexts/{context}`
pub(super) async fn delete(
    State(app): State<App>,
    Path(context): Path<String>,
) -> Reply<StatusCode> {
    let context = Context::parse(&context);
    app.blocking(move |registry| registry.delete_context(&context)).await?;
    Ok(StatusCode::NO_CONTENT)
}
