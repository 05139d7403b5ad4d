//! What a member does when its group rebalances.

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::KafkaResult;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use super::{ASK, Client, Member};
use crate::history::{Commits, What};

impl Member {
    fn given(&self, client: &Client, list: &mut TopicPartitionList) -> KafkaResult<()> {
        // Where it will begin: what is committed. Asked here, so that it can be written down; librdkafka would ask by itself else.
        let committed = client.committed_offsets(list.clone(), ASK).ok();
        let known = committed.as_ref().map(|list| self.offsets(list)).unwrap_or_default();
        let to: Vec<_> = self
            .ids(list)
            .into_iter()
            .map(|id| (id, known.iter().find(|(of, _)| *of == id).map(|&(_, offset)| offset)))
            .collect();
        for &(id, offset) in &to {
            if let (Some((topic, partition)), Some(offset)) =
                (self.site.partitions.name(id), offset)
            {
                list.set_partition_offset(topic, partition, Offset::Offset(offset as i64))?;
            }
        }
        self.batch().moved(&self.ids(list));
        self.record(What::Assign { c: self.id, to });
        match client.rebalance_protocol() {
            RebalanceProtocol::Cooperative => client.incremental_assign(list),
            _ => client.assign(list),
        }
    }

    fn taken(&self, client: &Client, list: &TopicPartitionList) -> KafkaResult<()> {
        let lost = client.assignment_lost();
        let to = self.ids(list);
        if lost || self.setup.commits == Commits::Transactional {
            // Others read it again, from what is committed.
            let mut batch = self.batch();
            batch.write(self.id, &*self.site.sink);
            batch.forget(&to);
        } else {
            self.settle(client);
        }
        self.record(What::Revoke { c: self.id, to, lost });
        match client.rebalance_protocol() {
            RebalanceProtocol::Cooperative => client.incremental_unassign(list),
            _ => client.unassign(),
        }
    }
}

impl ConsumerContext for Member {
    fn rebalance(
        &self,
        client: &BaseConsumer<Self>,
        error: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let what = match error {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.given(client, list),
            _ => self.taken(client, list),
        };
        if let Err(error) = what {
            let text = format!("{}: rebalance: {error}", self.id);
            self.record(What::Note { text });
        }
    }
}
