//! A schema registry for Avro: what Confluent's does, in one process, on one directory.
//!
//! ```
//! use schema_registry::model::Subject;
//! use schema_registry::registry::{Registration, Registry, RegistryOptions};
//! use schema_registry::store::Store;
//! use schema_registry::text::SentSchema;
//!
//! # let dir = std::env::temp_dir().join(format!("schema-registry-front-page-{}", std::process::id()));
//! # let _ = std::fs::remove_dir_all(&dir);
//! let (store, state) = Store::open(&dir)?;
//! let registry = Registry::new(store, state, RegistryOptions::default());
//! let tweets = Subject::parse("tweets-value");
//!
//! let tweet = |fields: &str| Registration {
//!     schema: SentSchema::avro(format!(r#"{{"type": "record", "name": "Tweet", "fields": [{fields}]}}"#)),
//!     ..Registration::default()
//! };
//! let v1 = registry.register(&tweets, &tweet(r#"{"name": "text", "type": "string"}"#))?;
//! assert_eq!((v1.id.0, v1.version), (1, 1));                                // durable: kill -9 loses nothing
//!
//! let v2 = r#"{"name": "text", "type": "string"}, {"name": "lang", "type": "string"}"#;
//! let refused = registry.register(&tweets, &tweet(v2)).unwrap_err();        // who reads what has no `lang`?
//! assert_eq!(refused.code(), 409);
//!
//! let v2 = r#"{"name": "text", "type": "string"}, {"name": "lang", "type": "string", "default": "en"}"#;
//! assert_eq!(registry.register(&tweets, &tweet(v2))?.version, 2);
//! assert_eq!(registry.register(&Subject::parse("other"), &tweet(v2))?.id.0, 2);   // the same schema, the same id
//! # std::fs::remove_dir_all(&dir).unwrap();
//! # Ok::<(), schema_registry::Error>(())
//! ```
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | [`model`] | subjects, versions, schemas, settings |
//! | [`text`] | texts: references resolved, canonical and normal forms |
//! | [`registry`] | the registry: what may be asked of it, and how that becomes durable |
//! | [`store`] | what is on disk |
//! | `http` | the server, with feature `server` |
//!
//! # Features
//!
//! | feature | default | costs |
//! |---|---|---|
//! | `server` | yes | `axum`, `hyper`, `tokio`, `argon2`, `prometheus-client`, `clap` |
//! | `tls` | no | `tokio-rustls` with `ring`, which compiles C |
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod error;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
mod metrics;
pub mod model;
pub mod registry;
pub mod store;
pub mod text;

pub use error::{Error, Result};
