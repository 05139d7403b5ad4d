//! Writing messages.

use super::{Confluent, SingleObject};
use crate::{Encoder, Result, Schema, Value};

/// Writes messages of one schema.
#[derive(Clone, Debug)]
pub struct MessageWriter {
    header: Vec<u8>,
    encoder: Encoder,
}

impl MessageWriter {
    /// Of single-object encoding.
    pub fn single_object(schema: &Schema) -> Self {
        Self { header: SingleObject::header(schema).to_vec(), encoder: Encoder::new(schema) }
    }

    /// In Confluent's wire format, with the id that the registry has given to the schema.
    pub fn confluent(schema: &Schema, id: u32) -> Self {
        Self { header: Confluent::header(id).to_vec(), encoder: Encoder::new(schema) }
    }

    /// The message of a value.
    ///
    /// # Errors
    ///
    /// If it is no value of the schema.
    pub fn write(&self, value: &Value) -> Result<Vec<u8>> {
        let mut message = self.header.clone();
        self.encoder.encode_to(value, &mut message)?;
        Ok(message)
    }
}
