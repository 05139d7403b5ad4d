//! `/subjects`: subjects, and which version of one a schema is.

use axum::extract::{Path, State};

use super::App;
use super::body::Body;
use super::params::Params;
use super::reply::{Json, Reply};
use super::shapes::{SchemaRequest, VersionReply};
use crate::model::{Subject, SubjectPrefix};
use crate::registry::Deleted;

/// More subjects than this are not listed at once.
const MOST: usize = 20_000;

/// `GET /subjects`
pub(super) async fn list(State(app): State<App>, params: Params) -> Reply {
    let prefix = params.text("subjectPrefix").map_or_else(SubjectPrefix::all, SubjectPrefix::parse);
    let (skip, take) = params.page(MOST)?;
    let subjects = app.registry.subjects(&prefix, deleted(&params)?);
    let page = subjects.iter().skip(skip).take(take).map(ToString::to_string);
    Ok(Json::of(&page.collect::<Vec<_>>()))
}

/// Which are asked for.
pub(super) fn deleted(params: &Params) -> Reply<Deleted> {
    Ok(match (params.flag("deletedOnly")?, params.flag("deleted")?) {
        (true, _) => Deleted::Only,
        (false, true) => Deleted::Included,
        (false, false) => Deleted::Excluded,
    })
}

/// `POST /subjects/{subject}`
pub(super) async fn look_up(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
    Body(request): Body<SchemaRequest>,
) -> Reply {
    let (normalize, deleted) = (params.flag("normalize")?, params.flag("deleted")?);
    let resolved = params.text("format") == Some("resolved");
    let (found, text) = app
        .blocking(move |registry| {
            let subject = registry.resolve_alias(Subject::parse(&subject));
            let found = registry.look_up(&subject, &request.sent(), normalize, deleted)?;
            let text = || registry.resolved_text(found.subject.context(), &found.schema);
            let text = resolved.then(text).transpose()?;
            Ok((found, text))
        })
        .await?;
    let mut reply = VersionReply::of(&found);
    if let Some(text) = text {
        reply.schema.schema = text.into();
    }
    Ok(Json::of(&reply))
}

/// `GET /subjects/{subject}/metadata`
pub(super) async fn metadata(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
) -> Reply {
    let deleted = params.flag("deleted")?;
    let pairs = params.all("key").zip(params.all("value"));
    let pairs: Vec<_> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let subject = app.registry.resolve_alias(Subject::parse(&subject));
    let found = app.registry.latest_with_metadata(&subject, &pairs, deleted)?;
    Ok(Json::of(&VersionReply::of(&found)))
}

/// `DELETE /subjects/{subject}`
pub(super) async fn delete(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
) -> Reply {
    let permanent = params.flag("permanent")?;
    let deleted = app
        .blocking(move |registry| {
            let subject = registry.resolve_alias(Subject::parse(&subject));
            registry.delete_subject(&subject, permanent)
        })
        .await?;
    Ok(Json::of(&deleted))
}
