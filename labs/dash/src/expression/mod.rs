//! The part of PromQL that panels are written in, so that one text serves this page, Prometheus and Grafana.
//!
//! ```text
//! expression = number | call | aggregation | selector
//! call        = "rate" "(" selector "[" duration "]" ")" | "histogram_quantile" "(" number "," expression ")"
//! aggregation = ("sum" | "min" | "max" | "avg" | "count") [ "by" "(" label, ... ")" ] "(" expression ")"
//! selector    = name [ "{" label ("=" | "!=") string, ... "}" ]
//! ```
//!
//! What differs from Prometheus, on purpose: [`rate`](Expression::Rate) is the increase between the first and the last sample of the window over the time
//! between them. Prometheus extrapolates to the window's borders, which makes whole numbers broken and short windows right; with windows many times as
//! long as the interval of scraping the two are the same within some percent.

mod evaluate;
mod parse;

pub use evaluate::{Value, evaluate};
pub use parse::{BadExpression, parse};

use crate::series::Millis;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// The last sample of each series.
    Selector(Selector),
    /// A second's increase of a counter over a window.
    Rate(Selector, Millis),
    /// A quantile of histograms, by their labels without `le`.
    Quantile(f64, Box<Expression>),
    /// One value of many.
    Aggregate {
        /// How.
        how: Aggregation,
        /// Labels that are kept: for each combination of their values there is one result.
        by: Vec<String>,
        /// Of what.
        of: Box<Expression>,
    },
}

impl Expression {
    /// The names of all series that it looks at.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Selector(it) | Self::Rate(it, _) => vec![&it.name],
            Self::Quantile(_, of) | Self::Aggregate { of, .. } => of.names(),
        }
    }

    /// The longest window in it.
    #[must_use]
    pub fn window(&self) -> Millis {
        match self {
            Self::Number(_) | Self::Selector(_) => 0,
            Self::Rate(_, window) => *window,
            Self::Quantile(_, of) | Self::Aggregate { of, .. } => of.window(),
        }
    }
}

/// Series by name and labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The name.
    pub name: String,
    /// A label, whether it must be so (or must not), and the value. A label that is not there has the value "".
    pub labels: Vec<(String, bool, String)>,
}

/// How many values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Their mean.
    Avg,
    /// How many there are.
    Count,
}
