//! Days, in the forms that the editions of the file have.

/// The last year in which a film of the set came out. A later one is of the century before: its file was written from years of two digits.
const LAST: i32 = 2011;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A day, and whether its century had to be mended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// `YYYY-MM-DD`.
    pub(super) text: String,
    /// Whether it said 2046 and must mean 1946.
    pub(super) mended: bool,
}

/// Reads `Jun 12 1998`, `12-Jun-98`, `12-Jun-1998`, `1998-06-12` and `1998` (its first day). `None` for anything else, and for days that there are not.
pub(super) fn day(text: &str) -> Option<Day> {
    let words: Vec<&str> = text.trim().split([' ', '-']).collect();
    let (year, month, day) = match words[..] {
        [year] => (number(year, 4)?, 1, 1),
        [name, day, year] if month(name).is_some() => {
            (number(year, 4)?, month(name)?, number(day, 2)?)
        }
        [day, name, year] if month(name).is_some() => {
            let year =
                number(year, 2).map_or_else(|| number(year, 4), |short| Some(2000 + short))?;
            (year, month(name)?, number(day, 2).or_else(|| number(day, 1))?)
        }
        [year, month, day] => (number(year, 4)?, number(month, 2)?, number(day, 2)?),
        _ => return None,
    };
    let mended = year > LAST;
    let year = if mended { year - 100 } else { year };
    let known = (1890..=LAST).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days(year, month)).contains(&day);
    known.then(|| Day { text: format!("{year:04}-{month:02}-{day:02}"), mended })
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i32> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

fn month(name: &str) -> Option<i32> {
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    i32::try_from(at + 1).ok()
}

fn days(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_the_same_day() {
        for text in ["Jun 12 1998", "12-Jun-98", "12-Jun-1998", "1998-06-12", " jun 12 1998 "] {
            let mended = text == "12-Jun-98";
            assert_eq!(day(text), Some(Day { text: "1998-06-12".to_owned(), mended }), "{text}");
        }
        assert_eq!(day("1998").unwrap().text, "1998-01-01");
        assert_eq!(day("7-Aug-98").unwrap().text, "1998-08-07");
        assert_eq!(day("29-Feb-00").unwrap().text, "2000-02-29");
    }

    #[test]
    fn a_film_of_the_future_is_of_the_past() {
        assert_eq!(day("Dec 31 2046"), Some(Day { text: "1946-12-31".to_owned(), mended: true }));
        assert_eq!(day("Dec 23 2011"), Some(Day { text: "2011-12-23".to_owned(), mended: false }));
    }

    #[test]
    fn days_that_there_are_not() {
        for text in [
            "",
            "Feb 29 1999",
            "Feb 30 2000",
            "Jun 31 1998",
            "Jun 0 1998",
            "Jun 00 1998",
            "1998-13-01",
            "TBD",
            "1-2",
            "Jun 12 98",
            "98",
            "1998-6-1",
            "0001-01-01",
            "9999-01-01",
            "+199-01-01",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
