//! The queries over a plain list of films: what every store must answer. Written from what [`Task`] says, and from no statement of a store.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::answer::{Answer, Cell, Row};
use crate::data::{IMDB, Movie};
use crate::store::Store;
use crate::task::{Task, VOTED};

/// Films in memory.
#[derive(Clone, Debug, Default)]
pub struct Model {
    movies: Vec<Movie>,
    /// The field that query 7 adds, by id.
    multiples: BTreeMap<i32, i64>,
}

impl Model {
    fn movie(&self, id: i32) -> Option<&Movie> {
        self.movies.iter().find(|movie| movie.id == id)
    }

    fn rename(&mut self, from: &str, to: &str) {
        for movie in &mut self.movies {
            if movie.distributor.as_deref() == Some(from) {
                movie.distributor = Some(to.to_owned());
            }
        }
    }

    fn vote(&mut self, id: i32, by: i64) {
        let of_it = self.movies.iter_mut().filter(|movie| movie.id == id);
        for rating in
            of_it.flat_map(|movie| &mut movie.ratings).filter(|rating| rating.source == VOTED)
        {
            rating.votes = rating.votes.map(|votes| votes + by);
        }
    }

    fn range(&self, from: &str, to: &str, limit: i64) -> Answer {
        let mut found: Vec<_> = self
            .movies
            .iter()
            .filter(|movie| (from..to).contains(&movie.released.as_str()))
            .collect();
        found.sort_by_key(|movie| (&movie.released, movie.id));
        let row =
            |movie: &Movie| vec![(&movie.released).into(), movie.id.into(), (&movie.title).into()];
        found.into_iter().take(count(limit)).map(row).collect()
    }

    fn group(&self) -> Answer {
        let mut genres: BTreeMap<Option<&String>, Vec<&Movie>> = BTreeMap::new();
        for movie in &self.movies {
            genres.entry(movie.genre.as_ref()).or_default().push(movie);
        }
        let row = |(genre, movies): (Option<&String>, Vec<&Movie>)| {
            let gross: Vec<i64> = movies.iter().filter_map(|movie| movie.world_gross).collect();
            let sum = (!gross.is_empty()).then(|| gross.iter().sum::<i64>());
            let budget = movies.iter().filter_map(|movie| movie.budget).max();
            vec![genre.into(), number(movies.len()), sum.into(), budget.into()]
        };
        genres.into_iter().map(row).collect()
    }

    fn directors(&self) -> BTreeMap<&String, Vec<&Movie>> {
        let mut directors: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for movie in &self.movies {
            if let Some(director) = &movie.director {
                directors.entry(director).or_default().push(movie);
            }
        }
        directors
    }

    fn join(&self, limit: i64) -> Answer {
        let mut found = Vec::new();
        for (director, movies) in self.directors() {
            let distributors: BTreeSet<_> =
                movies.iter().filter_map(|movie| movie.distributor.as_ref()).collect();
            if distributors.len() < 2 {
                continue;
            }
            let best = movies
                .iter()
                .filter_map(|movie| Some((score(movie)?, movie)))
                .max_by_key(|(score, movie)| (*score, Reverse(movie.id)));
            let best = match best {
                Some((score, movie)) => vec![
                    score.into(),
                    movie.id.into(),
                    (&movie.title).into(),
                    movie.distributor.as_ref().into(),
                ],
                None => vec![Cell::Null; 4],
            };
            found.push((Reverse(distributors.len()), Reverse(movies.len()), director, best));
        }
        found.sort();
        let row = |(distributors, films, director, best): (
            Reverse<usize>,
            Reverse<usize>,
            &String,
            Vec<Cell>,
        )| {
            let mut row: Row = vec![director.into(), number(films.0), number(distributors.0)];
            row.extend(best);
            row
        };
        found.into_iter().take(count(limit)).map(row).collect()
    }

    fn above_mean(&self, margin: i64, limit: i64) -> Answer {
        let mut found = Vec::new();
        for (director, movies) in self.directors() {
            let rated: Vec<(i64, &Movie)> =
                movies.iter().filter_map(|movie| Some((score(movie)?, *movie))).collect();
            let n = i64::try_from(rated.len()).unwrap_or(i64::MAX);
            let sum: i64 = rated.iter().map(|(score, _)| score).sum();
            if n < 3 {
                continue;
            }
            let above = rated.into_iter().filter(|(score, _)| score * n >= sum + margin * n);
            found.extend(
                above.map(|(score, movie)| {
                    (Reverse(score), movie.id, &movie.title, director, n, sum)
                }),
            );
        }
        found.sort();
        let rows = found.into_iter().take(count(limit));
        rows.map(|(score, id, title, director, n, sum)| {
            vec![id.into(), title.into(), director.into(), score.0.into(), n.into(), sum.into()]
        })
        .collect()
    }

    fn unnest(&self) -> Answer {
        let mut sources: BTreeMap<&String, Vec<_>> = BTreeMap::new();
        for rating in self.movies.iter().flat_map(|movie| &movie.ratings) {
            sources.entry(&rating.source).or_default().push(rating);
        }
        let rows = sources.into_iter().map(|(source, ratings)| {
            let n = i64::try_from(ratings.len()).unwrap_or(i64::MAX);
            let score: i64 = ratings.iter().map(|rating| rating.score).sum();
            let votes: Vec<i64> = ratings.iter().filter_map(|rating| rating.votes).collect();
            let sum = (!votes.is_empty()).then(|| votes.iter().sum::<i64>());
            let mean = sum.and_then(|sum| sum.checked_div(i64::try_from(votes.len()).ok()?));
            vec![source.into(), n.into(), (score * 100 / n).into(), sum.into(), mean.into()]
        });
        rows.collect()
    }

    fn highest_multiples(&self) -> Answer {
        let mut found: Vec<_> =
            self.multiples.iter().map(|(id, multiple)| (Reverse(*multiple), *id)).collect();
        found.sort_unstable();
        let mut answer = vec![vec![number(found.len())]];
        let title = |id| Cell::from(self.movie(id).map(|movie| &movie.title));
        answer.extend(
            found
                .into_iter()
                .take(20)
                .map(|(multiple, id)| vec![id.into(), title(id), multiple.0.into()]),
        );
        answer
    }

    fn renamed(&self, from: &str, to: &str) -> Answer {
        let of = |name: &str| {
            self.movies
                .iter()
                .filter(|movie| movie.distributor.as_deref() == Some(name))
                .collect::<Vec<_>>()
        };
        let mut answer = vec![vec![number(of(from).len()), number(of(to).len())]];
        let mut under = of(to);
        under.sort_by_key(|movie| movie.id);
        answer.extend(
            under.into_iter().take(5).map(|movie| vec![movie.id.into(), (&movie.title).into()]),
        );
        answer
    }
}

fn number(count: usize) -> Cell {
    Cell::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn count(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

fn score(movie: &Movie) -> Option<i64> {
    movie.ratings.iter().find(|rating| rating.source == IMDB).map(|rating| rating.score)
}

/// A row of the film itself.
pub(crate) fn film(movie: &Movie) -> Row {
    vec![
        (&movie.title).into(),
        (&movie.released).into(),
        movie.certificate.as_ref().into(),
        movie.minutes.into(),
        movie.genre.as_ref().into(),
        movie.creative_type.as_ref().into(),
        movie.basis.as_ref().into(),
        movie.director.as_ref().into(),
        movie.distributor.as_ref().into(),
        movie.budget.into(),
        movie.us_gross.into(),
        movie.world_gross.into(),
        movie.dvd_sales.into(),
    ]
}

fn ratings(movie: &Movie) -> impl Iterator<Item = Row> {
    movie
        .ratings
        .iter()
        .map(|rating| vec![(&rating.source).into(), rating.score.into(), rating.votes.into()])
}

impl Store for Model {
    fn name(&self) -> &str {
        "the model"
    }

    fn load(&mut self, movies: &[Movie]) -> Result<()> {
        self.movies = movies.to_vec();
        Ok(())
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(0)
    }

    fn ask(&mut self, task: &Task) -> Result<Answer> {
        Ok(match task {
            Task::Lookup { id } => {
                let whole = |movie| std::iter::once(film(movie)).chain(ratings(movie)).collect();
                self.movie(*id).map(whole).unwrap_or_default()
            }
            Task::Range { from, to, limit } => self.range(from, to, *limit),
            Task::Group => self.group(),
            Task::Join { limit } => self.join(*limit),
            Task::AboveMean { margin, limit } => self.above_mean(*margin, *limit),
            Task::Unnest => self.unnest(),
            Task::Schema { .. } => self.highest_multiples(),
            Task::Rename { from, to } => self.renamed(from, to),
            Task::Votes { id, .. } => {
                self.movie(*id).map(|movie| ratings(movie).collect()).unwrap_or_default()
            }
        })
    }

    fn change(&mut self, task: &Task) -> Result<()> {
        match task {
            Task::Schema { since } => {
                for movie in self.movies.iter().filter(|movie| movie.released >= *since) {
                    if let (Some(gross), Some(budget @ 1..)) = (movie.world_gross, movie.budget) {
                        self.multiples.insert(movie.id, 100 * gross / budget);
                    }
                }
            }
            Task::Rename { from, to } => self.rename(from, to),
            Task::Votes { id, by } => self.vote(*id, *by),
            _ => {}
        }
        Ok(())
    }

    fn undo(&mut self, task: &Task) -> Result<()> {
        match task {
            Task::Schema { .. } => self.multiples.clear(),
            Task::Rename { from, to } => self.rename(to, from),
            Task::Votes { id, by } => self.vote(*id, -by),
            _ => {}
        }
        Ok(())
    }

    fn plan(&mut self, _: &Task) -> Result<String> {
        Ok("a loop over a list\n".to_owned())
    }
}
