//! What a type's values mean beyond their bytes (specification, "Logical Types").

use super::Kind;

/// A meaning that the specification defines for values of a type.
///
/// It changes nothing about how values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogicalType {
    /// `decimal` on bytes or fixed: an integer in two's complement, big-endian, times 10^-scale.
    Decimal {
        /// The most decimal digits. At least 1, and for a fixed at most what its size can hold.
        precision: u32,
        /// The digits behind the point. At most the precision.
        scale: u32,
    },
    /// `big-decimal` on bytes: an integer as Avro bytes, and its scale as an Avro int.
    BigDecimal,
    /// `uuid` on string, or on fixed of 16 bytes.
    Uuid,
    /// `date` on int: days since 1970-01-01.
    Date,
    /// `time-millis` on int: milliseconds since midnight.
    TimeMillis,
    /// `time-micros` on long: microseconds since midnight.
    TimeMicros,
    /// `timestamp-millis` on long: milliseconds since 1970-01-01T00:00:00Z.
    TimestampMillis,
    /// `timestamp-micros` on long: microseconds since 1970-01-01T00:00:00Z.
    TimestampMicros,
    /// `timestamp-nanos` on long: nanoseconds since 1970-01-01T00:00:00Z.
    TimestampNanos,
    /// `local-timestamp-millis` on long: milliseconds since 1970-01-01T00:00:00 in some local time.
    LocalTimestampMillis,
    /// `local-timestamp-micros` on long: microseconds since 1970-01-01T00:00:00 in some local time.
    LocalTimestampMicros,
    /// `local-timestamp-nanos` on long: nanoseconds since 1970-01-01T00:00:00 in some local time.
    LocalTimestampNanos,
    /// `duration` on fixed of 12 bytes: months, days and milliseconds, each unsigned, little-endian.
    Duration,
}

impl LogicalType {
    /// The name that schemas call it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decimal { .. } => "decimal",
            Self::BigDecimal => "big-decimal",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::TimeMillis => "time-millis",
            Self::TimeMicros => "time-micros",
            Self::TimestampMillis => "timestamp-millis",
            Self::TimestampMicros => "timestamp-micros",
            Self::TimestampNanos => "timestamp-nanos",
            Self::LocalTimestampMillis => "local-timestamp-millis",
            Self::LocalTimestampMicros => "local-timestamp-micros",
            Self::LocalTimestampNanos => "local-timestamp-nanos",
            Self::Duration => "duration",
        }
    }
}

impl std::fmt::Display for LogicalType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            other => f.pad(other.as_str()),
        }
    }
}

/// Why a `logicalType` attribute has no effect. The specification wants such types to be read as if it were not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoredLogicalType {
    /// No logical type of the specification has this name.
    #[error("{name:?} is no logical type of the specification")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The attribute is not a string.
    #[error("\"logicalType\" must be a string, and is {found}")]
    NotAString {
        /// What it is.
        found: &'static str,
    },
    /// It is defined for other types.
    #[error("logical type {name:?} is for {on}, and stands on {kind}")]
    WrongType {
        /// The name of the logical type.
        name: &'static str,
        /// What it is defined for.
        on: &'static str,
        /// The type that it stands on.
        kind: Kind,
    },
    /// It is defined for a fixed of another size.
    #[error("logical type {name:?} needs a fixed of {wanted} bytes, and this one has {found}")]
    WrongSize {
        /// The name of the logical type.
        name: &'static str,
        /// The size that it needs.
        wanted: u32,
        /// The size of the fixed.
        found: u32,
    },
    /// A decimal without precision.
    #[error("a decimal needs a precision")]
    NoPrecision,
    /// A decimal's precision or scale that is not an integer in range.
    #[error("the decimal's {attribute} is {found}: expected an integer from {least} to 2147483647")]
    NotANumber {
        /// `precision` or `scale`.
        attribute: &'static str,
        /// What is there, as JSON.
        found: String,
        /// The least that it can be.
        least: u32,
    },
    /// A scale that is larger than the precision.
    #[error("the decimal's scale {scale} is larger than its precision {precision}")]
    Scale {
        /// The precision.
        precision: u32,
        /// The scale.
        scale: u32,
    },
    /// More digits than fit into the fixed.
    #[error("{size} bytes hold at most {max} decimal digits, and the precision is {precision}")]
    Precision {
        /// The precision.
        precision: u32,
        /// The size of the fixed.
        size: u32,
        /// What fits.
        max: u64,
    },
}
