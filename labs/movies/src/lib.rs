//! Lab 1-2: the same films in relational and in document stores.
//!
//! Four stores, or five: SQLite (compiled in) and PostgreSQL (where it is installed), each with normalised tables and with a document a film; MongoDB with the feature
//! `mongodb` and where `MONGODB_URI` names one. Eight queries, which all stores must answer alike: lists of rows of whole numbers and texts, compared with each
//! other and with a plain list in memory.
//!
//! | room | what is in it |
//! |---|---|
//! | [`data`] | films, read from a file with flaws, which are counted |
//! | [`task`] | the eight queries |
//! | [`answer`] | rows, and where two lists of them part |
//! | [`store`] | what a store can do; [`sqlite`], [`postgres`] and `mongo` are some, [`model`] is what they must answer |
//! | `sql` | what SQL's stores are told |
//! | [`measure`] | rounds: each task in each store, in turns, its answer compared |

pub mod answer;
pub mod data;
mod document;
mod error;
pub mod measure;
pub mod model;
#[cfg(feature = "mongodb")]
pub mod mongo;
pub mod postgres;
mod sql;
pub mod sqlite;
pub mod store;
pub mod task;

pub use error::{Error, Result};
pub use sql::Layout;
