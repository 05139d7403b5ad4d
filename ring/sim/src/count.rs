//! Numbers on a command line.

/// A whole number, with underscores between its digits where they help: `1_000_000`.
///
/// # Errors
/// What is no such number, as a sentence.
pub fn parse(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    if digits.strip_prefix('-').is_some_and(is_number) {
        return Err("counts are not negative".to_owned());
    }
    if !is_number(&digits) || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("not a whole number; write 1000000 or 1_000_000".to_owned());
    }
    digits.parse().map_err(|_| format!("more than 64 bits hold: at most {}", u64::MAX))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        assert_eq!(parse("1_000_000"), Ok(1_000_000));
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("18446744073709551615"), Ok(u64::MAX));
        for (text, says) in [
            ("abc", "not a whole number"),
            ("", "not a whole number"),
            ("_", "not a whole number"),
            ("_1", "not a whole number"),
            ("+1", "not a whole number"),
            ("1.5", "not a whole number"),
            ("1e6", "not a whole number"),
            ("-5", "not negative"),
            ("-1_000", "not negative"),
            ("-", "not a whole number"),
            ("18446744073709551616", "64 bits"),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.contains(says), "{text}: {why}");
        }
    }
}
