//! Object container files (specification, "Object Container Files").
//!
//! ```
//! use avro_compat::container::{Codec, Reader, Writer};
//! use avro_compat::{Schema, Value};
//!
//! let schema = Schema::parse(r#""string""#)?;
//! let mut writer = Writer::new(Vec::new(), &schema, Codec::Null)?;
//! writer.append(&Value::String("foo".into()))?;
//! let file = writer.finish()?;
//!
//! let bytes = Schema::parse(r#""bytes""#)?;
//! for value in Reader::with_schema(&file[..], &bytes)? {
//!     assert_eq!(value?, Value::Bytes(b"foo".to_vec()));
//! }
//! # Ok::<(), avro_compat::Error>(())
//! ```

mod codec;
mod header;
mod reader;
mod source;
mod writer;

pub use codec::Codec;
pub use reader::{Block, Reader, ReaderOptions};
pub use writer::{Writer, WriterOptions};

/// What files begin with.
const MAGIC: [u8; 4] = *b"Obj\x01";
