//! Tasks as statements.

use std::collections::BTreeMap;

use super::{Column, Dialect, Engine, Layout, Statements, Table};
use crate::answer::{Answer, Cell, Row};
use crate::data::Movie;
use crate::document::Document;
use crate::model::film;
use crate::store::Store;
use crate::task::{Task, VOTED};
use crate::{Error, Result};

/// How many columns of a look-up's row are the film's. What follows is a rating's.
const FILM: usize = 13;

const NAMED: [Column; 2] = [Column::Int, Column::Text];
const MOVIES: Table = Table {
    name: "movies",
    columns: &[
        Column::Int,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Int,
        Column::Int,
        Column::Text,
        Column::Text,
        Column::Int,
        Column::Int,
        Column::Int,
        Column::Int,
        Column::Int,
        Column::Int,
    ],
};
const RATINGS: Table =
    Table { name: "ratings", columns: &[Column::Int, Column::Text, Column::Int, Column::Int] };
const DOCUMENTS: Table = Table { name: "movies", columns: &[Column::Int, Column::Document] };

type Statement = (&'static str, Vec<Cell>);

/// A store in an engine that speaks SQL.
#[derive(Debug)]
pub(crate) struct SqlStore<E> {
    name: &'static str,
    layout: Layout,
    statements: &'static Statements,
    engine: E,
}

impl<E: Engine> SqlStore<E> {
    pub(crate) fn new(name: &'static str, layout: Layout, dialect: Dialect, engine: E) -> Self {
        Self { name, layout, statements: Statements::of(layout, dialect), engine }
    }

    /// What must be executed for a change.
    fn changes(&self, task: &Task) -> Vec<Statement> {
        let it = self.statements;
        match task {
            Task::Schema { since } => {
                let mut all = plain(it.schema_add);
                all.push((it.schema_fill, vec![since.into()]));
                all.push((it.schema_index, Vec::new()));
                all
            }
            Task::Rename { from, to } => vec![(it.rename, vec![to.into(), from.into()])],
            Task::Votes { id, by } => {
                vec![(it.vote, vec![(*by).into(), (*id).into(), VOTED.into()])]
            }
            _ => Vec::new(),
        }
    }

    fn undoes(&self, task: &Task) -> Vec<Statement> {
        match task {
            Task::Schema { .. } => plain(self.statements.schema_undo),
            Task::Rename { from, to } => {
                self.changes(&Task::Rename { from: to.clone(), to: from.clone() })
            }
            Task::Votes { id, by } => self.changes(&Task::Votes { id: *id, by: -by }),
            _ => Vec::new(),
        }
    }

    /// What must be executed for an answer.
    fn reads(&self, task: &Task) -> Vec<Statement> {
        let it = self.statements;
        match task {
            Task::Lookup { id } => vec![(it.lookup, vec![(*id).into()])],
            Task::Range { from, to, limit } => {
                vec![(it.range, vec![from.into(), to.into(), (*limit).into()])]
            }
            Task::Group => vec![(it.group, Vec::new())],
            Task::Join { limit } => vec![(it.join, vec![(*limit).into()])],
            Task::AboveMean { margin, limit } => {
                vec![(it.above_mean, vec![(*margin).into(), (*limit).into()])]
            }
            Task::Unnest => vec![(it.unnest, Vec::new())],
            Task::Schema { .. } => {
                vec![(it.schema_count, Vec::new()), (it.schema_highest, Vec::new())]
            }
            Task::Rename { from, to } => vec![
                (it.rename_counts, vec![from.into(), to.into()]),
                (it.rename_first, vec![to.into()]),
            ],
            Task::Votes { id, .. } => vec![(it.ratings, vec![(*id).into()])],
        }
    }

    /// Executes statements; several of them in one transaction.
    fn execute(&mut self, statements: &[Statement]) -> Result<()> {
        if let [(sql, parameters)] = statements {
            return self.engine.run(sql, parameters);
        }
        self.engine.batch("BEGIN")?;
        for (sql, parameters) in statements {
            self.step(sql, parameters)?;
        }
        self.engine.batch("COMMIT")
    }

    /// What changes tables is not prepared: nothing is to be gained, and a prepared statement may be of yesterday's tables.
    fn step(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<()> {
        if changes_tables(sql) { self.engine.batch(sql) } else { self.engine.run(sql, parameters) }
    }

    fn load_relational(&mut self, movies: &[Movie]) -> Result<()> {
        let genres = numbered(movies.iter().filter_map(|movie| movie.genre.as_ref()));
        let directors = numbered(movies.iter().filter_map(|movie| movie.director.as_ref()));
        let distributors = numbered(movies.iter().filter_map(|movie| movie.distributor.as_ref()));
        for (name, names) in
            [("genres", &genres), ("directors", &directors), ("distributors", &distributors)]
        {
            let rows: Vec<Row> =
                names.iter().map(|(name, id)| vec![(*id).into(), (*name).into()]).collect();
            self.engine.insert(&Table { name, columns: &NAMED }, &rows)?;
        }
        let row = |movie: &Movie| {
            let id = |names: &BTreeMap<&String, i32>, name: &Option<String>| {
                Cell::from(name.as_ref().and_then(|name| names.get(name)).copied())
            };
            let mut row = film(movie);
            for (cell, id) in [
                (4, id(&genres, &movie.genre)),
                (7, id(&directors, &movie.director)),
                (8, id(&distributors, &movie.distributor)),
            ] {
                if let Some(cell) = row.get_mut(cell) {
                    *cell = id;
                }
            }
            row.insert(0, movie.id.into());
            row
        };
        self.engine.insert(&MOVIES, &movies.iter().map(row).collect::<Vec<_>>())?;
        let rated = |movie: &Movie| {
            let id = movie.id;
            movie.ratings.clone().into_iter().map(move |it| {
                vec![id.into(), (&it.source).into(), it.score.into(), it.votes.into()]
            })
        };
        self.engine.insert(&RATINGS, &movies.iter().flat_map(rated).collect::<Vec<_>>())
    }

    fn load_documents(&mut self, movies: &[Movie]) -> Result<()> {
        let row = |movie: &Movie| vec![movie.id.into(), Cell::Text(Document::from(movie).json())];
        self.engine.insert(&DOCUMENTS, &movies.iter().map(row).collect::<Vec<_>>())
    }

    /// A look-up's rows as the answer: what is joined has the film in every row.
    fn looked_up(&self, rows: Vec<Row>) -> Result<Answer> {
        if self.layout == Layout::Relational {
            let mut answer = Answer::new();
            for mut row in rows {
                let rating = row.split_off(FILM.min(row.len()));
                if answer.is_empty() {
                    answer.push(row);
                }
                if rating.first().is_some_and(|source| *source != Cell::Null) {
                    answer.push(rating);
                }
            }
            return Ok(answer);
        }
        let wrong = |what: String| Error::Answer { store: self.name, what };
        match rows.first().and_then(|row| row.first()) {
            None => Ok(Answer::new()),
            Some(Cell::Text(text)) => {
                let document: Document = serde_json::from_str(text)
                    .map_err(|error| wrong(format!("a document that is none ({error})")))?;
                Ok(document.answer())
            }
            Some(cell) => Err(wrong(format!("{cell} for a document"))),
        }
    }
}

fn plain(statements: &[&'static str]) -> Vec<Statement> {
    statements.iter().map(|sql| (*sql, Vec::new())).collect()
}

fn changes_tables(sql: &str) -> bool {
    ["ALTER", "CREATE", "DROP"].iter().any(|word| sql.starts_with(word))
}

/// Names in order, numbered from 1.
fn numbered<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<&'a String, i32> {
    let mut all: BTreeMap<&String, i32> = names.map(|name| (name, 0)).collect();
    for (number, id) in (1..).zip(all.values_mut()) {
        *id = number;
    }
    all
}

impl<E: Engine> Store for SqlStore<E> {
    fn name(&self) -> &str {
        self.name
    }

    fn load(&mut self, movies: &[Movie]) -> Result<()> {
        self.engine.batch(self.statements.tables)?;
        self.engine.batch("BEGIN")?;
        match self.layout {
            Layout::Relational => self.load_relational(movies)?,
            Layout::Documents => self.load_documents(movies)?,
        }
        self.engine.batch("COMMIT")?;
        self.engine.batch(self.statements.indexes)?;
        self.engine.analyze()
    }

    fn bytes(&mut self) -> Result<u64> {
        self.engine.bytes()
    }

    fn ask(&mut self, task: &Task) -> Result<Answer> {
        let mut answer = Answer::new();
        for (sql, parameters) in self.reads(task) {
            answer.append(&mut self.engine.rows(sql, &parameters)?);
        }
        if matches!(task, Task::Lookup { .. }) { self.looked_up(answer) } else { Ok(answer) }
    }

    fn change(&mut self, task: &Task) -> Result<()> {
        self.execute(&self.changes(task))
    }

    fn undo(&mut self, task: &Task) -> Result<()> {
        self.execute(&self.undoes(task))?;
        // A vote leaves next to nothing behind.
        if matches!(task, Task::Votes { .. }) { Ok(()) } else { self.engine.settle() }
    }

    fn plan(&mut self, task: &Task) -> Result<String> {
        let mut text = String::new();
        self.engine.batch("BEGIN")?;
        for (sql, parameters) in self.changes(task) {
            if changes_tables(sql) {
                self.engine.batch(sql)?;
                text += &format!("{sql}\n");
            } else {
                text += &self.engine.explain(sql, &parameters)?;
            }
        }
        for (sql, parameters) in self.reads(task) {
            text += &self.engine.explain(sql, &parameters)?;
        }
        self.engine.batch("ROLLBACK")?;
        // An engine that executes what it explains has left behind what it took back.
        self.engine.settle()?;
        Ok(text)
    }
}
