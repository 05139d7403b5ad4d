//! `/subjects/{subject}/versions`: the versions of a subject.

use axum::extract::{Path, State};

use super::body::Body;
use super::params::Params;
use super::reply::{Json, Reply};
use super::shapes::{RegisteredReply, SchemaReply, SchemaRequest, VersionReply};
use super::{App, subjects};
use crate::model::{Reference, Subject, VersionId};
use crate::registry::{Deleted, Registered};

/// More versions, or ids, than this are not listed at once.
pub(super) const MOST: usize = 20_000;

/// `GET /subjects/{subject}/versions`
pub(super) async fn list(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
) -> Reply {
    let negative = params.flag("deletedAsNegative")?;
    let deleted = subjects::deleted(&params)?;
    let (skip, take) = params.page(MOST)?;
    let subject = app.registry.resolve_alias(Subject::parse(&subject));
    let versions = if negative {
        // Whether there is such a subject is another matter.
        app.registry.versions(&subject, deleted)?;
        app.registry.versions(&subject, Deleted::Included)?
    } else {
        app.registry.versions(&subject, deleted)?
    };
    let sign = |(number, deleted): &(u32, bool)| {
        let number = i64::from(*number);
        if negative && *deleted { -number } else { number }
    };
    Ok(Json::of(&versions.iter().skip(skip).take(take).map(sign).collect::<Vec<_>>()))
}

/// `POST /subjects/{subject}/versions`
pub(super) async fn register(
    State(app): State<App>,
    Path(subject): Path<String>,
    params: Params,
    Body(request): Body<SchemaRequest>,
) -> Reply {
    let request = request.registration(params.flag("normalize")?, params.flag("force")?);
    let registered = app
        .blocking(move |registry| {
            let subject = registry.resolve_alias(Subject::parse(&subject));
            registry.register(&subject, &request)
        })
        .await?;
    Ok(Json::of(&RegisteredReply {
        id: registered.id.0,
        version: registered.version,
        guid: registered.guid.to_string(),
        schema: SchemaReply::of(&registered.schema),
    }))
}

/// `GET /subjects/{subject}/versions/{version}`
pub(super) async fn get(
    State(app): State<App>,
    Path((subject, version)): Path<(String, String)>,
    params: Params,
) -> Reply {
    let (found, text) = find(&app, &subject, &version, &params).await?;
    let mut reply = VersionReply::of(&found);
    if params.text("referenceFormat") == Some("qualified") {
        reply.schema.references = qualified(&found.subject, &found.schema.references).into();
    }
    if let Some(text) = text {
        reply.schema.schema = text.into();
    }
    Ok(Json::of(&reply))
}

/// `GET /subjects/{subject}/versions/{version}/schema`
pub(super) async fn text(
    State(app): State<App>,
    Path((subject, version)): Path<(String, String)>,
    params: Params,
) -> Reply {
    let (found, text) = find(&app, &subject, &version, &params).await?;
    Ok(Json::raw(text.unwrap_or_else(|| found.schema.schema.clone())))
}

async fn find(
    app: &App,
    subject: &str,
    version: &str,
    params: &Params,
) -> Reply<(Registered, Option<String>)> {
    let version: VersionId = version.parse()?;
    let deleted = params.flag("deleted")?;
    let subject = app.registry.resolve_alias(Subject::parse(subject));
    let found = app.registry.version(&subject, version, deleted)?;
    if params.text("format") != Some("resolved") {
        return Ok((found, None));
    }
    let stored = found.schema.clone();
    let context = found.subject.context().clone();
    let text = app.blocking(move |it| it.resolved_text(&context, &stored)).await?;
    Ok((found, Some(text)))
}

/// References with the context that they are in.
pub(super) fn qualified(subject: &Subject, references: &[Reference]) -> Vec<Reference> {
    let qualified = |it: &Reference| Reference {
        subject: Subject::parse_beside(&it.subject, subject).to_string(),
        ..it.clone()
    };
    references.iter().map(qualified).collect()
}

/// `GET /subjects/{subject}/versions/{version}/referencedby`
pub(super) async fn referenced_by(
    State(app): State<App>,
    Path((subject, version)): Path<(String, String)>,
    params: Params,
) -> Reply {
    let version: VersionId = version.parse()?;
    let deleted = params.flag("deleted")?;
    let (skip, take) = params.page(MOST)?;
    let subject = app.registry.resolve_alias(Subject::parse(&subject));
    let ids = app.registry.referenced_by(&subject, version, deleted)?;
    Ok(Json::of(&ids.iter().skip(skip).take(take).collect::<Vec<_>>()))
}

/// `DELETE /subjects/{subject}/versions/{version}`
pub(super) async fn delete(
    State(app): State<App>,
    Path((subject, version)): Path<(String, String)>,
    params: Params,
) -> Reply {
    let version: VersionId = version.parse()?;
    let permanent = params.flag("permanent")?;
    let deleted = app
        .blocking(move |registry| {
            let subject = registry.resolve_alias(Subject::parse(&subject));
            registry.delete_version(&subject, version, permanent)
        })
        .await?;
    Ok(Json::of(&deleted))
}
