//! Parameters of queries and paths.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::Problem;
use crate::model::Subject;

/// The parameters of a query, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Self(form_urlencoded::parse(query).into_owned().collect()))
    }
}

impl Params {
    /// The first value of a name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |it| it.0 == name).map(|it| it.1.as_str())
    }

    /// Whether something is asked for; not, unless it is.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name) {
            Some(it) if it.eq_ignore_ascii_case("true") => Ok(true),
            None => Ok(false),
            Some(it) if it.is_empty() || it.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => {
                Err(Problem::bad_request(format!("{name} is true or false, and nothing else")))
            }
        }
    }

    /// How many to skip, and how many then; at most so many, which it is if nothing is said.
    pub fn page(&self, most: usize) -> Result<(usize, usize), Problem> {
        let number = |name: &str| match self.text(name) {
            None | Some("") => Ok(None),
            Some(it) => it.parse::<i32>().map(Some).map_err(|_| {
                Problem::bad_request(format!("{name} is an integer from -2147483648 to 2147483647"))
            }),
        };
        let offset = number("offset")?.and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
        let limit = number("limit")?.and_then(|it| usize::try_from(it).ok()).unwrap_or(most);
        Ok((offset, limit.min(most)))
    }
}

/// The subject or context that a path names; everything, if it names none.
pub(super) struct Scope(pub Subject);

impl<S: Send + Sync> FromRequestParts<S> for Scope {
    type Rejection = PathRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PathRejection> {
        let named = Option::<Path<String>>::from_request_parts(parts, state).await?;
        Ok(Self(named.map_or_else(Subject::top_level, |Path(it)| Subject::parse(&it))))
    }
}

/// A schema's id in a path; what is none is no path.
pub(super) fn id(text: &str) -> Result<crate::model::SchemaId, Problem> {
    let id = text.parse::<i32>().ok().and_then(|it| u32::try_from(it).ok());
    id.map(crate::model::SchemaId).ok_or_else(Problem::not_found)
}
