//! Records to films.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{IMDB, Movie, Rating, TOMATOES, date, text};
use crate::{Error, Result};

/// The longest text that is taken for a title or a name, in bytes.
const LONGEST: usize = 1_000;

/// What was found in the data besides films. Everything that is not as it stands in the file is counted here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Records in the file.
    pub records: usize,
    /// Left out: not even a record.
    pub no_record: usize,
    /// Left out: without a title.
    pub no_title: usize,
    /// Left out: without a day of release that can be read.
    pub no_day: usize,
    /// Left out: title and day are another record's.
    pub doubles: usize,
    /// Unknown from here on: single values that cannot be what they should be (a text for a sum, a score of 11, money below zero).
    pub values_dropped: usize,
    /// Mended: titles that were numbers.
    pub numeric_titles: usize,
    /// Mended: texts that had gone through the wrong code page.
    pub wrong_code_page: usize,
    /// Mended: days of the wrong century, or of a year of two digits.
    pub wrong_century: usize,
    /// Kept as they are, and hardly true: films that took nothing at US box offices.
    pub zero_gross: usize,
}

impl Findings {
    /// How many records are not among the films.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.no_record + self.no_title + self.no_day + self.doubles
    }
}

/// Reads the films. They are numbered from 1, in the order of the file.
///
/// # Errors
/// [`Error::Data`] if it is no JSON array. What is wrong with a single record is no error: see [`Findings`].
pub fn parse(bytes: &[u8]) -> Result<(Vec<Movie>, Findings)> {
    let records: Vec<Value> = serde_json::from_slice(bytes).map_err(Error::Data)?;
    let mut findings = Findings { records: records.len(), ..Findings::default() };
    let mut movies: Vec<Movie> = Vec::new();
    let mut seen = HashSet::new();
    for record in &records {
        let Value::Object(fields) = record else {
            findings.no_record += 1;
            continue;
        };
        let mut record = Record { fields, findings: &mut findings };
        let Some(title) = record.title() else {
            findings.no_title += 1;
            continue;
        };
        let Some(day) = record.text("Release Date").and_then(|text| date::day(&text)) else {
            findings.no_day += 1;
            continue;
        };
        if !seen.insert((title.clone(), day.text.clone())) {
            findings.doubles += 1;
            continue;
        }
        record.findings.wrong_century += usize::from(day.mended);
        let Ok(id) = i32::try_from(movies.len() + 1) else { break };
        movies.push(record.movie(id, title, day.text));
    }
    Ok((movies, findings))
}

struct Record<'a> {
    fields: &'a Map<String, Value>,
    findings: &'a mut Findings,
}

impl Record<'_> {
    fn movie(&mut self, id: i32, title: String, released: String) -> Movie {
        let us_gross = self.whole("US Gross", i64::MAX / 1_000_000);
        self.findings.zero_gross += usize::from(us_gross == Some(0));
        Movie {
            id,
            title,
            released,
            certificate: self.text("MPAA Rating"),
            minutes: self.whole("Running Time min", 10_000),
            genre: self.text("Major Genre"),
            creative_type: self.text("Creative Type"),
            basis: self.text("Source"),
            director: self.text("Director"),
            distributor: self.text("Distributor"),
            budget: self.whole("Production Budget", i64::MAX / 1_000_000),
            us_gross,
            world_gross: self.whole("Worldwide Gross", i64::MAX / 1_000_000),
            dvd_sales: self.whole("US DVD Sales", i64::MAX / 1_000_000),
            ratings: self.ratings(),
        }
    }

    fn ratings(&mut self) -> Vec<Rating> {
        let mut ratings = Vec::new();
        let votes = self.whole("IMDB Votes", i64::from(u32::MAX));
        if let Some(score) = self.tenths("IMDB Rating") {
            ratings.push(Rating { source: IMDB.to_owned(), score, votes });
        }
        if let Some(score) = self.whole("Rotten Tomatoes Rating", 100) {
            ratings.push(Rating { source: TOMATOES.to_owned(), score, votes: None });
        }
        ratings
    }

    fn title(&mut self) -> Option<String> {
        if let Some(Value::Number(number)) = self.fields.get("Title") {
            self.findings.numeric_titles += 1;
            return Some(number.to_string());
        }
        self.text("Title")
    }

    fn text(&mut self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Value::Null => None,
            // No store of the three can keep a zero in a text.
            Value::String(text) if text.len() <= LONGEST && !text.contains('\0') => {
                let text = text.trim();
                let mended = text::mended(text);
                self.findings.wrong_code_page += usize::from(mended.is_some());
                Some(mended.unwrap_or_else(|| text.to_owned())).filter(|text| !text.is_empty())
            }
            _ => self.drop_value(),
        }
    }

    fn whole(&mut self, field: &str, most: i64) -> Option<i64> {
        match self.fields.get(field)? {
            Value::Null => None,
            value => match value.as_i64() {
                Some(number) if (0..=most).contains(&number) => Some(number),
                _ => self.drop_value(),
            },
        }
    }

    /// A decimal with one digit behind the point, as tenths.
    fn tenths(&mut self, field: &str) -> Option<i64> {
        match self.fields.get(field)? {
            Value::Null => None,
            value => {
                let score =
                    (0..=100_i32).find(|tenths| value.as_f64() == Some(f64::from(*tenths) / 10.0));
                score.map(i64::from).or_else(|| self.drop_value())
            }
        }
    }

    fn drop_value<T>(&mut self) -> Option<T> {
        self.findings.values_dropped += 1;
        None
    }
}
