//! Topics made and deleted by librdkafka's admin client.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, FromClientConfig};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::NewTopic;
use crate::{Error, Result};

/// A client for a cluster.
pub(super) struct Admin(AdminClient<DefaultClientContext>);

impl Admin {
    /// Connects to nobody yet.
    pub fn new(bootstrap: &str, settings: &[(String, String)]) -> Result<Self> {
        let mut config = ClientConfig::new();
        config.set("client.id", "queue-chaos-admin");
        for (key, value) in settings {
            config.set(key, value);
        }
        config.set("bootstrap.servers", bootstrap);
        AdminClient::from_config(&config)
            .map(Self)
            .map_err(|source| Error::Kafka { what: format!("a client of {bootstrap}"), source })
    }

    /// Makes a topic, which must not be there.
    pub fn create(&self, topic: &NewTopic, wait: Duration) -> Result<()> {
        let what = || format!("creating topic {}", topic.name);
        let count = |count: u32| {
            i32::try_from(count)
                .map_err(|_| Error::Broker { what: what(), why: format!("{count} is too many") })
        };
        let mut new = rdkafka::admin::NewTopic::new(
            &topic.name,
            count(topic.partitions)?,
            TopicReplication::Fixed(count(topic.replicas)?),
        );
        for (key, value) in &topic.settings {
            new = new.set(key, value);
        }
        let results = wait_for(self.0.create_topics([&new], &options(wait)));
        first_error(what(), results)
    }

    /// Deletes topics.
    pub fn delete(&self, topics: &[&str], wait: Duration) -> Result<()> {
        let what = format!("deleting topics {}", topics.join(", "));
        first_error(what, wait_for(self.0.delete_topics(topics, &options(wait))))
    }

    /// Which topics there are, with the leaders of their partitions; and which brokers.
    pub fn metadata(
        &self,
        topic: Option<&str>,
        wait: Duration,
    ) -> Result<rdkafka::metadata::Metadata> {
        self.0.inner().fetch_metadata(topic, wait).map_err(|source| Error::Kafka {
            what: "asking the cluster what it consists of".into(),
            source,
        })
    }
}

fn options(wait: Duration) -> AdminOptions {
    AdminOptions::new().request_timeout(Some(wait)).operation_timeout(Some(wait))
}

fn first_error(
    what: String,
    results: std::result::Result<Vec<rdkafka::admin::TopicResult>, KafkaError>,
) -> Result<()> {
    let refused = match results {
        Err(source) => source,
        Ok(results) => match results.into_iter().find_map(std::result::Result::err) {
            None => return Ok(()),
            Some((_, code)) => code_error(code),
        },
    };
    Err(Error::Kafka { what, source: refused })
}

fn code_error(code: RDKafkaErrorCode) -> KafkaError {
    KafkaError::AdminOp(code)
}

/// Waits for a future on this thread. librdkafka's thread completes it.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
