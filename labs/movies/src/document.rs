//! A film as a document: nested objects, an array of ratings, and nothing where nothing is known.

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Row};
use crate::data::Movie;

/// A film without its id, which is the key that documents are stored under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) title: String,
    pub(crate) released: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    genre: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creative_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    director: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distributor: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<i64>,
    gross: Gross,
    #[serde(skip_serializing_if = "Option::is_none")]
    dvd_sales: Option<i64>,
    ratings: Vec<Rated>,
}

/// Somebody: an object, since there is more to say of people and companies than their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Gross {
    #[serde(skip_serializing_if = "Option::is_none")]
    us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    world: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rated {
    source: String,
    score: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    votes: Option<i64>,
}

impl From<&Movie> for Document {
    fn from(movie: &Movie) -> Self {
        let named = |name: &Option<String>| name.clone().map(|name| Named { name });
        let rated = movie.ratings.iter().map(|it| Rated {
            source: it.source.clone(),
            score: it.score,
            votes: it.votes,
        });
        Self {
            title: movie.title.clone(),
            released: movie.released.clone(),
            certificate: movie.certificate.clone(),
            minutes: movie.minutes,
            genre: movie.genre.clone(),
            creative_type: movie.creative_type.clone(),
            basis: movie.basis.clone(),
            director: named(&movie.director),
            distributor: named(&movie.distributor),
            budget: movie.budget,
            gross: Gross { us: movie.us_gross, world: movie.world_gross },
            dvd_sales: movie.dvd_sales,
            ratings: rated.collect(),
        }
    }
}

impl Document {
    /// As JSON.
    pub(crate) fn json(&self) -> String {
        // Texts and numbers in structures: nothing of it can fail to be JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The answer to a look-up.
    pub(crate) fn answer(&self) -> Answer {
        let film: Row = vec![
            (&self.title).into(),
            (&self.released).into(),
            self.certificate.as_ref().into(),
            self.minutes.into(),
            self.genre.as_ref().into(),
            self.creative_type.as_ref().into(),
            self.basis.as_ref().into(),
            self.director.as_ref().map(|it| &it.name).into(),
            self.distributor.as_ref().map(|it| &it.name).into(),
            self.budget.into(),
            self.gross.us.into(),
            self.gross.world.into(),
            self.dvd_sales.into(),
        ];
        let ratings = self
            .ratings
            .iter()
            .map(|it| vec![(&it.source).into(), it.score.into(), it.votes.into()]);
        std::iter::once(film).chain(ratings).collect()
    }
}
