//! Rules of data contracts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Rules that are kept beside a schema for those clients that apply them; the registry does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RuleSet {
    /// Between versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_rules: Option<Vec<Rule>>,
    /// On values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_rules: Option<Vec<Rule>>,
    /// On encoded values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding_rules: Option<Vec<Rule>>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// `CONDITION` or `TRANSFORM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When it is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Which executor applies it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub ty: Option<String>,
    /// What it is applied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeSet<String>>,
    /// For the executor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<BTreeMap<String, String>>,
    /// The expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
    /// What to do if it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_success: Option<String>,
    /// What to do if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// Whether it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

impl RuleSet {
    /// Fails if a rule has no name, or two of a list have the same.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRuleSet`].
    pub fn check(&self) -> Result<()> {
        for (list, rules) in [
            ("migrationRules", &self.migration_rules),
            ("domainRules", &self.domain_rules),
            ("encodingRules", &self.encoding_rules),
        ] {
            let mut names = BTreeSet::new();
            for rule in rules.iter().flatten() {
                if rule.name.is_empty() {
                    return Err(Error::InvalidRuleSet {
                        reason: format!("a rule of {list} has no name: give it one"),
                    });
                }
                if !names.insert(&rule.name) {
                    let reason = format!("{list} has two rules named {:?}: rename one", rule.name);
                    return Err(Error::InvalidRuleSet { reason });
                }
            }
        }
        Ok(())
    }
}
