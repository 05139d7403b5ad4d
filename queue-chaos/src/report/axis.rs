//! Numbers on axes and in tables.

/// Steps of 1, 2 or 5 times a power of ten from 0 on, about so many, the last not below the largest value.
pub(super) fn ticks(largest: f64, about: usize) -> Vec<f64> {
    if !(largest.is_finite() && largest > 0.0) {
        return vec![0.0, 1.0];
    }
    let step = step(largest / about.max(1) as f64);
    let steps = (largest / step - 1e-9).ceil().max(1.0) as usize;
    (0..=steps).map(|n| n as f64 * step).collect()
}

/// The least of 1, 2 and 5 times a power of ten that is not below a value.
fn step(least: f64) -> f64 {
    let power = 10f64.powi(least.log10().floor() as i32);
    let factors = [1.0, 2.0, 5.0];
    factors
        .into_iter()
        .map(|factor| factor * power)
        .find(|s| *s >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// Times for a time axis, seconds: steps that people count in.
pub(super) fn time_ticks(end: f64, about: usize) -> Vec<f64> {
    const STEPS: [f64; 12] =
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0];
    let least = end / about.max(1) as f64;
    let chosen = if least <= 1.0 {
        step(least.max(1e-6))
    } else {
        let hours = || step(least / 3600.0) * 3600.0;
        STEPS.into_iter().find(|step| *step >= least).unwrap_or_else(hours)
    };
    let steps = (end / chosen + 1e-9).floor() as usize;
    (0..=steps).map(|n| n as f64 * chosen).collect()
}

/// A time on an axis that goes up to `end` seconds: `2.5 s`, `12 s`, `1:30`, `2:00:00`.
pub(super) fn clock(seconds: f64, end: f64) -> String {
    let whole = seconds.round() as u64;
    if end < 120.0 {
        format!("{} s", plain(seconds))
    } else if end < 7200.0 {
        format!("{}:{:02}", whole / 60, whole % 60)
    } else {
        format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
    }
}

/// Three digits and a letter for thousands: `0`, `0.25`, `12`, `1.5k`, `3M`.
pub(super) fn si(value: f64) -> String {
    const LETTERS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // What would be rounded up to a thousand takes the next letter.
    let found = LETTERS.into_iter().find(|(scale, _)| value.abs() >= scale * 0.999_5);
    match found {
        Some((scale, letter)) => format!("{}{letter}", plain(value / scale)),
        None => plain(value),
    }
}

/// A number of microseconds: `250 µs`, `1.5 ms`, `12 s`.
pub(super) fn time(micros: f64) -> String {
    match micros {
        m if m < 999.5 => format!("{} µs", plain(m)),
        m if m < 999_500.0 => format!("{} ms", plain(m / 1e3)),
        m if m < 119_500_000.0 => format!("{} s", plain(m / 1e6)),
        m => clock(m / 1e6, m / 1e6),
    }
}

/// Three digits, without zeros at the end.
fn plain(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A whole number with blanks between thousands.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            // Narrow, and no line ends there.
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time of day, in UTC: `2026-11-26 08:30:00 UTC`. Microseconds since 1970.
pub(super) fn date(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Days are counted in 400 years that begin in March, so that the leap day is the last one of a year.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ticks_are_few_and_reach_the_largest(largest in 1e-6..1e15f64, about in 1..8usize) {
            let ticks = ticks(largest, about);
            prop_assert!(ticks.len() >= 2 && ticks.len() <= about + 2, "{:?}", ticks);
            prop_assert!(ticks[ticks.len() - 1] >= largest * (1.0 - 1e-6));
            prop_assert!(ticks[ticks.len() - 2] < largest);
        }

        #[test]
        fn time_ticks_are_few_and_stay_within(end in 1e-3..1e6f64, about in 2..12usize) {
            let ticks = time_ticks(end, about);
            prop_assert!(ticks.len() <= about + 1, "{:?}", ticks);
            prop_assert!(ticks.iter().all(|tick| *tick <= end * (1.0 + 1e-6)));
        }
    }

    #[test]
    fn numbers_as_people_write_them() {
        for (value, text) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (1.0, "1"),
            (12.34, "12.3"),
            (999.4, "999"),
            (999.7, "1k"),
            (1000.0, "1k"),
            (1234.0, "1.23k"),
            (123_456.0, "123k"),
            (999_700.0, "1M"),
            (2.5e9, "2.5G"),
        ] {
            assert_eq!(si(value), text);
        }
        for (micros, text) in [
            (250.0, "250 µs"),
            (999.7, "1 ms"),
            (1500.0, "1.5 ms"),
            (12e6, "12 s"),
            (150e6, "2:30"),
            (7300e6, "2:01:40"),
        ] {
            assert_eq!(time(micros), text);
        }
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(ticks(95.0, 4), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(0.0, 4), [0.0, 1.0]);
        assert_eq!(time_ticks(60.0, 6), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
    }

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_799, "2000-02-29 23:59:59 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_764_144_000, "2025-11-26 08:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(date(seconds * 1_000_000), text);
        }
    }
}
