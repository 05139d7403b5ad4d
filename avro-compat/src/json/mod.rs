//! JSON with positions: what a schema's text says, and where it says so.
//!
//! Kept: the order of members, the text of numbers, the place of every value. Found: members given twice. Bounded: depth and length.
//! Nothing here recurses, whatever the depth.
//!
//! ```
//! use avro_compat::json::{Document, Reading};
//!
//! let document = Document::read(r#"{"size": 16, "tags": ["a", "b"]}"#, &Reading::default())?;
//! let tags = document.root().get("tags").unwrap();
//! let b = tags.elements().nth(1).unwrap();
//! assert_eq!(b.as_str().as_deref(), Some("b"));
//! assert_eq!((b.pointer().as_str(), b.position().column), ("/tags/1", 28));
//! # Ok::<(), avro_compat::Error>(())
//! ```

mod cursor;
mod document;
mod equal;
mod number;
mod owned;
mod place;
mod read;
mod string;
mod write;

pub use cursor::{Elements, Json, Kind, Members};
pub use document::Document;
pub use number::Number;
pub use owned::OwnedJson;
pub use place::Position;
pub(crate) use place::push_token;
pub use read::Reading;
pub(crate) use write::quote;
pub use write::{Layout, Writer};
