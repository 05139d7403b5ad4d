//! From text to an expression.

use super::{Aggregation, Expression, Selector};
use crate::exposition::{name, quoted};
use crate::series::Millis;

/// How deep expressions are nested at the most.
const DEPTH: usize = 16;

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {what}, before `{rest}`")]
pub struct BadExpression {
    /// The whole text.
    pub text: String,
    /// What is wrong.
    pub what: String,
    /// What was not read.
    pub rest: String,
}

/// Reads an expression.
///
/// # Errors
/// [`BadExpression`], with what is wrong and where.
pub fn parse(text: &str) -> Result<Expression, BadExpression> {
    let mut parser = Parser { rest: text };
    let read = parser.expression(DEPTH).and_then(|it| match parser.peek() {
        None => Ok(it),
        Some(_) => Err("something follows it".to_owned()),
    });
    read.map_err(|what| BadExpression { text: text.to_owned(), what, rest: parser.rest.to_owned() })
}

type Read<T> = Result<T, String>;

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn takes(&mut self, letters: &str) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(letters);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn needs(&mut self, letters: &str) -> Read<()> {
        if self.takes(letters) { Ok(()) } else { Err(format!("`{letters}` is missing")) }
    }

    fn name(&mut self) -> Read<&'t str> {
        self.rest = self.rest.trim_start();
        let (found, rest) = name(self.rest).ok_or("a name is missing")?;
        self.rest = rest;
        Ok(found)
    }

    fn number(&mut self) -> Read<f64> {
        self.rest = self.rest.trim_start();
        let end =
            self.rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        let number = digits.parse().map_err(|_| "a number is missing")?;
        self.rest = rest;
        Ok(number)
    }

    fn expression(&mut self, depth: usize) -> Read<Expression> {
        let depth = depth.checked_sub(1).ok_or("it is nested too deep")?;
        if self.peek().is_some_and(|it| it.is_ascii_digit()) {
            return Ok(Expression::Number(self.number()?));
        }
        let name = self.name()?;
        let how = match name {
            "sum" => Aggregation::Sum,
            "min" => Aggregation::Min,
            "max" => Aggregation::Max,
            "avg" => Aggregation::Avg,
            "count" => Aggregation::Count,
            "rate" => return self.rate(),
            "histogram_quantile" => return self.quantile(depth),
            _ if self.peek() == Some('(') => {
                return Err(format!("there is no function {name} here"));
            }
            _ => return Ok(Expression::Selector(self.selector(name)?)),
        };
        let mut by = Vec::new();
        if self.takes("by") {
            self.needs("(")?;
            loop {
                by.push(self.name()?.to_owned());
                if !self.takes(",") {
                    break;
                }
            }
            self.needs(")")?;
        }
        self.needs("(")?;
        let of = Box::new(self.expression(depth)?);
        self.needs(")")?;
        Ok(Expression::Aggregate { how, by, of })
    }

    fn rate(&mut self) -> Read<Expression> {
        self.needs("(")?;
        let name = self.name()?;
        let selector = self.selector(name)?;
        self.needs("[")?;
        let count = self.number()?;
        let unit = if self.takes("s") {
            1_000.0
        } else if self.takes("m") {
            60_000.0
        } else {
            return Err("a window is in s or m".to_owned());
        };
        self.needs("]")?;
        self.needs(")")?;
        let window = count * unit;
        if !(1_000.0..=3_600_000.0).contains(&window) {
            return Err("a window is from 1 s to 60 m".to_owned());
        }
        Ok(Expression::Rate(selector, window as Millis))
    }

    fn quantile(&mut self, depth: usize) -> Read<Expression> {
        self.needs("(")?;
        let quantile = self.number()?;
        if !(0.0..=1.0).contains(&quantile) {
            return Err("a quantile is from 0 to 1".to_owned());
        }
        self.needs(",")?;
        let of = Box::new(self.expression(depth)?);
        self.needs(")")?;
        Ok(Expression::Quantile(quantile, of))
    }

    fn selector(&mut self, name: &str) -> Read<Selector> {
        let mut labels = Vec::new();
        if self.takes("{") {
            while !self.takes("}") {
                let label = self.name()?.to_owned();
                let is = match (self.takes("!="), self.takes("=")) {
                    (true, false) => false,
                    (false, true) => true,
                    _ => return Err("a label is compared with = or !=".to_owned()),
                };
                self.needs("\"")?;
                let (value, rest) = quoted(self.rest)?;
                self.rest = rest;
                labels.push((label, is, value));
                if !self.takes(",") && self.peek() != Some('}') {
                    return Err("`,` or `}` is missing".to_owned());
                }
            }
        }
        Ok(Selector { name: name.to_owned(), labels })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_panels_say() {
        let text =
            r#"histogram_quantile(0.99, sum by (le, job) (rate(a_bucket{x="1", y!="\"2\""}[1m])))"#;
        let Expression::Quantile(quantile, of) = parse(text).unwrap() else { panic!("{text}") };
        assert_eq!(quantile, 0.99);
        let Expression::Aggregate { how: Aggregation::Sum, by, of } = *of else { panic!("{text}") };
        assert_eq!(by, ["le", "job"]);
        let Expression::Rate(selector, 60_000) = *of else { panic!("{text}") };
        assert_eq!(selector.name, "a_bucket");
        assert_eq!(
            selector.labels,
            [("x".into(), true, "1".into()), ("y".into(), false, "\"2\"".into())]
        );
        let all = parse(text).unwrap();
        assert_eq!((all.names(), all.window()), (vec!["a_bucket"], 60_000));
        assert_eq!(parse(" up ").unwrap().names(), ["up"]);
        assert_eq!(parse("sum(rate(x[30s]))").unwrap().window(), 30_000);
    }

    #[test]
    fn what_is_no_expression_is_told() {
        let table = [
            ("", "a name is missing"),
            ("sum(x", "`)` is missing"),
            ("x y", "something follows it"),
            ("delta(x[1m])", "there is no function delta here"),
            ("rate(x)", "`[` is missing"),
            ("rate(x[1h])", "a window is in s or m"),
            ("rate(x[0s])", "a window is from 1 s to 60 m"),
            ("x{a=~\"b\"}", "`\"` is missing"),
            ("x{a=\"b\" c=\"d\"}", "`,` or `}` is missing"),
            ("histogram_quantile(2, x)", "a quantile is from 0 to 1"),
        ];
        for (text, what) in table {
            assert_eq!(parse(text).unwrap_err().what, what, "{text}");
        }
        let deep = format!("{}x{}", "sum(".repeat(1_000), ")".repeat(1_000));
        assert_eq!(parse(&deep).unwrap_err().what, "it is nested too deep");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn nothing_makes_it_panic(text in "(sum|rate|by|histogram_quantile|x|[(){}\\[\\],=!\"0-9.smé ]|(?s:.)){0,20}") {
            let _ = parse(&text);
        }
    }
}
