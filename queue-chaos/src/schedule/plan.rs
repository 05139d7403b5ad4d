//! Plans.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::timeline::occurrences;
use super::words::pieces;
use super::{Action, Peer, Step, Target, When, duration};
use crate::broker::NewTopic;
use crate::id::NodeId;
use crate::{Error, Result};

/// No step happens more often than that.
const MOST_OCCURRENCES: u64 = 100_000;

/// A cluster of which kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterKind {
    /// librdkafka's in-process cluster.
    #[default]
    Embedded,
    /// Apache Kafka, as our child processes.
    Kafka,
    /// Somebody else's.
    External,
}

/// The cluster that a plan is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterPlan {
    /// Its kind.
    #[serde(default)]
    pub kind: ClusterKind,
    /// How many nodes it has; the kind's default if it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// `min.insync.replicas` of all topics that say nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_insync_replicas: Option<u32>,
    /// Where an external one is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<String>,
    /// What nodes are told else, as `replica.lag.time.max.ms`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Setting>,
}

/// A topic that a plan needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicPlan {
    /// Its name.
    pub name: String,
    /// How many partitions.
    #[serde(default = "one")]
    pub partitions: u32,
    /// How many replicas of each.
    #[serde(default = "one")]
    pub replicas: u32,
    /// `min.insync.replicas`; that of the cluster's plan if it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_insync_replicas: Option<u32>,
    /// What else it is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Setting>,
}

const fn one() -> u32 {
    1
}

/// The value of a setting of Kafka: a text for Kafka, and in TOML also a number or a truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// A truth.
    Bool(bool),
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

/// What is done to a cluster in a run, when, and what the run needs.
///
/// ```
/// use std::time::Duration;
/// use queue_chaos::id::NodeId;
/// use queue_chaos::schedule::{Action, Plan, Step, Target};
///
/// let text = r#"
///     name = "a leader dies"
///     duration = "20s"
///     steps = ["at 5s for 5s kill 2"]
/// "#;
/// let built = Plan::new("a leader dies", Duration::from_secs(20))
///     .step(Step::at(Duration::from_secs(5), Action::Kill(Target::Node(NodeId(2)))).lasting(Duration::from_secs(5)));
/// assert_eq!(Plan::parse(text, "plan.toml")?, built);
/// # Ok::<(), queue_chaos::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What people call it.
    pub name: String,
    /// When it ends.
    pub duration: Duration,
    /// What random choices come from.
    pub seed: Option<u64>,
    /// What is done.
    pub steps: Vec<Step>,
    /// The cluster that it is for.
    pub cluster: ClusterPlan,
    /// The topics that it needs.
    pub topics: Vec<TopicPlan>,
    /// The workload, as it stands in the file: what it says is the business of the workload.
    pub workload: toml::Table,
}

impl Plan {
    /// One without steps.
    #[must_use]
    pub fn new(name: impl Into<String>, duration: Duration) -> Self {
        Self {
            name: name.into(),
            duration,
            seed: None,
            steps: Vec::new(),
            cluster: ClusterPlan::default(),
            topics: Vec::new(),
            workload: toml::Table::new(),
        }
    }

    /// One from steps in a line, with semicolons between them: `at 3s kill 2; at 8s start 2`. Set its [`duration`](Self::duration) if you do not want the
    /// one that is chosen: 10 s after the last time that is told, and a minute at least if a step would go on for ever.
    ///
    /// # Errors
    /// [`Error::Plan`] with the step that is wrong, and what would be right.
    pub fn steps(line: &str) -> Result<Self> {
        let mut plan = Self::new("steps", Duration::ZERO);
        for piece in pieces(line) {
            plan.steps.push(piece.parse()?);
        }
        if plan.steps.is_empty() {
            return Err(Error::Plan {
                place: "steps".into(),
                what: "there are none: write \"at 3s kill 2; at 8s start 2\"".into(),
            });
        }
        plan.duration = plan.natural_duration();
        plan.check()?;
        Ok(plan)
    }

    /// When a plan ends that does not say.
    pub(super) fn natural_duration(&self) -> Duration {
        let end = |step: &Step| {
            let end = match step.when {
                When::At(at) => at,
                When::Every { until: Some(until), .. } => until,
                When::Every { period, from, until: None } => {
                    from.unwrap_or(period).max(Duration::from_secs(50))
                }
            };
            end.saturating_add(step.lasts.unwrap_or_default())
        };
        let last = self.steps.iter().map(end).max().unwrap_or_default();
        last.saturating_add(Duration::from_secs(10))
    }

    /// With a seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// With one more step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// With one more step that happens once.
    #[must_use]
    pub fn at(self, at: Duration, action: Action) -> Self {
        self.step(Step::at(at, action))
    }

    /// With one more step that happens again and again.
    #[must_use]
    pub fn every(self, period: Duration, action: Action) -> Self {
        self.step(Step::every(period, action))
    }

    /// For that cluster.
    #[must_use]
    pub fn cluster(mut self, cluster: ClusterPlan) -> Self {
        self.cluster = cluster;
        self
    }

    /// With one more topic.
    #[must_use]
    pub fn topic(mut self, topic: TopicPlan) -> Self {
        self.topics.push(topic);
        self
    }

    /// The topics as a cluster makes them.
    #[must_use]
    pub fn new_topics(&self) -> Vec<NewTopic> {
        let topic = |topic: &TopicPlan| {
            let mut settings: Vec<(String, String)> =
                topic.settings.iter().map(|(k, v)| (k.clone(), v.to_string())).collect();
            const MIN_INSYNC: &str = "min.insync.replicas";
            let min_insync = topic.min_insync_replicas.or(self.cluster.min_insync_replicas);
            if let Some(min_insync) = min_insync
                && !topic.settings.contains_key(MIN_INSYNC)
            {
                settings.push((MIN_INSYNC.into(), min_insync.to_string()));
            }
            NewTopic {
                name: topic.name.clone(),
                partitions: topic.partitions,
                replicas: topic.replicas,
                settings,
            }
        };
        self.topics.iter().map(topic).collect()
    }

    /// Whether its steps make sense: each happens before the plan ends and not too often, `for` stands where something can be undone, and nodes that are
    /// named exist if the plan says how many there are.
    ///
    /// # Errors
    /// [`Error::Plan`] with the first step that does not.
    pub fn check(&self) -> Result<()> {
        let wrong = |step: &Step, what| Err(Error::Plan { place: format!("\"{step}\""), what });
        for step in &self.steps {
            if let Err(what) = self.check_step(step) {
                return wrong(step, what);
            }
        }
        Ok(())
    }

    pub(super) fn check_step(&self, step: &Step) -> Result<(), String> {
        step.check()?;
        let first = match step.when {
            When::At(at) => at,
            When::Every { period, from, .. } => from.unwrap_or(period),
        };
        let ends = duration::text(self.duration);
        if first > self.duration || occurrences(step, self.duration) == 0 {
            return Err(format!(
                "it never happens: the plan ends at {ends}; make it longer, or the time earlier"
            ));
        }
        if occurrences(step, self.duration) > MOST_OCCURRENCES {
            return Err(format!(
                "it happens more than {MOST_OCCURRENCES} times until the plan ends at {ends}: \
                 make the time from one to the next longer"
            ));
        }
        let Some(nodes) = self.cluster.nodes else { return Ok(()) };
        let added: u64 = self
            .steps
            .iter()
            .filter(|step| step.action == Action::AddNode)
            .map(|step| occurrences(step, self.duration))
            .sum();
        let nodes = u64::from(nodes) + added;
        match named(&step.action).into_iter().flatten().find(|n| !(1..=nodes).contains(&n.0.into()))
        {
            Some(node) => Err(format!("there is no {node}: the nodes are 1 to {nodes}")),
            None => Ok(()),
        }
    }
}

/// The nodes that an action names.
fn named(action: &Action) -> [Option<NodeId>; 2] {
    let target = match action.target() {
        Some(Target::Node(node)) => Some(node),
        _ => None,
    };
    let other = match action {
        Action::Net { from: Peer::Node(node), .. } => Some(*node),
        Action::MoveLeader { to, .. } => Some(*to),
        _ => None,
    };
    [target, other]
}
