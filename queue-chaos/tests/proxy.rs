//! Connections through the proxy: whole without rules and under those that only slow them, and each toxic by what it does.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use queue_chaos::id::NodeId;
use queue_chaos::proxy::{
    ClientId, ClientPattern, Direction, Options, Proxy, Rule, RuleId, Statistics, Toxic,
};

const ANY: &str = "127.0.0.1:0";

/// Long enough for anything that is to happen; a test that comes to it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Long enough to see that something does not happen, most times that it would.
const MOMENT: Duration = Duration::from_millis(150);

/// A proxy with a listener behind it.
struct Bench {
    proxy: Proxy,
    upstream: TcpListener,
}

impl Bench {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let upstream = TcpListener::bind(ANY).unwrap();
        let address = upstream.local_addr().unwrap();
        Self {
            proxy: Proxy::listen_with(ANY.parse().unwrap(), address, options).unwrap(),
            upstream,
        }
    }

    fn connect(&self) -> TcpStream {
        patient(TcpStream::connect(self.proxy.local_addr()).unwrap())
    }

    /// A connection's two ends: the client's and the server's.
    fn pair(&self) -> (TcpStream, TcpStream) {
        let client = self.connect();
        let (server, _) = self.upstream.accept().unwrap();
        (client, patient(server))
    }

    fn add(&self, toxic: &str, direction: Direction) -> RuleId {
        self.proxy.add(Rule::new(toxic.parse().unwrap(), direction))
    }

    fn until(&self, what: impl Fn(Statistics) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !what(self.proxy.statistics()) {
            assert!(Instant::now() < end, "it does not happen: {:?}", self.proxy.statistics());
            thread::yield_now();
        }
    }
}

fn patient(socket: TcpStream) -> TcpStream {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

fn send(mut socket: &TcpStream, bytes: &[u8]) {
    socket.write_all(bytes).unwrap();
}

fn receive(mut socket: &TcpStream, bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    socket.read_exact(&mut buffer).unwrap();
    buffer
}

fn rest(mut socket: &TcpStream) -> Vec<u8> {
    let mut buffer = Vec::new();
    socket.read_to_end(&mut buffer).unwrap();
    buffer
}

/// Whether nothing comes for a moment.
fn is_silent(mut socket: &TcpStream) -> bool {
    socket.set_read_timeout(Some(MOMENT)).unwrap();
    let read = socket.read(&mut [0]);
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    matches!(read, Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

fn is_reset(mut socket: &TcpStream) -> bool {
    matches!(socket.read(&mut [0]), Err(e) if e.kind() == ErrorKind::ConnectionReset)
}

/// Sends and shuts, while it reads the other's all.
fn exchange(socket: &TcpStream, bytes: &[u8]) -> Vec<u8> {
    thread::scope(|threads| {
        threads.spawn(|| {
            send(socket, bytes);
            socket.shutdown(Shutdown::Write).unwrap();
        });
        rest(socket)
    })
}

fn noise(bytes: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect()
}

/// The first request of a client: ApiVersions, with nothing behind its header.
fn request(client: &str) -> Vec<u8> {
    let mut bytes = u32::try_from(10 + client.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend([0, 18, 0, 0, 0, 0, 0, 1]);
    bytes.extend(u16::try_from(client.len()).unwrap().to_be_bytes());
    bytes.extend(client.as_bytes());
    bytes
}

fn harmless() -> impl Strategy<Value = (Toxic, Direction)> {
    let millis = |most: u64| (0..most).prop_map(Duration::from_millis);
    let toxic = prop_oneof![
        (millis(20), millis(20)).prop_map(|(delay, jitter)| Toxic::Latency { delay, jitter }),
        (4_000_000u64..400_000_000)
            .prop_map(|bits_per_second| Toxic::Bandwidth { bits_per_second }),
        (200usize..5000, 0usize..300, (0u64..100).prop_map(Duration::from_micros))
            .prop_map(|(size, variation, delay)| Toxic::Slicer { size, variation, delay }),
        millis(30).prop_map(|delay| Toxic::SlowClose { delay }),
        Just(Toxic::LimitData { bytes: 1 << 40 }),
        Just(Toxic::Reset { after: PATIENCE }),
    ];
    (toxic, prop_oneof![Just(Direction::Up), Just(Direction::Down), Just(Direction::Both)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// All bytes arrive, in order, both ways; each direction ends by itself. Rules come and go meanwhile.
    #[test]
    fn whole_and_in_order(
        first in proptest::collection::vec(harmless(), 0..4),
        later in proptest::collection::vec((harmless(), any::<bool>()), 0..4),
        up in 0usize..150_000,
        down in 0usize..150_000,
        seed in any::<u32>(),
    ) {
        let bench = Bench::with(Options { seed: seed.into(), ..Options::default() });
        for (toxic, direction) in first {
            bench.proxy.add(Rule::new(toxic, direction));
        }
        let (client, server) = bench.pair();
        let (up, down) = (noise(up, seed), noise(down, !seed));
        let (at_client, at_server) = thread::scope(|threads| {
            let at_client = threads.spawn(|| exchange(&client, &up));
            let at_server = threads.spawn(|| exchange(&server, &down));
            for ((toxic, direction), remove) in later {
                bench.proxy.add(Rule::new(toxic, direction));
                thread::sleep(Duration::from_millis(2));
                if remove {
                    let rules = bench.proxy.rules();
                    bench.proxy.remove(rules[rules.len() / 2].0);
                }
            }
            (at_client.join().unwrap(), at_server.join().unwrap())
        });
        prop_assert!(at_client == down, "{} of {} bytes down", at_client.len(), down.len());
        prop_assert!(at_server == up, "{} of {} bytes up", at_server.len(), up.len());
        bench.until(|now| now.open == 0);
        let Statistics { total, bytes_up, bytes_down, .. } = bench.proxy.statistics();
        prop_assert_eq!((total, bytes_up, bytes_down), (1, up.len() as u64, down.len() as u64));
    }
}

#[test]
fn a_large_stream_against_a_slow_reader() {
    let bench = Bench::new();
    let (client, mut server) = bench.pair();
    let sent = noise(64 << 20, 7);
    thread::scope(|threads| {
        threads.spawn(|| {
            send(&client, &sent);
            client.shutdown(Shutdown::Write).unwrap();
        });
        let mut got = Vec::new();
        let mut buffer = vec![0; 100_000];
        loop {
            let read = server.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            got.extend_from_slice(&buffer[..read]);
            if got.len() < 1 << 20 {
                thread::sleep(Duration::from_millis(1));
            }
        }
        assert!(got == sent);
    });
    send(&server, b"got it");
    assert_eq!(receive(&client, 6), b"got it");
}

#[test]
fn a_reset_is_passed_on_and_an_end_is_an_end() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    send(&client, b"x");
    send(&server, b"unread");
    receive(&server, 1);
    // Who closes with bytes unread resets.
    assert!(receive(&client, 1) == b"u");
    drop(client);
    assert!(is_reset(&server));
    bench.until(|now| now.open == 0);
    assert_eq!(bench.proxy.statistics().reset, 0, "none of ours");

    let (client, server) = bench.pair();
    drop(server);
    assert_eq!(rest(&client), b"");
    drop(client);
    bench.until(|now| now.open == 0);
}

#[test]
fn latency_delays_but_does_not_limit() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    let delay = Duration::from_millis(200);
    bench.add("latency 200ms", Direction::Up);
    let start = Instant::now();
    // One delay of 200 ms each would be 200 s.
    for _ in 0..1000 {
        send(&client, &[1; 1000]);
    }
    receive(&server, 1);
    assert!(start.elapsed() >= delay);
    receive(&server, 999_999);
    // Nothing of the other way.
    let start = Instant::now();
    bench.add("latency 200ms", Direction::Down);
    send(&server, b"x");
    receive(&client, 1);
    assert!(start.elapsed() >= delay);
}

#[test]
fn jitter_keeps_the_order() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    bench.add("latency 20ms jitter 20ms", Direction::Both);
    let sent = noise(20_000, 3);
    thread::scope(|threads| {
        threads.spawn(|| {
            for chunk in sent.chunks(100) {
                send(&client, chunk);
                thread::sleep(Duration::from_micros(200));
            }
        });
        assert!(receive(&server, sent.len()) == sent);
    });
}

#[test]
fn a_latency_that_is_removed_lets_go_of_what_it_held() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    let rule = bench.add("latency 10m", Direction::Up);
    send(&client, b"one ");
    assert!(is_silent(&server));
    let second = bench.add("latency 10m", Direction::Up);
    send(&client, b"two");
    bench.proxy.remove(rule);
    assert!(is_silent(&server));
    assert!(bench.proxy.remove(second));
    assert!(!bench.proxy.remove(second));
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&server), b"one two");
}

#[test]
fn bandwidth_is_shared_and_felt_by_the_sender() {
    let bench = Bench::new();
    bench.add("bandwidth 8Mbit/s", Direction::Up);
    let pairs: Vec<_> = (0..3).map(|_| bench.pair()).collect();
    let start = Instant::now();
    thread::scope(|threads| {
        for (client, server) in &pairs {
            threads.spawn(|| send(client, &[1; 100_000]));
            threads.spawn(|| receive(server, 100_000));
        }
    });
    // 300,000 bytes at a million a second, less what a bucket holds.
    assert!(start.elapsed() >= Duration::from_millis(290), "{:?}", start.elapsed());

    // A sender of ever more is stopped: what nobody has read is bounded by the buffers of the system.
    let bench = Bench::new();
    bench.add("bandwidth 80kbit/s", Direction::Up);
    let (mut client, _server) = bench.pair();
    client.set_nonblocking(true).unwrap();
    let mut sent = 0;
    let start = Instant::now();
    let mut stopped = Instant::now();
    while stopped.elapsed() < MOMENT {
        if let Ok(bytes) = client.write(&[1; 50_000]) {
            sent += bytes;
            stopped = Instant::now();
        }
        assert!(start.elapsed() < PATIENCE && sent < 64 << 20, "{sent} bytes and no end");
        thread::yield_now();
    }
}

#[test]
fn a_bandwidth_that_is_removed_holds_nothing_back() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    // More than an hour.
    let rule = bench.add("bandwidth 1kbit/s", Direction::Down);
    let sent = noise(2_000_000, 5);
    thread::scope(|threads| {
        threads.spawn(|| send(&server, &sent));
        let first = receive(&client, 10);
        bench.proxy.remove(rule);
        let rest = receive(&client, sent.len() - 10);
        assert!([first, rest].concat() == sent);
    });
}

#[test]
fn a_close_can_be_slow() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    bench.add("slow-close 200ms", Direction::Up);
    let start = Instant::now();
    send(&client, b"last");
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&server), b"last");
    assert!(start.elapsed() >= Duration::from_millis(200));
    // The other way is not concerned.
    drop(server);
    assert_eq!(rest(&client), b"");
}

#[test]
fn resets() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    let start = Instant::now();
    bench.add("reset after 200ms", Direction::Both);
    send(&client, b"x");
    receive(&server, 1);
    assert!(is_reset(&client));
    assert!(is_reset(&server));
    assert!(start.elapsed() >= Duration::from_millis(200));
    bench.until(|now| now.reset == 1);
    // One that comes lives as long.
    let start = Instant::now();
    let (client, server) = bench.pair();
    send(&server, b"x");
    receive(&client, 1);
    assert!(is_reset(&client));
    assert!(start.elapsed() >= Duration::from_millis(200));
    bench.proxy.clear();
    // At once, and those that come too.
    let (client, server) = bench.pair();
    bench.add("reset", Direction::Up);
    assert!(is_reset(&client));
    assert!(is_reset(&server));
    assert!(is_reset(&bench.connect()));
    bench.until(|now| now.reset == 4 && now.open == 0);
    bench.proxy.clear();
    let (client, server) = bench.pair();
    send(&client, b"x");
    receive(&server, 1);
}

#[test]
fn a_black_hole_swallows_one_way() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    let rule = bench.add("black-hole", Direction::Down);
    send(&client, b"request");
    assert_eq!(receive(&server, 7), b"request");
    send(&server, b"response");
    assert!(is_silent(&client));
    // New ones get in.
    let (client2, server2) = bench.pair();
    send(&client2, b"request");
    assert_eq!(receive(&server2, 7), b"request");
    let (client3, server3) = bench.pair();
    drop(server3);
    assert!(is_silent(&client3), "an end is swallowed as well");
    // Of the first one bytes are gone, of the others none.
    bench.proxy.remove(rule);
    assert!(is_reset(&client));
    assert!(is_reset(&server));
    send(&server2, b"response");
    assert_eq!(receive(&client2, 8), b"response");
    assert_eq!(rest(&client3), b"");
    bench.until(|now| now.reset == 1);
}

#[test]
fn who_is_in_a_black_hole_may_leave() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    bench.add("black-hole", Direction::Both);
    send(&client, b"x");
    drop(client);
    assert!(is_silent(&server));
    drop(server);
    bench.until(|now| now.open == 0);
}

#[test]
fn a_partition_refuses_and_silences() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    let rule = bench.add("partition", Direction::Both);
    send(&client, b"x");
    send(&server, b"x");
    assert!(is_silent(&server));
    assert!(is_silent(&client));
    assert!(is_reset(&bench.connect()));
    bench.until(|now| now.refused == 1);
    bench.proxy.remove(rule);
    assert!(is_reset(&client));
    let (client, server) = bench.pair();
    send(&client, b"x");
    receive(&server, 1);
}

#[test]
fn slices() {
    let bench = Bench::new();
    let (client, mut server) = bench.pair();
    bench.add("slicer 100 vary 50 pause 1ms", Direction::Up);
    let sent = noise(5_000, 9);
    let start = Instant::now();
    send(&client, &sent);
    let mut got = Vec::new();
    let mut pieces = 0;
    while got.len() < sent.len() {
        let mut buffer = [0; 5_000];
        let read = server.read(&mut buffer).unwrap();
        got.extend_from_slice(&buffer[..read]);
        pieces += 1;
    }
    assert!(got == sent);
    // 34 at least, with a pause between two; who reads late gets several at once.
    assert!(pieces > 1);
    assert!(start.elapsed() >= Duration::from_millis(33));
}

#[test]
fn data_are_limited_to_the_byte() {
    let bench = Bench::new();
    bench.add("limit-data 10000", Direction::Down);
    let (client, server) = bench.pair();
    let sent = noise(30_000, 11);
    // What the proxy does not read any more must not cost the client what it was given.
    send(&client, &[0; 100_000]);
    send(&server, &sent);
    assert!(rest(&client) == sent[..10_000]);
    drop(client);
    assert!(rest(&server).len() <= 100_000);
    drop(server);
    bench.until(|now| now.open == 0 && now.bytes_down == 10_000);
    // Each has its own count, from when it comes under the rule.
    bench.add("limit-data 5", Direction::Up);
    let (client, server) = bench.pair();
    send(&client, b"123456789");
    assert_eq!(rest(&server), b"12345");
}

#[test]
fn rules_work_one_after_the_other() {
    let bench = Bench::new();
    bench.add("limit-data 3", Direction::Up);
    bench.add("latency 100ms", Direction::Up);
    bench.add("slicer 1", Direction::Up);
    let (client, server) = bench.pair();
    let start = Instant::now();
    send(&client, b"12345");
    assert_eq!(rest(&server), b"123");
    assert!(start.elapsed() >= Duration::from_millis(100));
    // Behind a black hole there is nothing to limit.
    let bench = Bench::new();
    bench.add("black-hole", Direction::Up);
    bench.add("limit-data 1", Direction::Up);
    let (client, server) = bench.pair();
    send(&client, b"12345");
    assert!(is_silent(&server));
    assert_eq!(bench.proxy.rules().len(), 2);
}

#[test]
fn rules_for_one_client_leave_others_alone() {
    let bench = Bench::new();
    let id = ClientId::new("victim");
    bench
        .proxy
        .add(Rule::new(Toxic::BlackHole, Direction::Down).from(ClientPattern::Exactly(id.clone())));
    let pairs = ["victim", "other", "victim2"].map(|name| {
        let (client, server) = bench.pair();
        // In two pieces: who it is is not known from the first.
        let hello = request(name);
        send(&client, &hello[..9]);
        assert_eq!(receive(&server, 9), hello[..9]);
        send(&client, &hello[9..]);
        assert_eq!(receive(&server, hello.len() - 9), hello[9..]);
        send(&server, b"response");
        (client, server)
    });
    assert!(is_silent(&pairs[0].0));
    assert_eq!(receive(&pairs[1].0, 8), b"response");
    assert_eq!(receive(&pairs[2].0, 8), b"response");
    let clients: Vec<_> = bench.proxy.connections().into_iter().map(|open| open.client).collect();
    assert_eq!(clients, ["victim", "other", "victim2"].map(|name| Some(ClientId::new(name))));
}

#[test]
fn a_partition_from_a_node() {
    let bench = Bench::new();
    let open = |name: &str| {
        let (client, server) = bench.pair();
        send(&client, &request(name));
        receive(&server, request(name).len());
        (client, server)
    };
    let (two, two_server) = open("broker-2-fetcher-0");
    let (three, three_server) = open("broker-3-fetcher-0");
    let from = ClientPattern::Node(NodeId(2));
    let rule = bench.proxy.add(Rule::new(Toxic::Partition, Direction::Both).from(from));
    send(&two, b"x");
    send(&three, b"x");
    receive(&three_server, 1);
    assert!(is_silent(&two_server));
    // One that comes is refused when it says who it is, and its request does not arrive.
    let (raft, raft_server) = bench.pair();
    send(&raft, &request("raft-client-2"));
    assert!(is_reset(&raft));
    assert!(is_reset(&raft_server));
    bench.until(|now| now.refused == 1);
    let (_other, _server) = open("raft-client-3");
    bench.proxy.remove(rule);
    let (_again, _server) = open("raft-client-2");
    assert!(is_reset(&two));
}

#[test]
fn a_fraction_is_the_same_for_the_same_seed() {
    let hit = |seed| -> Vec<bool> {
        let bench = Bench::with(Options { seed, ..Options::default() });
        bench.proxy.add(Rule::new(Toxic::Partition, Direction::Both).fraction(0.5));
        (1..=40)
            .map(|connections| {
                let before = bench.proxy.statistics().refused;
                let _client = bench.connect();
                bench.until(|now| now.total == connections);
                bench.proxy.statistics().refused > before
            })
            .collect()
    };
    let first = hit(1);
    assert!((8..33).contains(&first.iter().filter(|hit| **hit).count()), "{first:?}");
    assert_eq!(first, hit(1));
    assert_ne!(first, hit(2));
}

#[test]
fn many_connections_and_no_more() {
    let bench = Bench::with(Options { connections: 200, ..Options::default() });
    let pairs: Vec<_> = (0..200).map(|_| bench.pair()).collect();
    assert!(is_reset(&bench.connect()));
    bench.until(|now| now.open == 200 && now.refused == 1);
    bench.add("latency 30ms jitter 10ms", Direction::Both);
    for (n, (client, server)) in pairs.iter().enumerate() {
        send(client, &[n as u8; 100]);
        send(server, &[!n as u8; 100]);
    }
    for (n, (client, server)) in pairs.iter().enumerate() {
        assert_eq!(receive(server, 100), [n as u8; 100]);
        assert_eq!(receive(client, 100), [!n as u8; 100]);
    }
    bench.proxy.close_all();
    assert_eq!(bench.proxy.statistics().open, 0);
    for (client, server) in &pairs {
        assert_eq!(rest(client), b"");
        assert_eq!(rest(server), b"");
    }
    let (client, server) = bench.pair();
    send(&client, b"x");
    receive(&server, 1);
    assert_eq!(bench.proxy.statistics().total, 202);
}

#[test]
fn upstream_may_change_or_be_gone() {
    let bench = Bench::new();
    let other = Bench::new();
    let (client, server) = bench.pair();
    bench.proxy.set_upstream(other.proxy.local_addr());
    assert_eq!(bench.proxy.upstream(), other.proxy.local_addr());
    // Through two proxies.
    let second = bench.connect();
    let (behind, _) = other.upstream.accept().unwrap();
    send(&second, b"two");
    assert_eq!(receive(&patient(behind), 3), b"two");
    send(&client, b"one");
    assert_eq!(receive(&server, 3), b"one");
    let gone: SocketAddr = TcpListener::bind(ANY).unwrap().local_addr().unwrap();
    bench.proxy.set_upstream(gone);
    assert!(is_reset(&bench.connect()));
    bench.until(|now| now.unreachable == 1);
}

#[test]
fn dropping_it_ends_all_and_frees_the_port() {
    let Bench { proxy, upstream } = Bench::new();
    let address = proxy.local_addr();
    let client = patient(TcpStream::connect(address).unwrap());
    let (server, _) = upstream.accept().unwrap();
    proxy.add(Rule::new("latency 10m".parse().unwrap(), Direction::Both));
    send(&client, b"x");
    drop(proxy);
    // A reset, if the byte was still to be read.
    assert!(!matches!((&client).read(&mut [0]), Ok(1)));
    assert_eq!(rest(&server), b"");
    let again = Proxy::listen(address, upstream.local_addr().unwrap()).unwrap();
    assert_eq!(again.local_addr(), address);
    let taken = Proxy::listen(address, upstream.local_addr().unwrap());
    assert!(taken.unwrap_err().to_string().starts_with(&format!("a proxy on {address}: ")));
}

/// Somebody who does not answer at all: his queue of connections is full.
#[test]
#[cfg(target_os = "linux")]
fn who_waits_for_an_answer_can_be_ended() {
    use rustix::net::{AddressFamily, SocketType};
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &ANY.parse::<SocketAddr>().unwrap()).unwrap();
    rustix::net::listen(&socket, 0).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let _first = TcpStream::connect(address).unwrap();
    let proxy = Proxy::listen(ANY.parse().unwrap(), address).unwrap();
    let clients: Vec<_> =
        (0..4).map(|_| patient(TcpStream::connect(proxy.local_addr()).unwrap())).collect();
    send(&clients[0], b"x");
    let end = Instant::now() + PATIENCE;
    while proxy.statistics().total < 4 {
        assert!(Instant::now() < end);
        thread::yield_now();
    }
    assert!(proxy.statistics().open >= 2, "they wait for an answer");
    drop(proxy);
    for mut client in clients {
        assert!(!matches!(client.read(&mut [0]), Ok(1)));
    }
}

#[test]
fn what_was_sent_before_a_reset_comes_before_it() {
    let bench = Bench::new();
    let (client, server) = bench.pair();
    bench.add("latency 300ms", Direction::Down);
    send(&server, b"last words");
    // He is gone, and whoever writes to him finds that out before the words are due.
    drop(server);
    send(&client, b"x");
    thread::sleep(MOMENT / 2);
    let _ = (&client).write(b"y");
    assert_eq!(receive(&client, 10), b"last words");
    assert!(!matches!((&client).read(&mut [0]), Ok(1)));
    drop(client);
    bench.until(|now| now.open == 0);
}

#[test]
fn only_loopback() {
    let refused = Proxy::listen("0.0.0.0:0".parse().unwrap(), "127.0.0.1:1".parse().unwrap());
    assert!(refused.unwrap_err().to_string().contains("loopback"));
}
