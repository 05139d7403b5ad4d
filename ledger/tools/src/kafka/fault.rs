//! What Kafka's errors mean, and what to do about them.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::KafkaOptions;
use crate::Error;

impl KafkaOptions {
    /// What an error says, at doing something.
    pub(super) fn fault(&self, doing: &str, error: &KafkaError) -> Error {
        let code = match error {
            KafkaError::Transaction(error) => Some(error.code()),
            error => error.rdkafka_error_code(),
        };
        let topic = &self.topic;
        let what = format!("topic {topic}, {doing}");
        match (error, code) {
            (_, Some(Code::Fenced | Code::ProducerFenced)) => {
                Error::Fenced { topic: topic.clone() }
            }
            (KafkaError::ClientConfig(_, says, name, value), _) => {
                Error::Asked(format!("the setting {name}={value}: {says}"))
            }
            (KafkaError::ClientCreation(says), _) => Error::Asked(format!("{what}: {says}")),
            (
                _,
                Some(
                    Code::TopicAuthorizationFailed
                    | Code::ClusterAuthorizationFailed
                    | Code::TransactionalIdAuthorizationFailed
                    | Code::GroupAuthorizationFailed
                    | Code::SaslAuthenticationFailed
                    | Code::Authentication,
                ),
            ) => Error::Asked(format!(
                "{what}: {error}; allow this user to read, write and describe it, and to use the transactional id {}",
                self.transactional_id()
            )),
            (
                _,
                Some(Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition),
            ) => self.missing(),
            (_, Some(Code::MessageSizeTooLarge)) => Error::Asked(format!(
                "{what}: {error}; let the topic take them (max.message.bytes=1048588), and say --kafka-set message.max.bytes=1048588"
            )),
            (
                _,
                Some(
                    Code::BrokerTransportFailure
                    | Code::AllBrokersDown
                    | Code::Resolve
                    | Code::OperationTimedOut
                    | Code::RequestTimedOut,
                ),
            ) => self.away(doing, &error.to_string()),
            _ => Error::Away { what, why: error.to_string() },
        }
    }

    /// That nobody answers.
    pub(super) fn away(&self, doing: &str, says: &str) -> Error {
        Error::Away {
            what: format!("topic {}, {doing}", self.topic),
            why: format!(
                "no answer from {} in {:?} ({says}): is that the address, and is the cluster up? What is in the topic stays, and the same command goes on behind it",
                self.brokers, self.patience
            ),
        }
    }

    /// That there is no such topic.
    pub(super) fn missing(&self) -> Error {
        Error::Asked(format!(
            "there is no topic {topic} at {brokers}; make it: kafka-topics.sh --bootstrap-server {brokers} --create --topic {topic} --partitions 1 --config retention.ms=-1",
            topic = self.topic,
            brokers = self.brokers,
        ))
    }

    pub(super) fn transactional_id(&self) -> String {
        format!("ledger-feed.{}", self.topic)
    }
}
