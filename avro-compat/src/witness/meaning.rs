//! Values in words of their logical types.

use crate::schema::{LogicalType, Node};
use crate::value::{Decimal, Value, format_uuid};

/// What a value means by the logical type of its type; none if that has none.
pub(super) fn meaning(node: &Node, value: &Value) -> Option<String> {
    use LogicalType as L;
    let number = value.as_i64();
    let text = match node.logical_type()? {
        L::Date => number.map(date),
        L::TimeMillis => number.and_then(|it| time(it, MILLIS)),
        L::TimeMicros => number.and_then(|it| time(it, MICROS)),
        L::TimestampMillis => number.map(|it| timestamp(it, MILLIS) + "Z"),
        L::TimestampMicros => number.map(|it| timestamp(it, MICROS) + "Z"),
        L::TimestampNanos => number.map(|it| timestamp(it, NANOS) + "Z"),
        L::LocalTimestampMillis => number.map(|it| timestamp(it, MILLIS)),
        L::LocalTimestampMicros => number.map(|it| timestamp(it, MICROS)),
        L::LocalTimestampNanos => number.map(|it| timestamp(it, NANOS)),
        L::Decimal { precision, scale } => value.as_bytes().map(|it| decimal(it, precision, scale)),
        L::BigDecimal => {
            value.as_bytes().and_then(Decimal::from_big_decimal).map(|it| it.to_string())
        }
        L::Uuid => value.to_uuid().map(format_uuid),
        L::Duration => value
            .to_duration()
            .map(|it| format!("{} months {} days {} ms", it.months, it.days, it.millis)),
    };
    Some(text.unwrap_or_else(|| format!("no {}", node.logical_type().map_or("", L::as_str))))
}

const MILLIS: i64 = 1_000;
const MICROS: i64 = 1_000_000;
const NANOS: i64 = 1_000_000_000;

/// `2020-02-29`, of days since 1970. By the method of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": eras of 400 years, whose years
/// begin in March, so that the leap day is their last.
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+05}-{month:02}-{day:02}"),
    }
}

/// `23:59:59.999`; none if it is not within a day.
fn time(of_day: i64, unit: i64) -> Option<String> {
    (0..86_400 * unit).contains(&of_day).then(|| clock(of_day, unit))
}

/// `1970-01-01T00:00:01.5`
fn timestamp(since: i64, unit: i64) -> String {
    let day = 86_400 * unit;
    format!("{}T{}", date(since.div_euclid(day)), clock(since.rem_euclid(day), unit))
}

fn clock(of_day: i64, unit: i64) -> String {
    let seconds = of_day / unit;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let text = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    match of_day % unit {
        0 => text,
        fraction => format!("{text}.{fraction:0width$}", width = unit.ilog10() as usize),
    }
}

fn decimal(bytes: &[u8], precision: u32, scale: u32) -> String {
    match Decimal::from_be_bytes(bytes, scale) {
        Some(it) => {
            let digits = it.unscaled.unsigned_abs().checked_ilog10().map_or(1, |it| it + 1);
            if digits > precision {
                format!("{it}, which has {digits} digits and not {precision} at most")
            } else {
                it.to_string()
            }
        }
        None => {
            let hex: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
            // How many digits it has at least, by its bits without the sign.
            let zeros = bytes.iter().take_while(|it| **it == 0).count();
            let bits = bytes.get(zeros).map_or(0, |it| 8 - it.leading_zeros() as usize)
                + 8 * (bytes.len() - zeros).saturating_sub(1);
            let digits = (bits.saturating_sub(1) as f64 * std::f64::consts::LOG10_2) as u64 + 1;
            let more = if digits > u64::from(precision) {
                format!(", which has {digits} digits and not {precision} at most")
            } else {
                String::new()
            };
            format!("0x{hex}e-{scale}{more}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (18_321, "2020-02-29"),
            (11_016, "2000-02-29"),
            (-25_509, "1900-02-28"),
            (-25_508, "1900-03-01"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
        ] {
            assert_eq!(date(days), text);
        }
    }

    #[test]
    fn every_number_of_days_is_the_day_after_the_one_before() {
        let length = |year: i64, month: i64| match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let (mut year, mut month, mut day) = (1600, 1, 1);
        for days in -135_140..150_000 {
            assert_eq!(date(days), format!("{year:04}-{month:02}-{day:02}"), "{days}");
            day += 1;
            if day > length(year, month) {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    #[test]
    fn times_have_the_digits_of_their_unit() {
        assert_eq!(timestamp(-1, MICROS), "1969-12-31T23:59:59.999999");
        assert_eq!(timestamp(i64::MAX, NANOS), "2262-04-11T23:47:16.854775807");
        assert_eq!(timestamp(i64::MIN, MILLIS), "-292275055-05-16T16:47:04.192");
        assert_eq!(time(86_400_000, MILLIS), None);
        assert_eq!(time(86_399_999, MILLIS).as_deref(), Some("23:59:59.999"));
    }

    #[test]
    fn decimals_say_if_they_have_too_many_digits() {
        assert_eq!(decimal(&[0x7F], 3, 2), "1.27");
        assert_eq!(decimal(&[0x7F], 2, 2), "1.27, which has 3 digits and not 2 at most");
        let large = [&[1_u8][..], &[0; 16]].concat();
        let text = "0x0100000000000000000000000000000000e-2";
        assert_eq!(decimal(&large, 39, 2), text);
        assert_eq!(
            decimal(&large, 38, 2),
            format!("{text}, which has 39 digits and not 38 at most")
        );
    }
}
