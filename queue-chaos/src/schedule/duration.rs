//! How durations are written in plans: `250ms`, `1.5s`, `3m`.

use std::time::Duration;

/// The units, the largest first, with their microseconds.
const UNITS: [(&str, u64); 5] =
    [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// What is right, for messages.
const EXAMPLES: &str = "write it like 250ms, 1.5s, 3m (us, ms, s, m, h)";

/// Reads a duration: a decimal number and a unit (`us`, `ms`, `s`, `m`, `h`) without a blank between them.
///
/// # Errors
/// What is wrong with the text: no number, no unit, finer than a microsecond, or more than a [`Duration`] holds.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = |why: &str| format!("`{text}` is no duration: {why}; {EXAMPLES}");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let Some(&(_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(wrong(if unit.is_empty() { "it has no unit" } else { "the unit is unknown" }));
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(wrong("it does not begin with a decimal number"));
    }
    let whole: u64 = whole.parse().map_err(|_| wrong("the number is too large"))?;
    // Trailing zeros change nothing, and 18 digits leave room to multiply.
    let fraction = fraction.trim_end_matches('0');
    let fine = || wrong("it is finer than a microsecond");
    let divisor =
        10u128.pow(u32::try_from(fraction.len()).ok().filter(|n| *n <= 18).ok_or_else(fine)?);
    let fraction: u128 =
        if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| fine())? };
    let fraction = fraction * u128::from(scale);
    if !fraction.is_multiple_of(divisor) {
        return Err(fine());
    }
    let micros = u128::from(whole) * u128::from(scale) + fraction / divisor;
    from_micros(micros).ok_or_else(|| wrong("it is too long"))
}

/// Writes a duration so that [`parse`] reads the same. What is finer than a microsecond is dropped.
///
/// Whole hours and minutes are written as such, others in the largest of `s`, `ms` and `us` that they fill.
pub fn text(duration: Duration) -> String {
    let micros = duration.as_micros();
    let whole = |scale: u64| micros.is_multiple_of(u128::from(scale));
    let fills = |&(_, scale): &(&str, u64)| {
        micros >= u128::from(scale) && (scale <= 1_000_000 || whole(scale))
    };
    let Some(&(unit, scale)) = UNITS.iter().find(|unit| fills(unit)) else {
        return "0s".to_owned();
    };
    let scale = u128::from(scale);
    let rest = micros % scale;
    if rest == 0 {
        return format!("{}{unit}", micros / scale);
    }
    // Only seconds and milliseconds have a rest here: powers of ten.
    let digits = scale.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    format!("{}.{}{unit}", micros / scale, fraction.trim_end_matches('0'))
}

fn from_micros(micros: u128) -> Option<Duration> {
    let seconds = u64::try_from(micros / 1_000_000).ok()?;
    let nanos = u32::try_from(micros % 1_000_000).ok()? * 1_000;
    Some(Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn examples() {
        for (text_, micros, written) in [
            ("250ms", 250_000, "250ms"),
            ("2s", 2_000_000, "2s"),
            ("1.5s", 1_500_000, "1.5s"),
            ("1500ms", 1_500_000, "1.5s"),
            ("3m", 180_000_000, "3m"),
            ("1.5m", 90_000_000, "90s"),
            ("60m", 3_600_000_000, "1h"),
            ("0.25ms", 250, "250us"),
            ("1.000001s", 1_000_001, "1.000001s"),
            ("0.0000000000000000000000s", 0, "0s"),
            ("61s", 61_000_000, "61s"),
            ("120s", 120_000_000, "2m"),
        ] {
            let duration = parse(text_).unwrap();
            assert_eq!(duration, Duration::from_micros(micros), "{text_}");
            assert_eq!(text(duration), written, "{text_}");
        }
    }

    #[test]
    fn refused() {
        for (text, why) in [
            ("", "no unit"),
            ("1", "no unit"),
            ("1 s", "unknown"),
            ("1d", "unknown"),
            ("-1s", "unknown"),
            ("s", "decimal"),
            (".5s", "decimal"),
            ("1.s", "decimal"),
            ("1..5s", "decimal"),
            ("0.5us", "finer"),
            ("0.0001ms", "finer"),
            ("0.0000000000000000001h", "finer"),
            ("99999999999999999999s", "too large"),
            ("18446744073709551615h", "too long"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn the_longest() {
        let longest = Duration::new(u64::MAX, 999_999_000);
        assert_eq!(parse(&text(Duration::MAX)), Ok(longest));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(micros in prop_oneof![any::<u64>(), 0u64..10_000_000, (0u64..5_000).prop_map(|m| m * 60_000_000)]) {
            let duration = Duration::from_micros(micros);
            prop_assert_eq!(parse(&text(duration)), Ok(duration));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.]{0,30}[a-z ]{0,3}|.{0,20}") {
            let _ = parse(&text);
        }
    }
}
