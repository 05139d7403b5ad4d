//! Keys as HTTP carries them.

use axum::http::{HeaderMap, header};

use super::{Keys, Scope};
use crate::Problem;

impl Keys {
    /// What the sender of these headers may do: `Authorization: Bearer KEY`.
    ///
    /// # Errors
    ///
    /// [`Problem::Unauthorized`].
    pub(crate) async fn admit_bearer(&self, headers: &HeaderMap) -> Result<Scope, Problem> {
        let key = bearer(headers).unwrap_or_default();
        if let Some(known) = self.recall(key) {
            return known;
        }
        let (keys, key) = (self.clone(), key.to_owned());
        let admitted = tokio::task::spawn_blocking(move || keys.admit(&key)).await;
        admitted.unwrap_or(Err(Problem::Unauthorized))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}
