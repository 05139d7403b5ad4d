//! A document a film, in SQLite's JSONB.

use super::{Statements, above_mean, join, unnest};

/// What SQLite is told.
pub(super) static STATEMENTS: Statements = Statements {
    tables: "CREATE TABLE movies (id INTEGER PRIMARY KEY, doc BLOB NOT NULL)",
    indexes: "CREATE INDEX movies_released ON movies (doc ->> '$.released', id);
        CREATE INDEX movies_distributor ON movies (doc ->> '$.distributor.name', id)",
    lookup: "SELECT json(doc) FROM movies WHERE id = $1",
    range: "SELECT doc ->> '$.released', id, doc ->> '$.title' FROM movies
        WHERE doc ->> '$.released' >= $1 AND doc ->> '$.released' < $2 ORDER BY doc ->> '$.released', id LIMIT $3",
    group: "SELECT doc ->> '$.genre', count(*), sum(doc ->> '$.gross.world'), max(doc ->> '$.budget')
        FROM movies GROUP BY 1 ORDER BY 1 NULLS FIRST",
    join: join!(
        "SELECT id, doc ->> '$.title' AS title, doc ->> '$.director.name' AS director, doc ->> '$.distributor.name' AS distributor,
            (SELECT value ->> '$.score' FROM json_each(doc, '$.ratings') WHERE value ->> '$.source' = 'imdb') AS score
        FROM movies WHERE doc ->> '$.director.name' IS NOT NULL"
    ),
    above_mean: above_mean!(
        "SELECT movies.id, doc ->> '$.title' AS title, doc ->> '$.director.name' AS director, value ->> '$.score' AS score
        FROM movies, json_each(doc, '$.ratings')
        WHERE doc ->> '$.director.name' IS NOT NULL AND value ->> '$.source' = 'imdb'"
    ),
    unnest: unnest!(
        "SELECT value ->> '$.source' AS source, value ->> '$.score' AS score, value ->> '$.votes' AS votes
        FROM movies, json_each(doc, '$.ratings')"
    ),
    schema_add: &[],
    schema_fill: "UPDATE movies SET doc = jsonb_set(doc, '$.multiple', 100 * (doc ->> '$.gross.world') / (doc ->> '$.budget'))
        WHERE doc ->> '$.released' >= $1 AND doc ->> '$.budget' > 0 AND doc ->> '$.gross.world' IS NOT NULL",
    schema_index: "CREATE INDEX movies_multiple ON movies (doc ->> '$.multiple' DESC, id)",
    schema_count: "SELECT count(*) FROM movies WHERE doc ->> '$.multiple' IS NOT NULL",
    schema_highest: "SELECT id, doc ->> '$.title', doc ->> '$.multiple' FROM movies
        WHERE doc ->> '$.multiple' IS NOT NULL ORDER BY doc ->> '$.multiple' DESC, id LIMIT 20",
    schema_undo: &[
        "DROP INDEX movies_multiple",
        "UPDATE movies SET doc = jsonb_remove(doc, '$.multiple') WHERE doc ->> '$.multiple' IS NOT NULL",
    ],
    rename: "UPDATE movies SET doc = jsonb_set(doc, '$.distributor.name', $1) WHERE doc ->> '$.distributor.name' = $2",
    rename_counts: "SELECT
            (SELECT count(*) FROM movies WHERE doc ->> '$.distributor.name' = $1),
            (SELECT count(*) FROM movies WHERE doc ->> '$.distributor.name' = $2)",
    rename_first: "SELECT id, doc ->> '$.title' FROM movies WHERE doc ->> '$.distributor.name' = $1 ORDER BY id LIMIT 5",
    vote: "UPDATE movies SET doc = jsonb_set(doc, rated.path || '.votes', rated.votes + $1)
        FROM (
            SELECT movies.id, fullkey AS path, value ->> '$.votes' AS votes FROM movies, json_each(doc, '$.ratings')
            WHERE movies.id = $2 AND value ->> '$.source' = $3
        ) AS rated
        WHERE movies.id = rated.id AND rated.votes IS NOT NULL",
    ratings: "SELECT value ->> '$.source', value ->> '$.score', value ->> '$.votes'
        FROM movies, json_each(doc, '$.ratings') WHERE movies.id = $1 ORDER BY 1",
};
