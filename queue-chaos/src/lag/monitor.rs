//! Looks at a group again and again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::replication::{Changes, Cluster};
use super::status::{Status, Window};
use super::{Observation, PartitionLag, groups, messages, seconds};
use crate::history::Isolation;
use crate::workload::Settings;
use crate::workload::reader::{End, Reader};
use crate::{Error, Result};

/// How many commits Burrow's rules are applied to.
const WINDOW: usize = 10;

/// Looks at a group. It has three clients of librdkafka, and joins nothing.
#[derive(Debug)]
pub struct Monitor {
    group: String,
    topics: Vec<String>,
    isolation: Isolation,
    /// Of the group: it is told what that has committed.
    committed: Reader,
    /// Sees all that is there.
    all: Reader,
    /// Sees what is committed.
    stable: Reader,
    windows: BTreeMap<(String, i32), Window>,
    /// Of the record at an offset: when it was sent.
    times: BTreeMap<(String, i32), (u64, Option<i64>)>,
    before: Option<Cluster>,
    total: Changes,
    lists_groups: bool,
}

impl Monitor {
    /// One for a group and these topics; for all that it has committed something of, if there are none. `isolation` is that of the group's members:
    /// what they cannot see they are not behind with.
    ///
    /// # Errors
    /// [`Error::Kafka`] if librdkafka does not take the settings.
    pub fn new(
        bootstrap: &str,
        settings: &Settings,
        group: &str,
        topics: &[String],
        isolation: Isolation,
    ) -> Result<Self> {
        let reader = |group, isolation| Reader::new(bootstrap, settings, group, isolation);
        Ok(Self {
            group: group.to_owned(),
            topics: topics.to_vec(),
            isolation,
            committed: reader(Some(group), isolation)?,
            all: reader(None, Isolation::ReadUncommitted)?,
            stable: reader(None, Isolation::ReadCommitted)?,
            windows: BTreeMap::new(),
            times: BTreeMap::new(),
            before: None,
            total: Changes::default(),
            lists_groups: true,
        })
    }

    /// How the group stands now. Asks for metadata, for the ends of the partitions (three requests to each leader), for the committed offsets, and for
    /// one record of each partition with a lag whose committed offset has changed. What is not answered in `time` is none in the result.
    ///
    /// # Errors
    /// [`Error::Kafka`] if no broker answers at all, or the group's coordinator does not.
    pub fn observe(&mut self, time: Duration) -> Result<Observation> {
        let until = Instant::now() + time;
        let left = || until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let topics = &self.topics;
        let keep = |topic: &str| topics.is_empty() || topics.iter().any(|it| it == topic);
        let cluster = self.all.cluster(left())?.only(keep);
        let mut names = cluster.partitions();
        let committed = self.committed.committed(&names, left())?;
        if topics.is_empty() {
            names.retain(|name| committed.contains_key(name));
        }
        let low = self.all.ends(End::Low, &names, &cluster, left() / 3);
        let high = self.all.ends(End::High, &names, &cluster, left() / 2);
        let stable = self.stable.ends(End::High, &names, &cluster, left() / 2);
        let members = self.members(left().min(Duration::from_secs(2)));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = now.as_millis() as u64;
        let mut partitions = Vec::with_capacity(names.len());
        for name in names {
            let mut it = PartitionLag {
                low: low.get(&name).copied(),
                high: high.get(&name).copied(),
                stable: stable.get(&name).copied(),
                committed: committed.get(&name).copied(),
                lag: None,
                seconds: None,
                status: Status::Ok,
                topic: name.0,
                partition: name.1,
            };
            self.judge(&mut it, now, members, left());
            partitions.push(it);
        }
        let changes = self.before.as_ref().map(|before| cluster.since(before)).unwrap_or_default();
        self.total += changes;
        self.before = Some(cluster.clone());
        let (group, total) = (self.group.clone(), self.total);
        Ok(Observation { at: now, group, members, partitions, cluster, changes, total })
    }

    fn judge(&mut self, it: &mut PartitionLag, now: u64, members: Option<u32>, left: Duration) {
        let end = match self.isolation {
            Isolation::ReadUncommitted => it.high,
            Isolation::ReadCommitted => it.stable,
        };
        let (Some(low), Some(end)) = (it.low, end) else { return };
        let mut lag = messages(low, end, it.committed);
        let oldest = if lag == 0 { Some(None) } else { self.oldest(it, low, left) };
        match oldest {
            // The last offsets are ends of transactions: there is nothing to read.
            Some(None) => lag = 0,
            Some(Some(at)) => it.seconds = seconds(lag, at, now as i64),
            None => {}
        }
        it.lag = Some(lag);
        if lag == 0 {
            it.seconds = Some(0.0);
        }
        if let Some(committed) = it.committed {
            let key = (it.topic.clone(), it.partition);
            let window = self.windows.entry(key).or_insert_with(|| Window::new(WINDOW));
            window.saw(now, committed, end, members.is_some_and(|members| members > 0));
            it.status = window.status(now, lag, 0);
        }
    }

    /// When the first record was sent that the group has not committed. `Some(None)` if there is none, `None` if it cannot be known.
    #[expect(clippy::option_option, reason = "known to be none is another thing than not known")]
    fn oldest(
        &mut self,
        it: &PartitionLag,
        low: u64,
        left: Duration,
    ) -> Option<Option<Option<i64>>> {
        let from = it.committed.unwrap_or(low).max(low);
        let key = (it.topic.clone(), it.partition);
        if let Some(&(offset, at)) = self.times.get(&key)
            && offset == from
        {
            return Some(Some(at));
        }
        let reader = match self.isolation {
            Isolation::ReadUncommitted => &self.all,
            Isolation::ReadCommitted => &self.stable,
        };
        let wait = left.min(Duration::from_secs(1));
        match reader.first_at(&it.topic, it.partition, from, wait) {
            Ok(Some(seen)) => {
                self.times.insert(key, (from, seen.timestamp));
                Some(Some(seen.timestamp))
            }
            Ok(None) => Some(None),
            Err(_) => None,
        }
    }

    fn members(&mut self, time: Duration) -> Option<u32> {
        if !self.lists_groups {
            return None;
        }
        match groups::list(&self.all, Some(&self.group), time) {
            Ok(groups) => {
                Some(groups.iter().find(|it| it.name == self.group).map_or(0, |it| it.members))
            }
            Err(Error::Unsupported { .. }) => {
                self.lists_groups = false;
                None
            }
            Err(_) => None,
        }
    }
}
