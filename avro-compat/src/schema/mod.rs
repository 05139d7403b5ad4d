//! Schemas: what a text means.

mod attributes;
mod default;
mod equal;
mod id;
mod kind;
mod logical;
mod lookup;
mod name;
mod named;
mod node;
mod origin;
mod parse;
mod record;
mod set;
mod table;
mod write;

pub use attributes::Attributes;
pub use id::TypeId;
pub use kind::Kind;
pub use logical::{IgnoredLogicalType, LogicalType};
pub use name::Name;
pub use named::{Enum, Fixed, Union};
pub use node::{Node, Type};
pub use origin::Origin;
pub use parse::{NameRules, ParseOptions};
pub use record::{Field, Order, Record};
pub use set::Schemas;
pub use table::Schema;
pub use write::WriteOptions;
