//! The text that servers answer `/metrics` with: Prometheus' exposition format 0.0.4 and OpenMetrics 1.0.
//!
//! What comes from a server is not trusted: nothing here panics, and what is kept is bounded by [`Limits`]. As Prometheus does it, a text with one line
//! that makes no sense is refused as a whole, so that half a scrape is never taken for a whole one. Types and help texts are checked for nothing and not kept;
//! time stamps and exemplars are read over: a sample's time is that of its scrape.

/// How much is read of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Samples.
    pub samples: usize,
    /// Labels of a sample.
    pub labels: usize,
    /// Bytes of a line.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { samples: 8_192, labels: 32, line: 16 << 10 }
    }
}

/// A line with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name: `ledger_op`.
    pub name: String,
    /// Labels in the order of their names, each name once.
    pub labels: Vec<(String, String)>,
    /// The value; may be infinite, or no number.
    pub value: f64,
}

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadText {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// Reads all samples of a text.
///
/// # Errors
/// [`BadText`] for the first line that makes no sense, or is over a limit.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Sample>, BadText> {
    let mut samples = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        let bad = |what| BadText { line: at + 1, what };
        if line.len() > limits.line {
            return Err(bad("it is too long"));
        }
        let line = line.trim_matches([' ', '\t', '\r']);
        if line == "# EOF" {
            break;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if samples.len() >= limits.samples {
            return Err(bad("there are too many samples"));
        }
        samples.push(sample(line, limits).map_err(bad)?);
    }
    Ok(samples)
}

fn is_name(letter: char, first: bool) -> bool {
    letter.is_ascii_alphabetic() || "_:".contains(letter) || (!first && letter.is_ascii_digit())
}

/// A name and what follows it.
pub(crate) fn name(text: &str) -> Option<(&str, &str)> {
    let end = text
        .char_indices()
        .find(|&(at, letter)| !is_name(letter, at == 0))
        .map_or(text.len(), |(at, _)| at);
    let (name, rest) = text.split_at_checked(end)?;
    (!name.is_empty()).then_some((name, rest))
}

fn sample(line: &str, limits: &Limits) -> Result<Sample, &'static str> {
    let (found, mut rest) = name(line).ok_or("it does not begin with a name")?;
    let mut labels = Vec::new();
    if let Some(inside) = rest.trim_start().strip_prefix('{') {
        rest = read_labels(inside, &mut labels, limits)?;
    }
    labels.sort();
    if labels.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
        return Err("a label is there twice");
    }
    // A time stamp may follow, and an exemplar after a #.
    let mut words = rest.split([' ', '\t']).filter(|it| !it.is_empty());
    let value = words.next().and_then(number).ok_or("it has no value")?;
    if let Some(next) = words.next()
        && next != "#"
        && next.parse::<f64>().is_err()
    {
        return Err("something follows the value that is no time stamp");
    }
    Ok(Sample { name: found.to_owned(), labels, value })
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        // What Rust reads besides, as "infinity", is none here.
        other if other.chars().all(|it| it.is_ascii_digit() || "+-.eE".contains(it)) => {
            other.parse().ok()
        }
        _ => None,
    }
}

/// Reads labels up to the brace; returns what follows it.
fn read_labels<'t>(
    mut rest: &'t str,
    labels: &mut Vec<(String, String)>,
    limits: &Limits,
) -> Result<&'t str, &'static str> {
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        if labels.len() >= limits.labels {
            return Err("it has too many labels");
        }
        let (found, after) = name(rest).ok_or("a label has no name")?;
        let after = after.trim_start().strip_prefix('=').ok_or("a label has no value")?;
        let after = after.trim_start().strip_prefix('"').ok_or("a label's value is not quoted")?;
        let (value, after) = quoted(after)?;
        labels.push((found.to_owned(), value));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("labels are not separated by commas"),
        }
    }
}

/// A value up to its closing quote, and what follows that.
pub(crate) fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' => match letters.next().map(|it| it.1) {
                Some('n') => value.push('\n'),
                Some(other @ ('\\' | '"')) => value.push(other),
                _ => return Err("a label's value has an escape that there is not"),
            },
            other => value.push(other),
        }
    }
    Err("a label's value has no end")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<Sample>, BadText> {
        parse(text, &Limits::default())
    }

    fn one(line: &str) -> Sample {
        let all = read(line).unwrap();
        assert_eq!(all.len(), 1, "{line}");
        all.into_iter().next().unwrap()
    }

    #[test]
    fn both_formats() {
        let text = "# HELP a_total Help with a { and a \" in it.\n# TYPE a_total counter\n\na_total{x=\"1\",b=\"q\\\"\\\\\\n\",} 3 1395066363000\nb 1e3\n\
                    c_bucket{le=\"+Inf\"} 17 # {trace_id=\"x\"} 0.67 1520879607.789\n# EOF\nnot read";
        let all = read(text).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(
            all[0].labels,
            [("b".to_owned(), "q\"\\\n".to_owned()), ("x".to_owned(), "1".to_owned())]
        );
        assert_eq!((all[0].value, all[1].value, all[2].value), (3.0, 1e3, 17.0));
        assert_eq!(one("x +Inf").value, f64::INFINITY);
        assert!(one("x{} NaN").value.is_nan());
        assert_eq!(one(" x\t-1.5e-3\r").value, -0.0015);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        let table = [
            ("a 1\n1a 2", 2, "it does not begin with a name"),
            ("a", 1, "it has no value"),
            ("a infinity", 1, "it has no value"),
            ("a{b} 1", 1, "a label has no value"),
            ("a{b=1} 1", 1, "a label's value is not quoted"),
            ("a{b=\"1} 1", 1, "a label's value has no end"),
            ("a{b=\"\\t\"} 1", 1, "a label's value has an escape that there is not"),
            ("a{b=\"1\" c=\"2\"} 1", 1, "labels are not separated by commas"),
            ("a{b=\"1\",b=\"2\"} 1", 1, "a label is there twice"),
            ("a{", 1, "a label has no name"),
            ("a 1 x", 1, "something follows the value that is no time stamp"),
        ];
        for (text, line, what) in table {
            assert_eq!(read(text), Err(BadText { line, what }), "{text}");
        }
    }

    #[test]
    fn limits() {
        let limits = Limits { samples: 2, labels: 1, line: 20 };
        let what = |text: &str| parse(text, &limits).unwrap_err().what;
        assert_eq!(what("a 1\na 1\na 1"), "there are too many samples");
        assert_eq!(what("a{b=\"\",c=\"\"} 1"), "it has too many labels");
        assert_eq!(what("a                    1"), "it is too long");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn nothing_makes_it_panic(text in "(?s).{0,200}") {
            let _ = read(&text);
        }

        #[test]
        fn nor_does_what_looks_right(text in "([a-c_]{1,3}(\\{([a-z]{0,2}=?\"?[\\\\n\"é,}]{0,4}\"?,?){0,3}\\}?)? ?[0-9.eE+NaInf#-]{0,8}\n?){0,6}") {
            let _ = read(&text);
        }

        #[test]
        fn what_is_written_is_read(
            name in "[a-z_:][a-z0-9_:]{0,8}",
            labels in proptest::collection::btree_map("[a-z_][a-z0-9_]{0,4}", "(?s).{0,8}", 0..4),
            value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
        ) {
            let escaped: Vec<String> = labels
                .iter()
                .map(|(name, it)| format!("{name}=\"{}\"", it.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")))
                .collect();
            let line = format!("{name}{{{}}} {value:e}", escaped.join(","));
            let found = one(&line);
            prop_assert_eq!(&found.name, &name);
            prop_assert_eq!(found.value, value);
            prop_assert_eq!(found.labels, labels.into_iter().collect::<Vec<_>>());
        }
    }
}
