//! Which version of what a file's name says that it is.

/// Numbers, compared one by one: `1.10` is after `1.9`.
pub(super) type Numbers = Vec<u128>;

/// The name of the subject, empty if the file's directory is that, and the version; none if the name of the file, without extension,
/// has no version in it.
pub(super) fn version(stem: &str) -> Option<(&str, Numbers)> {
    bare(stem).map(|it| ("", it)).or_else(|| at_the_end(stem))
}

const SEPARATORS: [char; 4] = ['-', '_', '.', '@'];

/// `v1`, `2`, `1.2`, `003-adds-lang`
fn bare(stem: &str) -> Option<Numbers> {
    let rest = stem.strip_prefix(['v', 'V']).unwrap_or(stem);
    let mut numbers = Numbers::new();
    let mut rest = rest;
    loop {
        let end = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        numbers.push(number(&rest[..end]));
        rest = &rest[end..];
        match rest.strip_prefix(SEPARATORS) {
            Some(more) if more.starts_with(|it: char| it.is_ascii_digit()) => rest = more,
            _ => break,
        }
    }
    let ends = rest.is_empty() || rest.starts_with(SEPARATORS);
    (!numbers.is_empty() && ends).then_some(numbers)
}

/// `tweet-v1`, `tweet.2`, `tweet_1.2`, `tweet@3`
fn at_the_end(stem: &str) -> Option<(&str, Numbers)> {
    // The first separator behind which there is nothing but a version.
    stem.match_indices(SEPARATORS).filter(|(at, _)| *at > 0).find_map(|(at, _)| {
        let rest = &stem[at + 1..];
        let digits = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
        let parts: Vec<_> = digits.split(SEPARATORS).collect();
        let all = parts.iter().all(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()));
        all.then(|| {
            (stem[..at].trim_end_matches(SEPARATORS), parts.into_iter().map(number).collect())
        })
    })
}

/// More digits than fit are the greatest number.
fn number(digits: &str) -> u128 {
    digits.parse().unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions() {
        for (stem, expected) in [
            ("v1", Some(("", vec![1]))),
            ("V2", Some(("", vec![2]))),
            ("10", Some(("", vec![10]))),
            ("1.2", Some(("", vec![1, 2]))),
            ("003-adds-lang", Some(("", vec![3]))),
            ("V2__adds_lang", Some(("", vec![2]))),
            ("tweet-v1", Some(("tweet", vec![1]))),
            ("tweet.2", Some(("tweet", vec![2]))),
            ("tweet_1.2", Some(("tweet", vec![1, 2]))),
            ("tweet@3", Some(("tweet", vec![3]))),
            ("user-profile-v10", Some(("user-profile", vec![10]))),
            ("com.example.Tweet-4", Some(("com.example.Tweet", vec![4]))),
            ("tweet-v99999999999999999999999999999999999999999", Some(("tweet", vec![u128::MAX]))),
            ("tweet", None),
            ("md5", None),
            ("tweet-v", None),
            ("tweet-v1a", None),
            ("vertex", None),
            ("2fa", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(version(stem), expected, "{stem}");
        }
    }
}
