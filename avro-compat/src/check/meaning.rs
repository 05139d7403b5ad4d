//! Whether a value that is read means what was written.

use super::FindingKind;
use crate::schema::{Kind, LogicalType, Node};

/// What promotion loses, if it loses something.
pub(super) fn promotion(reader: Kind, writer: Kind) -> Option<FindingKind> {
    match (writer, reader) {
        (Kind::Int | Kind::Long, Kind::Float) | (Kind::Long, Kind::Double) => {
            Some(FindingKind::LossyPromotion)
        }
        (Kind::Bytes, Kind::String) => Some(FindingKind::BytesAsString),
        _ => None,
    }
}

/// What becomes of the logical type of a value that can be read.
pub(super) fn logical(reader: &Node, writer: &Node) -> Option<FindingKind> {
    use LogicalType as L;
    match (reader.logical_type(), writer.logical_type()) {
        (None, None) => None,
        (Some(r), Some(w)) if r == w => None,
        (None, Some(_)) => Some(FindingKind::LogicalTypeDropped),
        (Some(_), None) => Some(FindingKind::LogicalTypeAdded),
        (
            Some(L::Decimal { precision: r, scale: r_scale }),
            Some(L::Decimal { precision: w, scale: w_scale }),
        ) => Some(if r_scale != w_scale {
            FindingKind::DecimalScale
        } else if r < w {
            FindingKind::DecimalPrecision
        } else {
            FindingKind::DecimalWidened
        }),
        (Some(r), Some(w)) => Some(match (clock(r), clock(w)) {
            (Some(r), Some(w)) if r == w => FindingKind::TimeUnit,
            _ => FindingKind::LogicalType,
        }),
    }
}

/// What a time counts from; those of one origin differ in their unit only.
fn clock(ty: LogicalType) -> Option<u8> {
    use LogicalType as L;
    match ty {
        L::TimeMillis | L::TimeMicros => Some(0),
        L::TimestampMillis | L::TimestampMicros | L::TimestampNanos => Some(1),
        L::LocalTimestampMillis | L::LocalTimestampMicros | L::LocalTimestampNanos => Some(2),
        _ => None,
    }
}
