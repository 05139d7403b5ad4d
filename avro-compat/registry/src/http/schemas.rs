//! `/schemas`: schemas by their ids.

use axum::extract::{Path, State};
use serde_json::json;

use super::params::{Params, id};
use super::reply::{Json, Reply};
use super::shapes::{SchemaOfIdReply, SchemaReply, VersionReply};
use super::versions::{self, qualified};
use super::{App, Problem, subjects};
use crate::error::Error;
use crate::model::{Context, Guid, SchemaId, Subject, SubjectPrefix};
use crate::registry::{Deleted, SchemaOfId};

/// More schemas than this are not listed at once.
const MOST: usize = 1_000;

/// `GET /schemas`
pub(super) async fn list(State(app): State<App>, params: Params) -> Reply {
    let prefix = SubjectPrefix::parse(params.text("subjectPrefix").unwrap_or_default());
    let deleted = subjects::deleted(&params)? != Deleted::Excluded;
    let latest_only = params.flag("latestOnly")?;
    let page = params.page(MOST)?;
    let found = app.blocking(move |it| it.schemas(&prefix, deleted, latest_only, page)).await?;
    Ok(Json::of(&found.iter().map(VersionReply::of).collect::<Vec<_>>()))
}

/// `GET /schemas/types`
pub(super) async fn types() -> Reply {
    Ok(Json::of(&["AVRO"]))
}

/// `GET /schemas/ids/{id}`
pub(super) async fn by_id(
    State(app): State<App>,
    Path(number): Path<String>,
    params: Params,
) -> Reply {
    let (found, text) = find(&app, id(&number)?, &params).await?;
    let mut reply = reply(&found, params.flag("fetchMaxId")?);
    if params.text("referenceFormat") == Some("qualified") {
        let context = context(&params);
        let beside = found.version.as_ref().map_or(&context, |it| &it.0);
        reply.schema.references = qualified(beside, &found.schema.references).into();
    }
    if let Some(text) = text {
        reply.schema.schema = text.into();
    }
    Ok(Json::of(&reply))
}

/// `GET /schemas/ids/{id}/schema`
pub(super) async fn text_of_id(
    State(app): State<App>,
    Path(number): Path<String>,
    params: Params,
) -> Reply {
    let (found, text) = find(&app, id(&number)?, &params).await?;
    Ok(Json::raw(text.unwrap_or_else(|| found.schema.schema.clone())))
}

async fn find(app: &App, id: SchemaId, params: &Params) -> Reply<(SchemaOfId, Option<String>)> {
    let found = app.registry.schema(id, params.text("subject"))?;
    if params.text("format") != Some("resolved") {
        return Ok((found, None));
    }
    let stored = found.schema.clone();
    let context = found.version.as_ref().map_or_else(|| context(params), |it| it.0.clone());
    let text = app.blocking(move |it| it.resolved_text(context.context(), &stored)).await?;
    Ok((found, Some(text)))
}

/// The context that is asked for, which is where the schema is if it is no version of a subject.
fn context(params: &Params) -> Subject {
    let subject = params.text("subject").map_or_else(Subject::top_level, Subject::parse);
    Subject::new(subject.context().clone(), "")
}

fn reply(found: &SchemaOfId, with_max_id: bool) -> SchemaOfIdReply<'_> {
    SchemaOfIdReply {
        subject: found.version.as_ref().map(|it| it.0.to_string()),
        version: found.version.as_ref().map(|it| it.1),
        guid: found.guid.to_string(),
        schema: SchemaReply::of(&found.schema),
        max_id: with_max_id.then_some(found.max_id),
    }
}

/// The versions that are of an id's schema.
fn of_id(app: &App, number: &str, params: &Params) -> Reply<Vec<(Subject, u32)>> {
    let deleted = params.flag("deleted")?;
    Ok(app.registry.versions_of_id(id(number)?, params.text("subject"), deleted)?)
}

/// `GET /schemas/ids/{id}/subjects`
pub(super) async fn subjects_of_id(
    State(app): State<App>,
    Path(number): Path<String>,
    params: Params,
) -> Reply {
    let (skip, take) = params.page(versions::MOST)?;
    let versions = of_id(&app, &number, &params)?;
    let mut subjects: Vec<_> = versions.iter().map(|it| it.0.to_string()).collect();
    subjects.dedup();
    Ok(Json::of(&subjects.iter().skip(skip).take(take).collect::<Vec<_>>()))
}

/// `GET /schemas/ids/{id}/versions`
pub(super) async fn versions_of_id(
    State(app): State<App>,
    Path(number): Path<String>,
    params: Params,
) -> Reply {
    let (skip, take) = params.page(versions::MOST)?;
    let versions = of_id(&app, &number, &params)?;
    let page = versions.iter().skip(skip).take(take);
    let shown = page.map(|it| json!({"subject": it.0.to_string(), "version": it.1}));
    Ok(Json::of(&shown.collect::<Vec<_>>()))
}

/// `GET /schemas/guids/{guid}`
pub(super) async fn by_guid(State(app): State<App>, Path(guid): Path<String>) -> Reply {
    let (context, id) = of_guid(&app, &guid)?.remove(0);
    let found = app.registry.schema(id, Some(&context.qualifier()))?;
    Ok(Json::of(&reply(&found, false)))
}

/// `GET /schemas/guids/{guid}/ids`
pub(super) async fn ids_of_guid(State(app): State<App>, Path(guid): Path<String>) -> Reply {
    let found = of_guid(&app, &guid)?;
    let shown = found.iter().map(|it| json!({"context": it.0.as_str(), "id": it.1}));
    Ok(Json::of(&shown.collect::<Vec<_>>()))
}

/// At least one.
fn of_guid(app: &App, text: &str) -> Reply<Vec<(Context, SchemaId)>> {
    let found = text.parse::<Guid>().map(|it| app.registry.ids_of_guid(it)).unwrap_or_default();
    if found.is_empty() {
        let id = text.chars().take(100).collect();
        return Err(Problem::from(Error::IdNotFound { id }));
    }
    Ok(found)
}
