//! The groups of a cluster.

use std::time::Duration;

use rdkafka::consumer::Consumer as _;

use super::Group;
use crate::history::Isolation;
use crate::workload::Settings;
use crate::workload::reader::Reader;
use crate::{Error, Result};

/// All groups of a cluster, by name.
///
/// # Errors
/// [`Error::Unsupported`] from a cluster that cannot list groups (the embedded one cannot); [`Error::Kafka`] if nobody answers in `time`.
pub fn groups(bootstrap: &str, settings: &Settings, time: Duration) -> Result<Vec<Group>> {
    let reader = Reader::new(bootstrap, settings, None, Isolation::ReadUncommitted)?;
    list(&reader, None, time)
}

pub(super) fn list(reader: &Reader, group: Option<&str>, time: Duration) -> Result<Vec<Group>> {
    // A broker that answers metadata and not this has no such request.
    reader.cluster(time)?;
    let found = reader.client().fetch_group_list(group, time).map_err(|source| {
        use rdkafka::error::RDKafkaErrorCode as E;
        match source.rdkafka_error_code() {
            Some(E::UnsupportedFeature | E::UnsupportedVersion) => Error::Unsupported {
                action: "list groups".to_owned(),
                cluster: "embedded",
                why: format!("it does not know the request ({source}); Apache Kafka does"),
            },
            _ => Error::Kafka { what: "listing groups".to_owned(), source },
        }
    })?;
    let mut groups: Vec<Group> = found
        .groups()
        .iter()
        .map(|group| Group {
            name: group.name().to_owned(),
            state: group.state().to_owned(),
            protocol: group.protocol().to_owned(),
            members: group.members().len() as u32,
        })
        .collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(groups)
}
