//! Normalised tables. A distributor's name is in one row, whoever refers to it; a rating is a row.

use super::{Statements, above_mean, join, unnest};

macro_rules! tables {
    ($ratings:literal) => {
        concat!(
            "CREATE TABLE genres (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE directors (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE distributors (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE movies (
                id INTEGER PRIMARY KEY,
                title TEXT NOT NULL,
                released TEXT NOT NULL,
                certificate TEXT,
                minutes BIGINT,
                genre_id INTEGER REFERENCES genres,
                creative_type TEXT,
                basis TEXT,
                director_id INTEGER REFERENCES directors,
                distributor_id INTEGER REFERENCES distributors,
                budget BIGINT,
                us_gross BIGINT,
                world_gross BIGINT,
                dvd_sales BIGINT
            );
            CREATE TABLE ratings (
                movie_id INTEGER NOT NULL REFERENCES movies,
                source TEXT NOT NULL,
                score BIGINT NOT NULL,
                votes BIGINT,
                PRIMARY KEY (movie_id, source)
            )",
            $ratings
        )
    };
}

macro_rules! statements {
    ($tables:expr) => {
        Statements {
            tables: $tables,
            indexes: "CREATE INDEX movies_released ON movies (released, id);
                CREATE INDEX movies_distributor ON movies (distributor_id, id)",
            lookup: "SELECT m.title, m.released, m.certificate, m.minutes, g.name, m.creative_type, m.basis, d.name, s.name,
                    m.budget, m.us_gross, m.world_gross, m.dvd_sales, r.source, r.score, r.votes
                FROM movies m
                LEFT JOIN genres g ON g.id = m.genre_id
                LEFT JOIN directors d ON d.id = m.director_id
                LEFT JOIN distributors s ON s.id = m.distributor_id
                LEFT JOIN ratings r ON r.movie_id = m.id
                WHERE m.id = $1 ORDER BY r.source",
            range: "SELECT released, id, title FROM movies WHERE released >= $1 AND released < $2 ORDER BY released, id LIMIT $3",
            group: "SELECT g.name, count(*), CAST(sum(m.world_gross) AS BIGINT), max(m.budget)
                FROM movies m LEFT JOIN genres g ON g.id = m.genre_id
                GROUP BY g.name ORDER BY g.name NULLS FIRST",
            join: join!(
                "SELECT m.id, m.title, d.name AS director, s.name AS distributor, r.score
                FROM movies m
                JOIN directors d ON d.id = m.director_id
                LEFT JOIN distributors s ON s.id = m.distributor_id
                LEFT JOIN ratings r ON r.movie_id = m.id AND r.source = 'imdb'"
            ),
            above_mean: above_mean!(
                "SELECT m.id, m.title, d.name AS director, r.score
                FROM movies m
                JOIN directors d ON d.id = m.director_id
                JOIN ratings r ON r.movie_id = m.id AND r.source = 'imdb'"
            ),
            unnest: unnest!("SELECT source, score, votes FROM ratings"),
            schema_add: &["ALTER TABLE movies ADD COLUMN multiple BIGINT"],
            schema_fill: "UPDATE movies SET multiple = 100 * world_gross / budget
                WHERE released >= $1 AND budget > 0 AND world_gross IS NOT NULL",
            schema_index: "CREATE INDEX movies_multiple ON movies (multiple DESC, id)",
            schema_count: "SELECT count(*) FROM movies WHERE multiple IS NOT NULL",
            schema_highest: "SELECT id, title, multiple FROM movies WHERE multiple IS NOT NULL ORDER BY multiple DESC, id LIMIT 20",
            schema_undo: &["DROP INDEX movies_multiple", "ALTER TABLE movies DROP COLUMN multiple"],
            rename: "UPDATE distributors SET name = $1 WHERE name = $2",
            rename_counts: "SELECT
                    (SELECT count(*) FROM movies m JOIN distributors s ON s.id = m.distributor_id WHERE s.name = $1),
                    (SELECT count(*) FROM movies m JOIN distributors s ON s.id = m.distributor_id WHERE s.name = $2)",
            rename_first: "SELECT m.id, m.title FROM movies m JOIN distributors s ON s.id = m.distributor_id
                WHERE s.name = $1 ORDER BY m.id LIMIT 5",
            vote: "UPDATE ratings SET votes = votes + $1 WHERE movie_id = $2 AND source = $3",
            ratings: "SELECT source, score, votes FROM ratings WHERE movie_id = $1 ORDER BY source",
        }
    };
}

/// For PostgreSQL.
pub(super) static POSTGRES: Statements = statements!(tables!(""));

/// For SQLite, which keeps a table in the order of its key if it is told to.
pub(super) static SQLITE: Statements = statements!(tables!(" WITHOUT ROWID"));
