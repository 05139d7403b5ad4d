//! MongoDB through its official driver: the database that `MONGODB_URI` names, or `movies_lab` in it. Its collection `movies` is dropped first.
//!
//! Everything goes as commands, so that what is executed is also what is explained. Writes are acknowledged when the journal has them on disk.

use mongodb::bson::{Bson, Document as Object, doc, serialize_to_document};
use mongodb::sync::{Client, Database};

use crate::answer::{Answer, Cell, Row};
use crate::data::{IMDB, Movie};
use crate::document::Document;
use crate::store::Store;
use crate::task::{Task, VOTED};
use crate::{Error, Result};

const NAME: &str = "MongoDB, documents";
const COLLECTION: &str = "movies";
/// How many documents an insert carries.
const BATCH: usize = 1_000;

struct Mongo {
    database: Database,
}

/// An empty store there, and the server's version.
///
/// # Errors
/// [`Error::Mongo`].
pub fn open(uri: &str) -> Result<(Box<dyn Store>, String)> {
    let client = Client::with_uri_str(uri)?;
    let database = client.default_database().unwrap_or_else(|| client.database("movies_lab"));
    let version = database
        .run_command(doc! { "buildInfo": 1 })
        .run()?
        .get_str("version")
        .unwrap_or("of no version")
        .to_owned();
    database.collection::<Object>(COLLECTION).drop().run()?;
    Ok((Box::new(Mongo { database }), version))
}

/// A command that answers with rows, and what of each document is a cell.
type Question = (Object, &'static [&'static str]);

/// The score that a film has of IMDb, or null.
fn imdb() -> Object {
    let of_imdb =
        doc! { "$filter": { "input": "$ratings", "cond": { "$eq": ["$$this.source", IMDB] } } };
    doc! { "$ifNull": [{ "$first": { "$map": { "input": of_imdb, "in": "$$this.score" } } }, null] }
}

/// A whole number of a quotient. The quotient of two whole numbers below 2^53 never rounds up to a whole number that it is not.
fn whole(over: Bson, under: Bson) -> Object {
    doc! { "$toLong": { "$trunc": { "$divide": [over, under] } } }
}

/// Sums begin at nought: without a term there is none.
fn unless_none(count: &str, value: Bson) -> Object {
    doc! { "$cond": [{ "$gt": [count, 0] }, value, null] }
}

fn aggregate(pipeline: Vec<Object>) -> Object {
    doc! { "aggregate": COLLECTION, "pipeline": pipeline, "cursor": {} }
}

fn known(field: &str) -> Object {
    doc! { "$sum": { "$cond": [{ "$gt": [field, null] }, 1, 0] } }
}

fn count(name: &str) -> Object {
    aggregate(vec![doc! { "$match": { "distributor.name": name } }, doc! { "$count": "films" }])
}

fn questions(task: &Task) -> Vec<Question> {
    match task {
        Task::Lookup { id } => {
            vec![(doc! { "find": COLLECTION, "filter": { "_id": id }, "limit": 1 }, &[])]
        }
        Task::Range { from, to, limit } => vec![(
            doc! {
                "find": COLLECTION, "filter": { "released": { "$gte": from, "$lt": to } }, "sort": { "released": 1, "_id": 1 },
                "limit": limit, "projection": { "released": 1, "title": 1 },
            },
            &["released", "_id", "title"],
        )],
        Task::Group => vec![(
            aggregate(vec![
                doc! { "$group": {
                    "_id": { "$ifNull": ["$genre", null] }, "films": { "$sum": 1 }, "gross": { "$sum": "$gross.world" },
                    "known": known("$gross.world"), "budget": { "$max": "$budget" },
                } },
                doc! { "$set": { "gross": unless_none("$known", "$gross".into()) } },
                doc! { "$sort": { "_id": 1 } },
            ]),
            &["_id", "films", "gross", "budget"],
        )],
        Task::Join { limit } => vec![(
            aggregate(vec![
                doc! { "$match": { "director.name": { "$exists": true } } },
                doc! { "$project": { "title": 1, "director": "$director.name", "distributor": "$distributor.name", "score": imdb() } },
                doc! { "$sort": { "score": -1, "_id": 1 } },
                doc! { "$group": {
                    "_id": "$director", "films": { "$sum": 1 }, "distributors": { "$addToSet": "$distributor" },
                    "best": { "$first": { "score": "$score", "id": "$_id", "title": "$title", "distributor": "$distributor" } },
                } },
                doc! { "$set": {
                    "distributors": { "$size": { "$filter": { "input": "$distributors", "cond": { "$gt": ["$$this", null] } } } },
                    "best": { "$cond": [{ "$gt": ["$best.score", null] }, "$best", {}] },
                } },
                doc! { "$match": { "distributors": { "$gte": 2 } } },
                doc! { "$sort": { "distributors": -1, "films": -1, "_id": 1 } },
                doc! { "$limit": limit },
            ]),
            &[
                "_id",
                "films",
                "distributors",
                "best.score",
                "best.id",
                "best.title",
                "best.distributor",
            ],
        )],
        Task::AboveMean { margin, limit } => vec![(
            aggregate(vec![
                doc! { "$match": { "director.name": { "$exists": true } } },
                doc! { "$project": { "title": 1, "director": "$director.name", "score": imdb() } },
                doc! { "$match": { "score": { "$ne": null } } },
                doc! { "$group": {
                    "_id": "$director", "n": { "$sum": 1 }, "total": { "$sum": "$score" },
                    "films": { "$push": { "id": "$_id", "title": "$title", "score": "$score" } },
                } },
                doc! { "$match": { "n": { "$gte": 3 } } },
                doc! { "$unwind": "$films" },
                doc! { "$match": { "$expr": { "$gte": [
                    { "$multiply": ["$films.score", "$n"] }, { "$add": ["$total", { "$multiply": [margin, "$n"] }] },
                ] } } },
                doc! { "$sort": { "films.score": -1, "films.id": 1 } },
                doc! { "$limit": limit },
            ]),
            &["films.id", "films.title", "_id", "films.score", "n", "total"],
        )],
        Task::Unnest => vec![(
            aggregate(vec![
                doc! { "$unwind": "$ratings" },
                doc! { "$group": {
                    "_id": "$ratings.source", "n": { "$sum": 1 }, "score": { "$sum": "$ratings.score" },
                    "votes": { "$sum": "$ratings.votes" }, "known": known("$ratings.votes"),
                } },
                doc! { "$set": {
                    "score": whole(doc! { "$multiply": ["$score", 100] }.into(), "$n".into()),
                    "mean": unless_none("$known", whole("$votes".into(), doc! { "$max": ["$known", 1] }.into()).into()),
                    "votes": unless_none("$known", "$votes".into()),
                } },
                doc! { "$sort": { "_id": 1 } },
            ]),
            &["_id", "n", "score", "votes", "mean"],
        )],
        Task::Schema { .. } => vec![
            (
                aggregate(vec![
                    doc! { "$match": { "multiple": { "$gte": i64::MIN } } },
                    doc! { "$count": "films" },
                ]),
                &["films"],
            ),
            (
                doc! {
                    "find": COLLECTION, "filter": { "multiple": { "$gte": i64::MIN } }, "sort": { "multiple": -1, "_id": 1 },
                    "limit": 20, "projection": { "title": 1, "multiple": 1 },
                },
                &["_id", "title", "multiple"],
            ),
        ],
        Task::Rename { from, to } => vec![
            (count(from), &["films"]),
            (count(to), &["films"]),
            (
                doc! {
                    "find": COLLECTION, "filter": { "distributor.name": to }, "sort": { "_id": 1 }, "limit": 5,
                    "projection": { "title": 1 },
                },
                &["_id", "title"],
            ),
        ],
        Task::Votes { id, .. } => vec![(
            aggregate(vec![
                doc! { "$match": { "_id": id } },
                doc! { "$unwind": "$ratings" },
                doc! { "$sort": { "ratings.source": 1 } },
            ]),
            &["ratings.source", "ratings.score", "ratings.votes"],
        )],
    }
}

fn update(filter: Object, change: Bson, many: bool) -> Object {
    doc! {
        "update": COLLECTION,
        "updates": [{ "q": filter, "u": change, "multi": many }],
        "writeConcern": { "w": 1, "j": true },
    }
}

fn index(name: &str, keys: Object) -> Object {
    doc! { "createIndexes": COLLECTION, "indexes": [{ "key": keys, "name": name }], "writeConcern": { "w": 1, "j": true } }
}

fn changes(task: &Task) -> Vec<Object> {
    match task {
        Task::Schema { since } => {
            let multiple =
                whole(doc! { "$multiply": ["$gross.world", 100] }.into(), "$budget".into());
            let filter = doc! { "released": { "$gte": since }, "budget": { "$gt": 0 }, "gross.world": { "$gte": 0 } };
            let change = vec![doc! { "$set": { "multiple": multiple } }];
            vec![
                update(filter, change.into(), true),
                index("multiple", doc! { "multiple": -1, "_id": 1 }),
            ]
        }
        Task::Rename { from, to } => {
            vec![update(
                doc! { "distributor.name": from },
                doc! { "$set": { "distributor.name": to } }.into(),
                true,
            )]
        }
        Task::Votes { id, by } => {
            let voted = doc! { "source": VOTED, "votes": { "$exists": true } };
            let filter = doc! { "_id": id, "ratings": { "$elemMatch": voted } };
            vec![update(filter, doc! { "$inc": { "ratings.$.votes": by } }.into(), false)]
        }
        _ => Vec::new(),
    }
}

fn undoes(task: &Task) -> Vec<Object> {
    match task {
        Task::Schema { .. } => vec![
            doc! { "dropIndexes": COLLECTION, "index": "multiple" },
            update(
                doc! { "multiple": { "$exists": true } },
                doc! { "$unset": { "multiple": "" } }.into(),
                true,
            ),
        ],
        Task::Rename { from, to } => changes(&Task::Rename { from: to.clone(), to: from.clone() }),
        Task::Votes { id, by } => changes(&Task::Votes { id: *id, by: -by }),
        _ => Vec::new(),
    }
}

/// The cell at a path of names with points between them. What is not there is unknown.
fn cell(object: &Object, path: &str) -> Result<Cell> {
    let mut names = path.split('.');
    let mut value = names.next().and_then(|name| object.get(name));
    for name in names {
        value = value.and_then(Bson::as_document).and_then(|object| object.get(name));
    }
    match value {
        None | Some(Bson::Null) => Ok(Cell::Null),
        Some(Bson::Int32(number)) => Ok((*number).into()),
        Some(Bson::Int64(number)) => Ok((*number).into()),
        Some(Bson::String(text)) => Ok(text.into()),
        Some(other) => Err(Error::Answer { store: NAME, what: other.to_string() }),
    }
}

impl Mongo {
    fn execute(&self, commands: Vec<Object>) -> Result<()> {
        for command in commands {
            let said = self.database.run_command(command).run()?;
            // What a write could not do is in the answer to a command that went well.
            if let Ok(errors) = said.get_array("writeErrors") {
                return Err(Error::Answer { store: NAME, what: format!("{errors:?}") });
            }
        }
        Ok(())
    }

    fn found(&self, command: Object) -> Result<Vec<Object>> {
        let cursor = self.database.run_cursor_command(command).run()?;
        Ok(cursor.collect::<std::result::Result<Vec<Object>, _>>()?)
    }

    fn rows(&self, (command, cells): Question) -> Result<Vec<Row>> {
        let row = |object: &Object| cells.iter().map(|path| cell(object, path)).collect();
        self.found(command)?.iter().map(row).collect()
    }
}

impl Store for Mongo {
    fn name(&self) -> &str {
        NAME
    }

    fn load(&mut self, movies: &[Movie]) -> Result<()> {
        for movies in movies.chunks(BATCH) {
            let mut documents = Vec::with_capacity(movies.len());
            for movie in movies {
                let wrong = |error: mongodb::bson::error::Error| Error::Answer {
                    store: NAME,
                    what: error.to_string(),
                };
                let mut document = serialize_to_document(&Document::from(movie)).map_err(wrong)?;
                document.insert("_id", movie.id);
                documents.push(document);
            }
            self.execute(vec![doc! { "insert": COLLECTION, "documents": documents, "writeConcern": { "w": 1, "j": true } }])?;
        }
        self.execute(vec![
            index("released", doc! { "released": 1, "_id": 1 }),
            index("distributor", doc! { "distributor.name": 1, "_id": 1 }),
        ])
    }

    fn bytes(&mut self) -> Result<u64> {
        let said = self.database.run_command(doc! { "collStats": COLLECTION }).run()?;
        match cell(&said, "totalSize")? {
            Cell::Int(bytes) => Ok(bytes.unsigned_abs()),
            other => Err(Error::Answer { store: NAME, what: format!("{other} for a size") }),
        }
    }

    fn ask(&mut self, task: &Task) -> Result<Answer> {
        if let Task::Lookup { .. } = task {
            let mut answer = Answer::new();
            for object in questions(task)
                .into_iter()
                .map(|(command, _)| self.found(command))
                .collect::<Result<Vec<_>>>()?
                .concat()
            {
                let wrong = |error: mongodb::bson::error::Error| Error::Answer {
                    store: NAME,
                    what: error.to_string(),
                };
                let document: Document =
                    mongodb::bson::deserialize_from_document(object).map_err(wrong)?;
                answer.append(&mut document.answer());
            }
            return Ok(answer);
        }
        let mut parts = questions(task)
            .into_iter()
            .map(|question| self.rows(question))
            .collect::<Result<Vec<_>>>()?;
        // A count of nothing is no document, and two counts are one row.
        let counts = match task {
            Task::Schema { .. } => 1,
            Task::Rename { .. } => 2,
            _ => 0,
        };
        if counts > 0 {
            let row = parts
                .drain(..counts)
                .map(|part| part.into_iter().flatten().next().unwrap_or(Cell::Int(0)))
                .collect();
            parts.insert(0, vec![row]);
        }
        Ok(parts.concat())
    }

    fn change(&mut self, task: &Task) -> Result<()> {
        self.execute(changes(task))
    }

    fn undo(&mut self, task: &Task) -> Result<()> {
        self.execute(undoes(task))
    }

    fn plan(&mut self, task: &Task) -> Result<String> {
        let mut text = String::new();
        let updates = changes(task)
            .into_iter()
            .filter(|command| command.contains_key("update"))
            .map(|mut command| {
                // Explaining writes nothing.
                command.remove("writeConcern");
                command
            });
        for command in updates.chain(questions(task).into_iter().map(|(command, _)| command)) {
            let said = self
                .database
                .run_command(doc! { "explain": command, "verbosity": "executionStats" })
                .run()?;
            let json = serde_json::to_value(&said)
                .map_or_else(|_| said.to_string(), |json| format!("{json:#}"));
            text += &format!("{json}\n");
        }
        Ok(text)
    }
}
