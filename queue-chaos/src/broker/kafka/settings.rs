//! The files that a node is started with.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use super::addresses::Addresses;
use crate::id::NodeId;

/// What `server.properties` is made of.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    pub id: NodeId,
    pub is_controller: bool,
    pub listens: Addresses,
    pub advertised: Addresses,
    /// Controllers, and where they are found.
    pub voters: &'a [(NodeId, SocketAddr)],
    /// How many brokers the cluster begins with.
    pub brokers: u32,
    pub data: &'a Path,
    pub metadata: &'a Path,
    pub further: &'a [(String, String)],
}

impl Settings<'_> {
    /// `server.properties`.
    pub fn properties(&self) -> String {
        let mut lines = self.own();
        for (key, value) in self.further {
            lines.insert(key, value.clone());
        }
        lines.iter().fold(String::new(), |mut text, (key, value)| {
            // A backslash begins an escape in such files.
            let _ = writeln!(text, "{key}={}", value.replace('\\', "\\\\"));
            text
        })
    }

    fn own(&self) -> BTreeMap<&str, String> {
        let listeners = |at: &Addresses| {
            let mut all = format!(
                "CLIENTS://{},REPLICATION://{},DIRECT://{}",
                at.clients, at.replication, at.direct
            );
            if self.is_controller {
                let _ = write!(all, ",CONTROLLER://{}", at.controller);
            }
            all
        };
        let voters: Vec<String> =
            self.voters.iter().map(|(id, at)| format!("{}@{at}", id.0)).collect();
        let copies = self.brokers.min(3);
        let enough = if copies == 3 { 2 } else { 1 };
        let roles = if self.is_controller { "broker,controller" } else { "broker" };
        let fixed: [(&str, String); 16] = [
            ("process.roles", roles.into()),
            ("node.id", self.id.0.to_string()),
            ("controller.quorum.voters", voters.join(",")),
            ("controller.listener.names", "CONTROLLER".into()),
            ("inter.broker.listener.name", "REPLICATION".into()),
            ("listeners", listeners(&self.listens)),
            ("advertised.listeners", listeners(&self.advertised)),
            (
                "listener.security.protocol.map",
                "CLIENTS:PLAINTEXT,REPLICATION:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT"
                    .into(),
            ),
            ("log.dirs", self.data.display().to_string()),
            ("metadata.log.dir", self.metadata.display().to_string()),
            ("offsets.topic.replication.factor", copies.to_string()),
            ("transaction.state.log.replication.factor", copies.to_string()),
            ("transaction.state.log.min.isr", enough.to_string()),
            ("share.coordinator.state.topic.replication.factor", copies.to_string()),
            ("share.coordinator.state.topic.min.isr", enough.to_string()),
            ("auto.create.topics.enable", "false".into()),
        ];
        fixed
            .into_iter()
            .chain(SMALL_AND_QUICK.iter().map(|(key, value)| (*key, (*value).to_owned())))
            .collect()
    }
}

/// What differs from Kafka's defaults so that a laptop can run three of them, and sees within seconds what otherwise takes minutes.
const SMALL_AND_QUICK: [(&str, &str); 23] = [
    ("offsets.topic.num.partitions", "4"),
    ("transaction.state.log.num.partitions", "4"),
    ("share.coordinator.state.topic.num.partitions", "4"),
    ("group.initial.rebalance.delay.ms", "0"),
    // A node that is silent for so long is taken for dead. It is also how long one that was killed must wait before it may come back.
    ("broker.session.timeout.ms", "4000"),
    ("broker.heartbeat.interval.ms", "500"),
    // A controller that is frozen, and was asked something, is given up after so long.
    ("controller.socket.timeout.ms", "5000"),
    // A follower that has not caught up for so long is out of sync.
    ("replica.lag.time.max.ms", "5000"),
    // Replication that hangs is noticed in 10 s; in that time even a thin line (100 kbit/s) can deliver a response.
    ("replica.socket.timeout.ms", "10000"),
    ("replica.fetch.max.bytes", "65536"),
    ("replica.fetch.response.max.bytes", "98304"),
    // Leaders move when they must, or are told to, not because five minutes are over.
    ("auto.leader.rebalance.enable", "false"),
    ("unclean.leader.election.enable", "false"),
    ("num.network.threads", "2"),
    ("num.io.threads", "4"),
    ("background.threads", "2"),
    // Its default is 128 MiB, half of the heap.
    ("log.cleaner.dedupe.buffer.size", "8388608"),
    ("log.index.size.max.bytes", "1048576"),
    ("num.recovery.threads.per.data.dir", "1"),
    ("controlled.shutdown.enable", "true"),
    ("log.retention.check.interval.ms", "300000"),
    ("log.retention.ms", "-1"),
    ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000"),
];

/// What Log4j is told: everything from INFO on into one file.
pub(super) fn log4j(log: &Path) -> String {
    let file = log.display().to_string();
    let file = file.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="error" shutdownHook="disable">
  <Appenders>
    <File name="server" fileName="{file}">
      <PatternLayout pattern="%d{{ISO8601}} %p %m (%c{{1}})%n"/>
    </File>
  </Appenders>
  <Loggers>
    <Root level="info"><AppenderRef ref="server"/></Root>
  </Loggers>
</Configuration>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(further: &[(String, String)]) -> String {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let addresses = |from: u16| Addresses {
            clients: at(from),
            replication: at(from + 1),
            controller: at(from + 2),
            direct: at(from + 3),
        };
        Settings {
            id: NodeId(2),
            is_controller: true,
            listens: addresses(1000),
            advertised: addresses(2000),
            voters: &[(NodeId(1), at(3)), (NodeId(2), at(4))],
            brokers: 3,
            data: Path::new("/a"),
            metadata: Path::new("/b"),
            further,
        }
        .properties()
    }

    #[test]
    fn what_is_told_wins() {
        let has = |text: &str, line: &str| text.lines().any(|one| one == line);
        let plain = settings(&[]);
        assert!(has(&plain, "controller.quorum.voters=1@127.0.0.1:3,2@127.0.0.1:4"));
        assert!(has(&plain, "num.io.threads=4"));
        assert!(has(&plain, "transaction.state.log.min.isr=2"));
        let told = settings(&[("num.io.threads".into(), "8".into()), ("x".into(), "a\\b".into())]);
        assert!(has(&told, "num.io.threads=8") && !has(&told, "num.io.threads=4"));
        assert!(has(&told, "x=a\\\\b"));
    }

    #[test]
    fn a_path_may_have_any_letters() {
        assert!(log4j(Path::new("/a&b")).contains("\"/a&amp;b\""));
    }
}
