//! What a query answers: a list of rows of whole numbers and texts. No floating point, so that equal is equal.

use std::fmt;

use serde::Serialize;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Unknown.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

/// A row.
pub type Row = Vec<Cell>;

/// All rows, in the order that the query asks for.
pub type Answer = Vec<Row>;

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&Self> for Cell {
    fn from(cell: &Self) -> Self {
        cell.clone()
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// Where two answers part: a sentence with the first row that differs. Nothing if they are the same.
#[must_use]
pub fn difference(left: &[Row], right: &[Row]) -> Option<String> {
    let at = (0..left.len().max(right.len())).find(|&at| left.get(at) != right.get(at))?;
    let show = |row: Option<&Row>| match row {
        None => "no such row".to_owned(),
        Some(row) => {
            format!("({})", row.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    };
    Some(format!(
        "row {} of {} and {}: {} against {}",
        at + 1,
        left.len(),
        right.len(),
        show(left.get(at)),
        show(right.get(at))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_differs_is_shown() {
        let row = |number: i64, text: &str| vec![Cell::from(number), Cell::from(text)];
        let (one, two) =
            (vec![row(1, "a"), row(2, "b")], vec![row(1, "a"), row(2, "c"), row(3, "d")]);
        assert_eq!(difference(&one, &one), None);
        assert_eq!(
            difference(&one, &two).unwrap(),
            "row 2 of 2 and 3: (2, \"b\") against (2, \"c\")"
        );
        assert_eq!(
            difference(&two[..2], &two).unwrap(),
            "row 3 of 2 and 3: no such row against (3, \"d\")"
        );
    }
}
