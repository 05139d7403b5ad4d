//! What is wrong with a container file.

/// Why a container file cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// The file could not be read or written.
    #[error("byte {offset} of the file: {message}")]
    Io {
        /// The byte.
        offset: u64,
        /// What kind of error.
        kind: std::io::ErrorKind,
        /// What the system says.
        message: String,
    },
    /// The file ends in the middle.
    #[error("byte {offset} of the file: it ends inside of {inside}: is it truncated?")]
    Truncated {
        /// The byte.
        offset: u64,
        /// What does not end.
        inside: &'static str,
    },
    /// Something else than a container file.
    #[error("this is no Avro container file: it begins with {found:02x?}, not with \"Obj\" and 1")]
    Magic {
        /// The first bytes.
        found: [u8; 4],
    },
    /// A number that makes no sense where it is.
    #[error("byte {offset} of the file: {what} of {found}")]
    Number {
        /// The byte.
        offset: u64,
        /// What it is a number of.
        what: &'static str,
        /// The number.
        found: i64,
    },
    /// More than allowed.
    #[error(
        "byte {offset} of the file: {what} of more than {limit} bytes: raise `{option}` if the file is trusted"
    )]
    TooLarge {
        /// The byte.
        offset: u64,
        /// What is large.
        what: &'static str,
        /// What is allowed.
        limit: usize,
        /// The option that allows it.
        option: &'static str,
    },
    /// A property that must be there.
    #[error("the file has no \"avro.schema\"")]
    NoSchema,
    /// A property that is not text.
    #[error("the file's {property:?} is not UTF-8")]
    NotText {
        /// The property.
        property: String,
    },
    /// A codec that does not exist, or that this program was built without.
    #[error("the file's codec is {name:?}, which {}", match feature { Some(feature) => format!("needs the feature {feature:?}"), None => "is none of the specification".to_owned() })]
    Codec {
        /// Its name.
        name: String,
        /// The feature of this crate that it needs.
        feature: Option<&'static str>,
    },
    /// A block that cannot be decompressed.
    #[error("the block at byte {offset} of the file is no {codec} data: {message}")]
    Compressed {
        /// The byte.
        offset: u64,
        /// The codec.
        codec: &'static str,
        /// What the codec says.
        message: String,
    },
    /// A block that does not end with the file's marker.
    #[error(
        "byte {offset} of the file: the block that ends here is not followed by the file's sync marker: the file is damaged"
    )]
    Sync {
        /// The byte at which the marker should be.
        offset: u64,
    },
    /// Bytes of a block that are no object.
    #[error(
        "the block at byte {offset} of the file has {count} bytes more than its {objects} objects"
    )]
    Excess {
        /// The byte at which the block begins.
        offset: u64,
        /// How many bytes.
        count: usize,
        /// How many objects.
        objects: u64,
    },
    /// An object of a block that cannot be read.
    #[error(
        "object {object} of the block at byte {offset} of the file, after decompression: {error}"
    )]
    Object {
        /// The byte at which the block begins.
        offset: u64,
        /// Which object of it, from 0.
        object: u64,
        /// What is wrong with it.
        error: super::DecodeError,
    },
    /// A name of a property that is reserved.
    #[error("the property {name:?} is reserved: names must not begin with \"avro.\"")]
    Reserved {
        /// The name.
        name: String,
    },
}
