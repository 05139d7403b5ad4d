//! Messages a second through the harness, and by bare rdkafka.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use queue_chaos::broker::embedded::Embedded;
use queue_chaos::broker::kafka::{Distribution, Kafka, KafkaOptions};
use queue_chaos::broker::{Cluster, NewTopic};
use queue_chaos::history::{self, Reader, Topic, What, Writer};
use queue_chaos::workload::{Ids, Partitions, Producer, ProducerOptions, Role, Settings, Site};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, ProducerContext, ThreadedProducer};

use super::Result;
use super::gates::{BASE, OURS, THREADED};
use super::places::Places;

const PARTITIONS: u32 = 4;
/// Bytes of a message.
const SIZE: usize = 100;
/// A producer of the library looks for acknowledgements as often.
const BURST: u64 = 32;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What librdkafka is told, on both sides.
fn settings() -> Settings {
    let settings = [
        ("acks", "all"),
        ("enable.idempotence", "true"),
        ("linger.ms", "5"),
        ("compression.type", "none"),
        ("message.timeout.ms", "120000"),
        ("request.timeout.ms", "30000"),
        ("socket.timeout.ms", "60000"),
        ("queue.buffering.max.messages", "50000"),
        ("reconnect.backoff.max.ms", "1000"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// What it took to send messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// Messages a second, while it both sends and has some acknowledged.
    pub rate: f64,
    /// Nanoseconds of a processor for each message, of all threads of this process: the client's, those of an in-process cluster, proxies and history.
    pub processor: f64,
}

/// Nanoseconds that this process has been run.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// A cluster of one node, and both ways to it.
pub struct Arena {
    /// Through the proxy.
    through: String,
    /// Around it.
    straight: String,
    _cluster: Box<dyn Cluster>,
    _mock: Option<MockCluster<'static, rdkafka::producer::DefaultProducerContext>>,
}

fn topics() -> impl Iterator<Item = NewTopic> {
    let name = |contestant: &str| contestant.replace('/', "-");
    [OURS, BASE, THREADED].into_iter().map(move |contestant| NewTopic {
        name: name(contestant),
        partitions: PARTITIONS,
        replicas: 1,
        settings: Vec::new(),
    })
}

impl Arena {
    /// librdkafka's in-process cluster, with proxies, and another one without.
    ///
    /// # Errors
    /// librdkafka's.
    pub fn embedded() -> Result<Self> {
        let mut cluster = Embedded::start(1)?;
        let mock = MockCluster::new(1)?;
        for topic in topics() {
            cluster.create_topic(&topic, PATIENCE)?;
            mock.create_topic(&topic.name, topic.partitions as i32, 1)?;
        }
        Ok(Self {
            through: cluster.bootstrap(),
            straight: mock.bootstrap_servers(),
            _cluster: Box::new(cluster),
            _mock: Some(mock),
        })
    }

    /// Apache Kafka.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn kafka(places: &Places, distribution: Distribution) -> Result<Self> {
        let mut cluster = kafka(places, distribution)?;
        for topic in topics() {
            cluster.create_topic(&topic, PATIENCE)?;
        }
        Ok(Self {
            through: cluster.bootstrap(),
            straight: cluster.direct(),
            _cluster: Box::new(cluster),
            _mock: None,
        })
    }

    /// A contestant sends so many messages.
    ///
    /// # Errors
    /// If one is not acknowledged; if there are so few that librdkafka takes them all before the first is.
    pub fn pass(&self, contestant: &str, messages: u64, directory: &Path) -> Result<Pass> {
        let topic = contestant.replace('/', "-");
        match contestant {
            OURS => self.ours(&topic, messages, directory),
            BASE => bare::<BaseProducer<_>>(&self.straight, &topic, messages),
            _ => bare::<ThreadedProducer<_>>(&self.straight, &topic, messages),
        }
    }

    fn ours(&self, topic: &str, messages: u64, directory: &Path) -> Result<Pass> {
        let processor = processor_time();
        let topic = Topic { name: topic.to_owned(), partitions: PARTITIONS, replicas: 1 };
        let partitions = Partitions::new(std::slice::from_ref(&topic));
        let path = directory.join("produce.jsonl");
        let writer = Writer::create(
            &path,
            history::Run {
                version: queue_chaos::history::VERSION,
                name: "overhead".to_owned(),
                seed: 0,
                cluster: "one node".to_owned(),
                started: 0,
                topics: vec![topic],
                partitions: partitions.table().to_vec(),
            },
        )?;
        let to = partitions.ids().collect();
        let site = Arc::new(Site {
            bootstrap: self.through.clone(),
            client: Settings::new(),
            partitions,
            ids: Arc::new(Ids::new()),
            sink: writer.sink(),
        });
        let options = ProducerOptions {
            count: Some(messages),
            size: SIZE,
            client: settings(),
            ..ProducerOptions::default()
        };
        let role = Role { seed: 7, transactional_id: String::new(), to };
        Producer::start(&site, &options, role)?.join();
        writer.finish()?;
        let processor = processor_time() - processor;
        let rate = told(&path, messages)?;
        std::fs::remove_file(&path)?;
        Ok(Pass { rate, processor: processor / messages as f64 })
    }
}

/// Which Kafka, and whether Java can run it.
///
/// # Errors
/// Why there is none.
pub fn distribution(places: &Places) -> std::result::Result<Distribution, String> {
    let found = Distribution::at(&places.jars).or_else(|_| Distribution::find());
    let found = found.map_err(|error| error.to_string())?;
    match Distribution::java_version(&Distribution::java()) {
        Ok(17..) => Ok(found),
        Ok(older) => Err(format!("Java is {older}, and Apache Kafka needs 17")),
        Err(error) => Err(error.to_string()),
    }
}

/// One node of Apache Kafka.
///
/// # Errors
/// Why it does not start.
pub fn kafka(places: &Places, distribution: Distribution) -> Result<Kafka> {
    let mut options = KafkaOptions::new(places.files.join("kafka"), distribution);
    options.nodes = 1;
    options.patience = PATIENCE;
    Ok(Kafka::start(&options)?)
}

/// Messages a second while both sending and acknowledging go on: what is acknowledged after the first acknowledgement and until the last message is
/// sent. Before that librdkafka looks for nodes, and asks for a producer id with pauses of half a second; after it nothing is to be done but to wait.
fn rate(moments: [(f64, u64); 2], messages: u64) -> Result<f64> {
    let [(begun, before), (ended, after)] = moments;
    let counted = after.saturating_sub(before);
    if counted < messages / 4 {
        let what = "were acknowledged while others were sent: send more";
        return Err(format!("{counted} of {messages} messages {what}").into());
    }
    Ok(counted as f64 / (ended - begun))
}

/// The rate of a history, in which all messages must be acknowledged.
fn told(path: &Path, messages: u64) -> Result<f64> {
    let (mut begun, mut sent) = (None, (0.0, 0));
    let mut acked = 0;
    for event in Reader::open(path)? {
        let event = event?;
        let seconds = event.at as f64 / 1e6;
        match event.what {
            What::Send { .. } => sent = (seconds, acked),
            What::Ack { .. } => {
                acked += 1;
                begun.get_or_insert((seconds, acked));
            }
            What::Nack { why, .. } | What::Unknown { why, .. } => return Err(why.into()),
            What::Note { text } => return Err(text.into()),
            _ => {}
        }
    }
    match begun {
        Some(begun) if acked == messages => rate([begun, sent], messages),
        _ => Err(format!("{acked} of {messages} messages were acknowledged").into()),
    }
}

/// Counts what is acknowledged, and nothing else.
struct Acknowledged(Arc<Acknowledgements>);

#[derive(Default)]
struct Acknowledgements {
    acked: AtomicU64,
    failed: AtomicU64,
}

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let count = if result.is_ok() { &self.0.acked } else { &self.0.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A bare producer, in one of the ways to have its acknowledgements.
trait Bare:
    rdkafka::producer::Producer<Acknowledged> + FromClientConfigAndContext<Acknowledged>
{
    /// Hands a message over, when there is room for it.
    fn put(&self, message: BaseRecord<'_, [u8], [u8]>) -> std::result::Result<(), KafkaError>;
    /// Takes acknowledgements, where nobody else does.
    fn take(&self);
    /// Waits a little for there to be room.
    fn wait(&self);
}

impl Bare for BaseProducer<Acknowledged> {
    fn put(&self, message: BaseRecord<'_, [u8], [u8]>) -> std::result::Result<(), KafkaError> {
        self.send(message).map_err(|(error, _)| error)
    }

    fn take(&self) {
        self.poll(Duration::ZERO);
    }

    fn wait(&self) {
        self.poll(Duration::from_millis(1));
    }
}

impl Bare for ThreadedProducer<Acknowledged> {
    fn put(&self, message: BaseRecord<'_, [u8], [u8]>) -> std::result::Result<(), KafkaError> {
        self.send(message).map_err(|(error, _)| error)
    }

    fn take(&self) {}

    fn wait(&self) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a bare producer does.
fn bare<P: Bare>(bootstrap: &str, topic: &str, messages: u64) -> Result<Pass> {
    let processor = processor_time();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    for (name, value) in settings() {
        config.set(name, value);
    }
    let counts = Arc::new(Acknowledgements::default());
    let producer = P::from_config_and_context(&config, Acknowledged(Arc::clone(&counts)))?;
    let payload = [7; SIZE];
    let clock = Instant::now();
    let now = || (clock.elapsed().as_secs_f64(), counts.acked.load(Ordering::Relaxed));
    let mut begun = None;
    for number in 0..messages {
        let partition = (number % u64::from(PARTITIONS)) as i32;
        loop {
            // As ours: a key of four bytes, and a partition of our choice.
            let message = BaseRecord::to(topic).partition(partition);
            match producer.put(message.key(&[0; 4][..]).payload(&payload[..])) {
                Ok(()) => break,
                Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) => producer.wait(),
                Err(error) => return Err(error.into()),
            }
        }
        if number % BURST == BURST - 1 {
            producer.take();
            if begun.is_none() && counts.acked.load(Ordering::Relaxed) > 0 {
                begun = Some(now());
            }
        }
    }
    let sent = now();
    producer.flush(PATIENCE)?;
    let (_, acked) = now();
    drop(producer);
    let processor = (processor_time() - processor) / messages as f64;
    match begun {
        Some(begun) if acked == messages => {
            Ok(Pass { rate: rate([begun, sent], messages)?, processor })
        }
        _ => {
            let failed = counts.failed.load(Ordering::Relaxed);
            Err(format!("{acked} of {messages} messages were acknowledged, {failed} failed").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_contestants_have_all_messages_acknowledged() {
        let arena = Arena::embedded().unwrap();
        let directory = tempfile::tempdir().unwrap();
        for contestant in [OURS, BASE, THREADED] {
            let pass = arena.pass(contestant, 400_000, directory.path()).unwrap();
            assert!(pass.rate.is_finite() && pass.rate > 0.0, "{contestant}");
            assert!(pass.processor > 0.0, "{contestant}");
        }
        // What ours needs to be told of is gone.
        assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
    }
}
