//! `/associations`: subjects of topics, of which this registry keeps none. Clients that ask learn that, and use names instead.

use axum::extract::Path;

use super::reply::{Json, Reply};
use crate::error::Error;

/// `GET /associations/{guid}`
pub(super) async fn by_guid(Path(guid): Path<String>) -> Reply {
    Err(not_found(&guid))
}

/// `GET /associations/subjects/{subject}`, `/associations/resources/...`
pub(super) async fn list() -> Reply {
    Ok(Json::of(&<[(); 0]>::default()))
}

/// `DELETE /associations/resources/{id}`
pub(super) async fn delete(Path(id): Path<String>) -> Reply {
    Err(not_found(&id))
}

/// `POST` and `PUT /associations`
pub(super) async fn refuse() -> Reply {
    let detail = "this registry keeps no associations: name subjects after topics".to_owned();
    Err(Error::InvalidAssociation { property: "associations".to_owned(), detail }.into())
}

fn not_found(resource: &str) -> super::Problem {
    Error::AssociationNotFound { resource: resource.chars().take(200).collect() }.into()
}
