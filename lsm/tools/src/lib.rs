//! What the tools share: records that can be recognised, a fill that is measured, tables and plots of it, random work
//! that is checked.
#![deny(missing_docs)]

pub mod bench;
pub mod dump;
pub mod figures;
pub mod fill;
pub mod latency;
pub mod plot;
pub mod random;
pub mod record;
pub mod space;
pub mod stress;

/// Any error of a tool: each carries a sentence, none is handled by kind.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The tools' result.
pub type Result<T> = std::result::Result<T, Fault>;

/// A whole number, with underscores between its digits where they help: `1_000_000`.
///
/// # Errors
/// What is no such number, as a sentence.
pub fn parse_count(text: &str) -> std::result::Result<u64, String> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    digits.parse().map_err(|_| format!("{text:?} is no whole number; write 1000000 or 1_000_000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_may_have_underscores() {
        assert_eq!(parse_count("1_000_000"), Ok(1_000_000));
        assert!(parse_count("many").unwrap_err().contains("many"));
    }
}
