//! A document a film, in PostgreSQL's JSONB.

use super::{Statements, above_mean, join, unnest};

/// What PostgreSQL is told.
pub(super) static STATEMENTS: Statements = Statements {
    tables: "CREATE TABLE movies (id INTEGER PRIMARY KEY, doc JSONB NOT NULL)",
    indexes: "CREATE INDEX movies_released ON movies ((doc ->> 'released'), id);
        CREATE INDEX movies_distributor ON movies ((doc -> 'distributor' ->> 'name'), id)",
    lookup: "SELECT CAST(doc AS TEXT) FROM movies WHERE id = $1",
    range: "SELECT doc ->> 'released', id, doc ->> 'title' FROM movies
        WHERE doc ->> 'released' >= $1 AND doc ->> 'released' < $2 ORDER BY doc ->> 'released', id LIMIT $3",
    group: "SELECT doc ->> 'genre', count(*), CAST(sum((doc -> 'gross' ->> 'world')::BIGINT) AS BIGINT), max((doc ->> 'budget')::BIGINT)
        FROM movies GROUP BY 1 ORDER BY 1 NULLS FIRST",
    join: join!(
        "SELECT id, doc ->> 'title' AS title, doc -> 'director' ->> 'name' AS director, doc -> 'distributor' ->> 'name' AS distributor,
            (SELECT (value ->> 'score')::BIGINT FROM jsonb_array_elements(doc -> 'ratings') WHERE value ->> 'source' = 'imdb') AS score
        FROM movies WHERE doc -> 'director' ->> 'name' IS NOT NULL"
    ),
    above_mean: above_mean!(
        "SELECT id, doc ->> 'title' AS title, doc -> 'director' ->> 'name' AS director, (value ->> 'score')::BIGINT AS score
        FROM movies, jsonb_array_elements(doc -> 'ratings')
        WHERE doc -> 'director' ->> 'name' IS NOT NULL AND value ->> 'source' = 'imdb'"
    ),
    unnest: unnest!(
        "SELECT value ->> 'source' AS source, (value ->> 'score')::BIGINT AS score, (value ->> 'votes')::BIGINT AS votes
        FROM movies, jsonb_array_elements(doc -> 'ratings')"
    ),
    schema_add: &[],
    schema_fill: "UPDATE movies SET doc = jsonb_set(doc, '{multiple}', to_jsonb(100 * (doc -> 'gross' ->> 'world')::BIGINT / (doc ->> 'budget')::BIGINT))
        WHERE doc ->> 'released' >= $1 AND (doc ->> 'budget')::BIGINT > 0 AND doc -> 'gross' ->> 'world' IS NOT NULL",
    schema_index: "CREATE INDEX movies_multiple ON movies (((doc ->> 'multiple')::BIGINT) DESC, id)",
    schema_count: "SELECT count(*) FROM movies WHERE (doc ->> 'multiple')::BIGINT IS NOT NULL",
    schema_highest: "SELECT id, doc ->> 'title', (doc ->> 'multiple')::BIGINT FROM movies
        WHERE (doc ->> 'multiple')::BIGINT IS NOT NULL ORDER BY (doc ->> 'multiple')::BIGINT DESC, id LIMIT 20",
    schema_undo: &["DROP INDEX movies_multiple", "UPDATE movies SET doc = doc - 'multiple' WHERE doc ->> 'multiple' IS NOT NULL"],
    rename: "UPDATE movies SET doc = jsonb_set(doc, '{distributor,name}', to_jsonb(CAST($1 AS TEXT)))
        WHERE doc -> 'distributor' ->> 'name' = $2",
    rename_counts: "SELECT
            (SELECT count(*) FROM movies WHERE doc -> 'distributor' ->> 'name' = $1),
            (SELECT count(*) FROM movies WHERE doc -> 'distributor' ->> 'name' = $2)",
    rename_first: "SELECT id, doc ->> 'title' FROM movies WHERE doc -> 'distributor' ->> 'name' = $1 ORDER BY id LIMIT 5",
    vote: "UPDATE movies SET doc = jsonb_set(doc, ARRAY['ratings', CAST(rated.place - 1 AS TEXT), 'votes'], to_jsonb(rated.votes + $1))
        FROM (
            SELECT id, place, (value ->> 'votes')::BIGINT AS votes
            FROM movies, jsonb_array_elements(doc -> 'ratings') WITH ORDINALITY AS it (value, place)
            WHERE id = $2 AND value ->> 'source' = $3
        ) AS rated
        WHERE movies.id = rated.id AND rated.votes IS NOT NULL",
    ratings: "SELECT value ->> 'source', (value ->> 'score')::BIGINT, (value ->> 'votes')::BIGINT
        FROM movies, jsonb_array_elements(doc -> 'ratings') WHERE id = $1 ORDER BY 1",
};
