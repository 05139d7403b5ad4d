//! `/compatibility`: whether a schema could be registered.

use axum::extract::{Path, State};

use super::App;
use super::body::Body;
use super::params::Params;
use super::reply::{Json, Reply};
use super::shapes::{CompatibilityReply, SchemaRequest};
use crate::error::Error;
use crate::model::{Subject, VersionId};

/// `POST /compatibility/subjects/{subject}/versions`
pub(super) async fn with_all(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
    Body(request): Body<SchemaRequest>,
) -> Reply {
    check(&app, subject, None, &params, request).await
}

/// `POST /compatibility/subjects/{subject}/versions/{version}`
pub(super) async fn with_one(
    State(app): State<App>,
    Path((subject, version)): Path<(String, String)>,
    params: Params,
    Body(request): Body<SchemaRequest>,
) -> Reply {
    check(&app, subject, Some(version.parse()?), &params, request).await
}

async fn check(
    app: &App,
    subject: String,
    against: Option<VersionId>,
    params: &Params,
    request: SchemaRequest,
) -> Reply {
    let (verbose, normalize) = (params.flag("verbose")?, params.flag("normalize")?);
    let messages = app
        .blocking(move |registry| {
            let subject = registry.resolve_alias(Subject::parse(&subject));
            match registry.incompatibilities(&subject, against, &request.sent(), normalize) {
                // Who wants to know all wants to know this, too.
                Err(Error::InvalidSchema { reason }) if verbose => Ok(vec![reason]),
                result => result,
            }
        })
        .await?;
    let is_compatible = messages.is_empty();
    Ok(Json::of(&CompatibilityReply { is_compatible, messages: verbose.then_some(messages) }))
}
