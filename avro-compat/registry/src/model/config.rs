//! Settings of compatibility.

use avro_compat::check::Mode as Compatibility;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is set for a subject, a context, or all; what is not set here is looked up further out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// The subject that this one is another name of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether schemas are normalised before they are looked up or registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalize: Option<bool>,
    /// Which versions must be able to read each other's data.
    #[serde(skip_serializing_if = "Option::is_none", with = "level")]
    pub compatibility_level: Option<Compatibility>,
    /// The property of metadata by which versions form groups that are compatible each in itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compatibility_group: Option<String>,
}

impl Config {
    /// What is set here, and for what is not, what is set there.
    #[must_use]
    pub fn or(&self, outer: &Self) -> Self {
        Self {
            // Not inherited: it would make all subjects names of one.
            alias: self.alias.clone(),
            normalize: self.normalize.or(outer.normalize),
            compatibility_level: self.compatibility_level.or(outer.compatibility_level),
            compatibility_group: self
                .compatibility_group
                .clone()
                .or_else(|| outer.compatibility_group.clone()),
        }
    }

    /// The level of compatibility; BACKWARD if none is set.
    pub fn level(&self) -> Compatibility {
        self.compatibility_level.unwrap_or_default()
    }
}

/// Changes to a [`Config`]: nothing, a new value, or none any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigUpdate {
    /// Of [`Config::alias`].
    pub alias: Option<Option<String>>,
    /// Of [`Config::normalize`].
    pub normalize: Option<Option<bool>>,
    /// Of [`Config::compatibility_level`].
    pub compatibility_level: Option<Option<Compatibility>>,
    /// Of [`Config::compatibility_group`].
    pub compatibility_group: Option<Option<String>>,
}

impl ConfigUpdate {
    /// A change of the level alone.
    pub fn level(level: Compatibility) -> Self {
        Self { compatibility_level: Some(Some(level)), ..Self::default() }
    }

    /// A config with the changes.
    #[must_use]
    pub fn apply(&self, config: &Config) -> Config {
        fn changed<T: Clone>(change: &Option<Option<T>>, old: &Option<T>) -> Option<T> {
            change.clone().unwrap_or_else(|| old.clone())
        }
        Config {
            alias: changed(&self.alias, &config.alias).filter(|it| !it.is_empty()),
            normalize: changed(&self.normalize, &config.normalize),
            compatibility_level: changed(&self.compatibility_level, &config.compatibility_level),
            compatibility_group: changed(&self.compatibility_group, &config.compatibility_group),
        }
    }
}

mod level {
    use super::{Compatibility, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        level: &Option<Compatibility>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match level {
            Some(level) => serializer.serialize_str(level.as_str()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Compatibility>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|it| it.parse().map_err(serde::de::Error::custom)).transpose()
    }
}
