//! The eight queries.

use crate::data::IMDB;

/// What is asked of a store, with its parameters. The last three change something first, and ask afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// 1: a whole film with all of its ratings. A row of the film, then a row a rating (source, score, votes).
    Lookup {
        /// Which.
        id: i32,
    },
    /// 2: the first films by day of release, from a day on. Rows: day, id, title.
    Range {
        /// The first day.
        from: String,
        /// The day behind the last.
        to: String,
        /// How many at most.
        limit: i64,
    },
    /// 3: every genre, the unknown one first: films, what all of them took, the largest budget.
    Group,
    /// 4: directors who worked with two distributors or more, each with the best film, by [`IMDB`]. Rows: director, films, distributors; score, id, title and
    /// distributor of the best.
    Join {
        /// How many at most.
        limit: i64,
    },
    /// 5: films whose score is above the mean of their director's, for directors with three scores or more. Rows: id, title, director, score, number of scores, sum of scores.
    AboveMean {
        /// By how much.
        margin: i64,
        /// How many at most.
        limit: i64,
    },
    /// 6: every source of ratings: ratings, mean score in hundredths, votes, mean votes.
    Unnest,
    /// 7: a field that no one thought of, given to a part of the films, and an index over it. Afterwards: how many have it; the twenty with the most. Rows: id, title, value.
    Schema {
        /// Films since this day get it: what they took at all box offices, in per cent of their budget.
        since: String,
    },
    /// 8a: a distributor gets another name, one that nobody has yet. Afterwards: films under either name, and the first five under the new one.
    Rename {
        /// The name.
        from: String,
        /// The new one.
        to: String,
    },
    /// 8b: votes for a film come in. Afterwards: its ratings.
    Votes {
        /// Which film.
        id: i32,
        /// How many. Taken back by less than nothing.
        by: i64,
    },
}

/// Whose votes come in.
pub(crate) const VOTED: &str = IMDB;

/// The number of queries. The eighth has two parts.
pub const QUERIES: usize = 8;

/// The kinds of tasks, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// [`Task::Lookup`].
    Lookup,
    /// [`Task::Range`].
    Range,
    /// [`Task::Group`].
    Group,
    /// [`Task::Join`].
    Join,
    /// [`Task::AboveMean`].
    AboveMean,
    /// [`Task::Unnest`].
    Unnest,
    /// [`Task::Schema`].
    Schema,
    /// [`Task::Rename`].
    Rename,
    /// [`Task::Votes`].
    Votes,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Lookup,
        Self::Range,
        Self::Group,
        Self::Join,
        Self::AboveMean,
        Self::Unnest,
        Self::Schema,
        Self::Rename,
        Self::Votes,
    ];

    /// What it is called, with the number of its query.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lookup => "1 look-up",
            Self::Range => "2 range",
            Self::Group => "3 group",
            Self::Join => "4 join",
            Self::AboveMean => "5 above mean",
            Self::Unnest => "6 unnest",
            Self::Schema => "7 schema change",
            Self::Rename => "8a rename",
            Self::Votes => "8b votes",
        }
    }

    /// The number of its query, from 1.
    #[must_use]
    pub fn query(self) -> usize {
        (self as usize + 1).min(QUERIES)
    }

    /// Whether it changes something before it asks.
    #[must_use]
    pub fn changes(self) -> bool {
        self >= Self::Schema
    }
}

impl Task {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Lookup { .. } => Kind::Lookup,
            Self::Range { .. } => Kind::Range,
            Self::Group => Kind::Group,
            Self::Join { .. } => Kind::Join,
            Self::AboveMean { .. } => Kind::AboveMean,
            Self::Unnest => Kind::Unnest,
            Self::Schema { .. } => Kind::Schema,
            Self::Rename { .. } => Kind::Rename,
            Self::Votes { .. } => Kind::Votes,
        }
    }
}
