//! What errors say about what has happened.
//!
//! A [`Nack`](crate::history::What::Nack) says that a message is certain not to be written: if it is read later, that is an anomaly. So it must be certain.
//! librdkafka's own word (`rd_kafka_message_status`) is not enough: it counts "not leader" and storage errors as "not written" and tries again
//! by itself, so that a message that times out after that is "not written" too. But a broker answers "not leader" also to messages that it has
//! written, when it loses the leadership before enough replicas have them (Kafka's `DelayedProduce`), and the next leader may have them. What can hide
//! such an attempt is unknown here.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::native::{self, Committed};
use crate::history::Outcome;
use rdkafka::message::BorrowedMessage;

/// Errors by which a message is refused at first sight, before it is written, and for good.
fn refuses_at_sight(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as E;
    matches!(
        code,
        E::MessageSizeTooLarge
            | E::MessageBatchTooLarge
            | E::TopicAuthorizationFailed
            | E::ClusterAuthorizationFailed
            | E::TransactionalIdAuthorizationFailed
            | E::InvalidTopic
            | E::InvalidRequiredAcks
            | E::InvalidTimestamp
            | E::InvalidRecord
            | E::UnsupportedVersion
            | E::UnsupportedForMessageFormat
            | E::UnsupportedCompressionType
            | E::PolicyViolation
            | E::UnknownPartition
            | E::UnknownTopic
    )
}

/// Whether the message of a failed delivery is certain not to be written.
pub(super) fn certain(error: &KafkaError, message: &BorrowedMessage<'_>) -> bool {
    error.rdkafka_error_code().is_some_and(refuses_at_sight) && native::not_persisted(message)
}

/// What an answer to an offset commit says.
pub(super) fn of_commit(answer: Committed) -> Outcome {
    match answer {
        Committed::Yes => Outcome::Ok,
        Committed::Silence => Outcome::Unknown("no answer in time".to_owned()),
        Committed::Refused(code) => refused_commit(code),
    }
}

/// The coordinator refuses a whole commit for these. All else (connections, time, a coordinator that moves) leaves it open.
pub(super) fn refused_commit(code: RDKafkaErrorCode) -> Outcome {
    use RDKafkaErrorCode as E;
    let why = code.to_string();
    match code {
        E::IllegalGeneration
        | E::UnknownMemberId
        | E::RebalanceInProgress
        | E::FencedInstanceId
        | E::GroupAuthorizationFailed
        | E::TopicAuthorizationFailed
        | E::OffsetMetadataTooLarge
        | E::InvalidCommitOffsetSize
        | E::UnknownGroup
        | E::NoOffset => Outcome::Fail(why),
        _ => Outcome::Unknown(why),
    }
}

/// What is to be done after a transaction's call has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The same call again.
    Again,
    /// Abort the transaction.
    Abort,
    /// Give this producer up.
    NewProducer,
}

/// What librdkafka wants to be done after `error`.
pub(super) fn remedy(error: &KafkaError) -> Remedy {
    match error {
        KafkaError::Transaction(error) if error.is_fatal() => Remedy::NewProducer,
        KafkaError::Transaction(error) if error.txn_requires_abort() => Remedy::Abort,
        KafkaError::Transaction(error) if error.is_retriable() => Remedy::Again,
        KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut) => Remedy::Again,
        _ => Remedy::NewProducer,
    }
}
