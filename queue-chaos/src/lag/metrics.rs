//! Observations as Prometheus text (exposition format 0.0.4), under the names that dashboards know.
//!
//! | from | names |
//! |---|---|
//! | [kafka_exporter](https://github.com/danielqsj/kafka_exporter) | `kafka_brokers`, `kafka_broker_info`, `kafka_topic_partitions`, `kafka_topic_partition_*`, `kafka_consumergroup_*` |
//! | [KMinion](https://github.com/redpanda-data/kminion) | `kminion_kafka_topic_*_water_mark*`, `kminion_kafka_consumer_group_*` |
//! | nobody else | `queue_chaos_*`: lag in seconds, status, elections, ISR changes, whether the cluster answers |
//!
//! As in kafka_exporter, a partition that a group has committed nothing of has -1 as offset and lag, if the group has committed something of its topic.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::status::Status;
use super::{Observation, PartitionLag};

macro_rules! gauge {
    ($name:literal, $help:literal) => {
        ($name, "gauge", $help)
    };
}

/// All metrics of some observations, of different groups of one cluster. Of the cluster each metric is there once, whatever group it was seen with.
#[must_use]
pub fn render(observations: &[Observation]) -> String {
    let mut page = Page::default();
    cluster(&mut page, observations);
    topics(&mut page, observations);
    for observation in observations {
        group(&mut page, observation);
    }
    page.text()
}

/// Whether all of the last look was answered, and how often something was not since the exporter began: without observations there are no other metrics, and
/// what is not there cannot be told from what is well.
#[must_use]
pub fn looks(answered: bool, failures: u64) -> String {
    let mut page = Page::default();
    let answers = gauge!("queue_chaos_cluster_answers", "1 if all of the last look was answered.");
    page.add(answers, &[], f64::from(u8::from(answered)));
    let metric =
        ("queue_chaos_look_failures_total", "counter", "Times that the cluster did not answer.");
    page.add(metric, &[], failures as f64);
    page.text()
}

/// A value of a label, as the format wants it.
#[must_use]
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[derive(Default)]
struct Family {
    kind: &'static str,
    help: &'static str,
    lines: Vec<String>,
    seen: BTreeSet<String>,
}

/// Metrics by name, each with its lines in the order in which they came. A line with the labels of an earlier one is left out.
#[derive(Default)]
struct Page(BTreeMap<&'static str, Family>);

impl Page {
    fn add(
        &mut self,
        (name, kind, help): (&'static str, &'static str, &'static str),
        labels: &[(&str, &str)],
        value: f64,
    ) {
        let family = self.0.entry(name).or_default();
        (family.kind, family.help) = (kind, help);
        let pairs: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escape(value))).collect();
        let labels =
            if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
        if family.seen.insert(labels.clone()) {
            family.lines.push(format!("{name}{labels} {value}"));
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.0 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {}", family.help, family.kind);
            for line in &family.lines {
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

fn cluster(page: &mut Page, observations: &[Observation]) {
    let Some(first) = observations.first() else { return };
    let brokers = &first.cluster.brokers;
    page.add(gauge!("kafka_brokers", "Brokers of the cluster."), &[], brokers.len() as f64);
    for broker in brokers {
        let (id, address) = (broker.id.to_string(), format!("{}:{}", broker.host, broker.port));
        let labels = [("id", id.as_str()), ("address", &address)];
        page.add(gauge!("kafka_broker_info", "A broker and its address."), &labels, 1.0);
    }
    let totals = first.total;
    let counters = [
        (
            ("queue_chaos_leader_elections_total", "counter", "Changes of leaders seen."),
            totals.elections,
        ),
        (
            (
                "queue_chaos_isr_shrinks_total",
                "counter",
                "Times that replicas were seen to fall out of sync.",
            ),
            totals.shrinks,
        ),
        (
            (
                "queue_chaos_isr_expands_total",
                "counter",
                "Times that replicas were seen to come into sync.",
            ),
            totals.expands,
        ),
    ];
    for (metric, value) in counters {
        page.add(metric, &[], value.into());
    }
}

fn topics(page: &mut Page, observations: &[Observation]) {
    for observation in observations {
        for (topic, partitions) in &observation.cluster.topics {
            let count = partitions.len() as f64;
            let labels = [("topic", topic.as_str())];
            page.add(gauge!("kafka_topic_partitions", "Partitions of a topic."), &labels, count);
            for (number, replicas) in partitions {
                let partition = number.to_string();
                let labels = [("topic", topic.as_str()), ("partition", &partition)];
                if let Some(leader) = replicas.leader {
                    let metric = gauge!(
                        "kafka_topic_partition_leader",
                        "The broker that leads a partition."
                    );
                    page.add(metric, &labels, leader.into());
                }
                let under = f64::from(u8::from(replicas.under_replicated()));
                let preferred = f64::from(u8::from(replicas.leader_is_preferred()));
                let offline = f64::from(u8::from(replicas.leader.is_none()));
                let all = replicas.all.len() as f64;
                let in_sync = replicas.in_sync.len() as f64;
                page.add(
                    gauge!("kafka_topic_partition_replicas", "Replicas of a partition."),
                    &labels,
                    all,
                );
                page.add(
                    gauge!(
                        "kafka_topic_partition_in_sync_replica",
                        "Replicas of a partition that are in sync."
                    ),
                    &labels,
                    in_sync,
                );
                page.add(
                    gauge!(
                        "kafka_topic_partition_leader_is_preferred",
                        "1 if a partition is led by its first replica."
                    ),
                    &labels,
                    preferred,
                );
                page.add(
                    gauge!(
                        "kafka_topic_partition_under_replicated_partition",
                        "1 if a partition has fewer replicas in sync than it has."
                    ),
                    &labels,
                    under,
                );
                page.add(
                    gauge!(
                        "queue_chaos_topic_partition_offline",
                        "1 if a partition has no leader."
                    ),
                    &labels,
                    offline,
                );
            }
        }
        offsets(page, &observation.partitions);
    }
}

fn offsets(page: &mut Page, partitions: &[PartitionLag]) {
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for it in partitions {
        let partition = it.partition.to_string();
        let labels = [("topic", it.topic.as_str()), ("partition", &partition)];
        let kminion = [("topic_name", it.topic.as_str()), ("partition_id", &partition)];
        let sum = sums.entry(&it.topic).or_default();
        if let Some(high) = it.high {
            sum.1 += high;
            page.add(
                gauge!(
                    "kafka_topic_partition_current_offset",
                    "The offset that the next message of a partition would get."
                ),
                &labels,
                high as f64,
            );
            page.add(
                gauge!(
                    "kminion_kafka_topic_partition_high_water_mark",
                    "The offset that the next message of a partition would get."
                ),
                &kminion,
                high as f64,
            );
        }
        if let Some(low) = it.low {
            sum.0 += low;
            page.add(
                gauge!("kafka_topic_partition_oldest_offset", "The first offset of a partition."),
                &labels,
                low as f64,
            );
            page.add(
                gauge!(
                    "kminion_kafka_topic_partition_low_water_mark",
                    "The first offset of a partition."
                ),
                &kminion,
                low as f64,
            );
        }
    }
    for (topic, (low, high)) in sums {
        let labels = [("topic_name", topic)];
        page.add(
            gauge!(
                "kminion_kafka_topic_high_water_mark_sum",
                "The sum of the next offsets of a topic's partitions."
            ),
            &labels,
            high as f64,
        );
        page.add(
            gauge!(
                "kminion_kafka_topic_low_water_mark_sum",
                "The sum of the first offsets of a topic's partitions."
            ),
            &labels,
            low as f64,
        );
    }
}

/// What a group has of a topic.
#[derive(Default)]
struct Sums {
    offset: u64,
    lag: u64,
}

fn group(page: &mut Page, observation: &Observation) {
    let group = observation.group.as_str();
    if let Some(members) = observation.members {
        let members = members.into();
        page.add(
            gauge!("kafka_consumergroup_members", "Members of a group."),
            &[("consumergroup", group)],
            members,
        );
        page.add(
            gauge!("kminion_kafka_consumer_group_members", "Members of a group."),
            &[("group_id", group)],
            members,
        );
    }
    let consumed: BTreeSet<&str> = observation
        .partitions
        .iter()
        .filter(|it| it.committed.is_some())
        .map(|it| it.topic.as_str())
        .collect();
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for it in observation.partitions.iter().filter(|it| consumed.contains(it.topic.as_str())) {
        let sum = sums.entry(&it.topic).or_default();
        partition(page, group, it, sum);
    }
    for (topic, sum) in sums {
        let labels = [("consumergroup", group), ("topic", topic)];
        let kminion = [("group_id", group), ("topic_name", topic)];
        let (offset, lag) = (sum.offset as f64, sum.lag as f64);
        page.add(
            gauge!(
                "kafka_consumergroup_current_offset_sum",
                "The sum of a group's offsets on a topic."
            ),
            &labels,
            offset,
        );
        page.add(
            gauge!(
                "kafka_consumergroup_lag_sum",
                "Messages of a topic that a group has not committed."
            ),
            &labels,
            lag,
        );
        page.add(
            gauge!(
                "kminion_kafka_consumer_group_topic_offset_sum",
                "The sum of a group's offsets on a topic."
            ),
            &kminion,
            offset,
        );
        page.add(
            gauge!(
                "kminion_kafka_consumer_group_topic_lag",
                "Messages of a topic that a group has not committed."
            ),
            &kminion,
            lag,
        );
    }
}

fn partition(page: &mut Page, group: &str, it: &PartitionLag, sum: &mut Sums) {
    let number = it.partition.to_string();
    let labels = [("consumergroup", group), ("topic", it.topic.as_str()), ("partition", &number)];
    let kminion =
        [("group_id", group), ("topic_name", it.topic.as_str()), ("partition_id", &number)];
    let committed = it.committed.map_or(-1.0, |offset| offset as f64);
    page.add(
        gauge!(
            "kafka_consumergroup_current_offset",
            "The offset that a group reads next of a partition; -1 if it has committed none."
        ),
        &labels,
        committed,
    );
    let known = it.committed.and(it.lag);
    if it.committed.is_none() || known.is_some() {
        let lag = known.map_or(-1.0, |lag| lag as f64);
        page.add(gauge!("kafka_consumergroup_lag", "Messages of a partition that a group has not committed; -1 if it has committed none of it."), &labels, lag);
    }
    sum.offset += it.committed.unwrap_or(0);
    sum.lag += known.unwrap_or(0);
    if let Some(lag) = known {
        page.add(
            gauge!(
                "kminion_kafka_consumer_group_topic_partition_lag",
                "Messages of a partition that a group has not committed."
            ),
            &kminion,
            lag as f64,
        );
    }
    if let Some(seconds) = it.seconds {
        page.add(
            gauge!(
                "queue_chaos_consumergroup_lag_seconds",
                "Age of the first message of a partition that a group has not committed."
            ),
            &labels,
            seconds,
        );
    }
    for status in [Status::Ok, Status::Warn, Status::Stop, Status::Stall, Status::Rewind] {
        let labels = [labels[0], labels[1], labels[2], ("status", status.name())];
        let is = f64::from(u8::from(it.status == status));
        page.add(
            gauge!(
                "queue_chaos_consumergroup_status",
                "1 at the status of a group on a partition, by Burrow's rules."
            ),
            &labels,
            is,
        );
    }
}
