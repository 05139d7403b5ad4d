//! The panels: one file for this page and for Grafana.

use serde::{Deserialize, Serialize};

use crate::expression::{Expression, parse};
use crate::series::Millis;
use crate::{Error, Result};

/// The file, as it was when this was built.
const FILE: &str = include_str!("../../../docker/dashboards/panels.toml");

/// What a panel's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Of what the title says, a second.
    PerSecond,
    /// Bytes a second.
    BytesPerSecond,
    /// Seconds.
    Seconds,
    /// A number.
    Count,
    /// 1 for yes, 0 for no.
    Bool,
}

/// A dashboard as the file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    panel: Vec<RawPanel>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPanel {
    id: String,
    title: String,
    unit: Unit,
    what: String,
    query: Vec<RawQuery>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuery {
    expression: String,
    legend: String,
}

/// All panels.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// What it is called.
    pub title: String,
    /// Its panels, in their order.
    pub panels: Vec<Panel>,
}

/// A panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Names it: `consumer-lag`.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What its numbers are.
    pub unit: Unit,
    /// A sentence.
    pub what: String,
    /// What it shows.
    pub queries: Vec<Query>,
}

/// An expression of a panel, and how its lines are called.
#[derive(Clone, Debug)]
pub struct Query {
    /// The expression as Prometheus reads it.
    pub text: String,
    /// The same, read.
    pub expression: Expression,
    /// What its lines are called; `{{label}}` is the label's value.
    pub legend: String,
}

impl Dashboard {
    /// The panels of `docker/dashboards/panels.toml`.
    ///
    /// # Errors
    /// [`Error::Panels`], [`Error::Expression`]; a test holds that there are none.
    pub fn built_in() -> Result<Self> {
        Self::parse(FILE)
    }

    /// Panels in this form.
    ///
    /// # Errors
    /// As [`built_in`](Self::built_in).
    pub fn parse(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|it| Error::Panels(it.to_string()))?;
        let panels = file.panel.into_iter().map(Panel::read).collect::<Result<_>>()?;
        Ok(Self { title: file.title, panels })
    }

    /// The longest window of an expression, in milliseconds.
    #[must_use]
    pub fn window(&self) -> Millis {
        let queries = self.panels.iter().flat_map(|panel| &panel.queries);
        queries.map(|query| query.expression.window()).max().unwrap_or_default()
    }
}

impl Panel {
    fn read(raw: RawPanel) -> Result<Self> {
        let read = |query: RawQuery| {
            let expression = parse(&query.expression)
                .map_err(|error| Error::Expression { panel: raw.id.clone(), error })?;
            Ok(Query { text: query.expression, expression, legend: query.legend })
        };
        let queries = raw.query.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(Self { id: raw.id, title: raw.title, unit: raw.unit, what: raw.what, queries })
    }
}

impl Query {
    /// What a line with these labels is called.
    #[must_use]
    pub fn name(&self, labels: &[(String, String)]) -> String {
        let mut name = self.legend.clone();
        for (label, value) in labels {
            name = name.replace(&format!("{{{{{label}}}}}"), value);
        }
        name
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown() {
        let all = Dashboard::built_in().unwrap();
        let mut ids: Vec<_> = all.panels.iter().map(|it| it.id.as_str()).collect();
        assert!(ids.contains(&"producer-tps") && ids.contains(&"under-replicated"));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all.panels.len(), "an id is used twice");
        assert_eq!(all.window(), 60_000);
        for panel in &all.panels {
            assert!(!panel.queries.is_empty() && !panel.what.is_empty(), "{}", panel.id);
        }
    }

    #[test]
    fn legends() {
        let all = Dashboard::built_in().unwrap();
        let query = &all.panels.iter().find(|it| it.id == "lsm-bytes").unwrap().queries[0];
        assert_eq!(query.name(&[("job".into(), "ledger".into())]), "ledger flush");
    }

    #[test]
    fn bad_files_are_told() {
        let told = |text: &str| Dashboard::parse(text).unwrap_err().to_string();
        assert!(told("title = 1").contains("panels.toml"));
        let panel = "title = \"t\"\n[[panel]]\nid = \"p\"\ntitle = \"P\"\nunit = \"count\"\nwhat = \"w\"\nquery = [{ expression = \"sum(\", legend = \"\" }]";
        assert!(told(panel).contains("panel p: `sum(`: a name is missing"), "{}", told(panel));
    }
}
