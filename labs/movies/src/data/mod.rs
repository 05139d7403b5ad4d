//! Films, and how they are read from `movies.json` of vega-datasets, whose flaws are part of what it teaches.
//!
//! | room | what is in it |
//! |---|---|
//! | `parse` | records to films; what cannot be one is left out, what cannot be understood is unknown, both are counted |
//! | `date` | days in the forms that the editions of the file have, and the wrong century |
//! | `text` | titles that went through the wrong code page |
//! | `copies` | more films of the same kind |

mod copies;
mod date;
mod parse;
mod text;

pub use copies::copies;
pub use parse::{Findings, parse};

/// Who rates films on a scale of ten: its scores are read as tenths of that, so that 61 is 6.1.
pub const IMDB: &str = "imdb";
/// Who rates films by the percentage of critics who like them. It counts no votes.
pub const TOMATOES: &str = "tomatoes";

/// A film. Whatever may be unknown is an [`Option`]; money is in US dollars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Movie {
    /// Its number, from 1.
    pub id: i32,
    /// Its title.
    pub title: String,
    /// The day of its release, `YYYY-MM-DD`.
    pub released: String,
    /// For whom it is, by the MPAA: `PG-13`.
    pub certificate: Option<String>,
    /// Its length in minutes.
    pub minutes: Option<i64>,
    /// Its genre.
    pub genre: Option<String>,
    /// What kind of a story it is: `Historical Fiction`.
    pub creative_type: Option<String>,
    /// What it is based on.
    pub basis: Option<String>,
    /// Who directed it.
    pub director: Option<String>,
    /// Who brought it into cinemas.
    pub distributor: Option<String>,
    /// What it cost.
    pub budget: Option<i64>,
    /// What it took at the box offices of the United States.
    pub us_gross: Option<i64>,
    /// What it took at all box offices.
    pub world_gross: Option<i64>,
    /// What its DVDs took in the United States.
    pub dvd_sales: Option<i64>,
    /// What it was rated, at most once by each source, in the order of their names.
    pub ratings: Vec<Rating>,
}

/// What a source says of a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// Who: [`IMDB`] or [`TOMATOES`].
    pub source: String,
    /// How good it is, of 100.
    pub score: i64,
    /// How many have voted, if that is counted.
    pub votes: Option<i64>,
}
