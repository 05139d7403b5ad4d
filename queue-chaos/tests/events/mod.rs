//! Any events.

use proptest::prelude::*;
use queue_chaos::history::{
    Acks, Commits, Delivery, Event, Isolation, Outcome, Record, Run, Sample, Topic, What,
};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};

/// Small ones, large ones, and any.
pub fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..100_u64, Just(u64::MAX), Just(u64::from(u32::MAX)), any::<u64>()]
}

fn p() -> impl Strategy<Value = ProducerId> {
    prop_oneof![0..10_u32, any::<u32>()].prop_map(ProducerId)
}

fn c() -> impl Strategy<Value = ConsumerId> {
    prop_oneof![0..10_u32, any::<u32>()].prop_map(ConsumerId)
}

fn to() -> impl Strategy<Value = PartitionId> {
    prop_oneof![0..10_u32, any::<u32>()].prop_map(PartitionId)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), any::<String>(), "[ -~\n\t\u{7f}-\u{ff}\u{1F600}]{0,20}"]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Invoke),
        Just(Outcome::Ok),
        text().prop_map(Outcome::Fail),
        text().prop_map(Outcome::Unknown),
    ]
}

fn offsets() -> impl Strategy<Value = Vec<(PartitionId, u64)>> {
    prop::collection::vec((to(), number()), 0..4)
}

/// Numbers that serde_json reads as what they were written from; of others it may change the last bit.
fn rate() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(1e300),
        (0..1_u32 << 22).prop_map(|it| f64::from(it) / 4.0)
    ]
}

fn sample() -> impl Strategy<Value = Sample> {
    let numbers = (
        number(),
        any::<u32>(),
        any::<u32>(),
        any::<u32>(),
        number(),
        number(),
        any::<bool>(),
        number(),
    );
    ([rate(), rate(), rate(), rate()], numbers).prop_map(
        |([sent, acked, read, lag_seconds], (lag, u, l, elections, p50, p99, seen, took))| Sample {
            sent,
            acked,
            read,
            lag,
            lag_seconds,
            under_replicated: u,
            leaderless: l,
            elections,
            p50,
            p99,
            seen,
            took,
        },
    )
}

/// A first line.
pub fn run() -> impl Strategy<Value = Run> {
    let topic = (text(), any::<u32>(), any::<u32>())
        .prop_map(|(name, partitions, replicas)| Topic { name, partitions, replicas });
    (
        (text(), number(), text(), number()),
        prop::collection::vec(topic, 0..3),
        prop::collection::vec(any::<(u32, u32)>(), 0..5),
    )
        .prop_map(|((name, seed, cluster, started), topics, partitions)| Run {
            version: queue_chaos::history::VERSION,
            name,
            seed,
            cluster,
            started,
            topics,
            partitions,
        })
}

/// What can stand between the first line and the last.
pub fn what() -> impl Strategy<Value = What> {
    let delivery =
        prop::sample::select(vec![Delivery::Plain, Delivery::Idempotent, Delivery::Transactional]);
    let acks = prop::sample::select(vec![Acks::None, Acks::Leader, Acks::All]);
    let isolation =
        prop::sample::select(vec![Isolation::ReadUncommitted, Isolation::ReadCommitted]);
    let commits = prop::sample::select(vec![
        Commits::Never,
        Commits::Sync,
        Commits::Async,
        Commits::Early,
        Commits::Transactional,
    ]);
    let records = prop::collection::vec((number(), p(), number()), 0..5)
        .prop_map(|it| it.into_iter().map(|(o, p, s)| Record(o, p, s)).collect::<Vec<_>>());
    let hot = prop_oneof![
        (p(), number(), to(), prop::option::of((to(), number())))
            .prop_map(|(p, s, to, of)| What::Send { p, s, to, of }),
        (p(), number(), to(), prop::option::of(number())).prop_map(|(p, s, to, o)| What::Ack {
            p,
            s,
            to,
            o
        }),
        (c(), to(), records).prop_map(|(c, to, r)| What::Poll { c, to, r }),
        (c(), to(), number()).prop_map(|(c, to, o)| What::Done { c, to, o }),
    ];
    let producers = prop_oneof![
        (p(), delivery, acks).prop_map(|(p, delivery, acks)| What::Producer { p, delivery, acks }),
        (p(), number(), text()).prop_map(|(p, s, why)| What::Nack { p, s, why }),
        (p(), number(), text()).prop_map(|(p, s, why)| What::Unknown { p, s, why }),
        p().prop_map(|p| What::Begin { p }),
        (p(), outcome()).prop_map(|(p, is)| What::Commit { p, is }),
        (p(), outcome()).prop_map(|(p, is)| What::Abort { p, is }),
        (p(), any::<bool>()).prop_map(|(p, killed)| What::ProducerGone { p, killed }),
    ];
    let consumers = prop_oneof![
        (c(), prop::option::of(text()), isolation, commits).prop_map(
            |(c, group, isolation, commits)| What::Consumer { c, group, isolation, commits }
        ),
        (c(), prop::collection::vec((to(), prop::option::of(number())), 0..4))
            .prop_map(|(c, to)| What::Assign { c, to }),
        (c(), prop::collection::vec(to(), 0..4), any::<bool>())
            .prop_map(|(c, to, lost)| What::Revoke { c, to, lost }),
        (c(), to(), number()).prop_map(|(c, to, o)| What::Seek { c, to, o }),
        (c(), to(), number(), text()).prop_map(|(c, to, o, why)| What::Corrupt { c, to, o, why }),
        (c(), outcome(), offsets(), prop::option::of(p()))
            .prop_map(|(c, is, to, within)| What::Offsets { c, is, to, within }),
        (c(), any::<bool>()).prop_map(|(c, killed)| What::ConsumerGone { c, killed }),
    ];
    let rest = prop_oneof![
        (to(), number(), number()).prop_map(|(to, low, high)| What::Watermarks { to, low, high }),
        (c(), to(), number()).prop_map(|(c, to, o)| What::ReadAll { c, to, o }),
        (text(), offsets()).prop_map(|(group, to)| What::Committed { group, to }),
        (text(), outcome(), any::<u32>()).prop_map(|(what, is, n)| What::Fault { what, is, n }),
        sample().prop_map(What::Sample),
        text().prop_map(|text| What::Note { text }),
    ];
    prop_oneof![3 => hot, 2 => producers, 2 => consumers, 2 => rest]
}

/// An event that can stand between the first line and the last.
pub fn event() -> impl Strategy<Value = Event> {
    (number(), what()).prop_map(|(at, what)| Event { at, what })
}
