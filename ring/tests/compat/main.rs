//! The placements of other programs, against these programs' answers.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

mod promises;
mod vectors;

use hash_ring::compat::{
    CassandraRing, EnvoyHash, EnvoyMaglev, EnvoyRing, HaproxyHash, HaproxyRing, HaproxyServer,
    Ketama, KetamaDialect, KetamaServer, Locate, MemcachedHash, NginxRing, RedisSlots,
    guava_consistent_hash,
};
use vectors::{Case, fnv, from_hex, read};

/// Compares all answers of a case; returns how many there were.
fn check(case: &Case, placement: &dyn Locate) -> usize {
    let answers = case.answers::<usize>();
    for (key, owner) in &answers {
        assert_eq!(
            placement.locate_index(key),
            Some(*owner),
            "{}: {:?}",
            case.name,
            String::from_utf8_lossy(key)
        );
        assert_eq!(placement.locate(key), Some(&*placement.nodes()[*owner]));
    }
    assert!(!answers.is_empty(), "{}", case.name);
    answers.len()
}

fn dialect(name: &str) -> KetamaDialect {
    match name {
        "Libketama" => KetamaDialect::Libketama,
        "Libmemcached" => KetamaDialect::Libmemcached,
        "LibmemcachedUnweighted" => KetamaDialect::LibmemcachedUnweighted,
        "LibmemcachedSpy" => KetamaDialect::LibmemcachedSpy,
        "Spymemcached" => KetamaDialect::Spymemcached,
        "SpymemcachedAsLibmemcached" => KetamaDialect::SpymemcachedAsLibmemcached,
        "Twemproxy" => KetamaDialect::Twemproxy,
        _ => panic!("{name}"),
    }
}

/// By twemproxy's names; libmemcached's, where they differ.
fn memcached_hash(name: &str, program: &str) -> MemcachedHash {
    match name {
        "md5" => MemcachedHash::Md5,
        "one_at_a_time" => MemcachedHash::OneAtATime,
        "crc" => MemcachedHash::Crc15,
        "crc32" if program.starts_with("twemproxy") => MemcachedHash::Crc15,
        "crc32a" => MemcachedHash::Crc32,
        "crc16" => MemcachedHash::Crc16,
        "fnv1_32" => MemcachedHash::Fnv1x32,
        "fnv1a_32" => MemcachedHash::Fnv1ax32,
        "fnv1_64" => MemcachedHash::Fnv1x64,
        "fnv1a_64" => MemcachedHash::Fnv1ax64,
        "hsieh" => MemcachedHash::Hsieh,
        "murmur" => MemcachedHash::Murmur,
        "jenkins" => MemcachedHash::Jenkins,
        _ => panic!("{name}"),
    }
}

fn ketama(case: &Case) -> Ketama {
    let servers: Vec<KetamaServer<'_>> = case
        .lines("node")
        .map(|line| {
            let server = KetamaServer::new(&line[0], line[1].parse().unwrap())
                .weight(line[2].parse().unwrap());
            line.get(3).map_or(server, |alias| server.alias(alias))
        })
        .collect();
    let dialect = dialect(&case.param("dialect").unwrap());
    match case.param("hash") {
        Some(hash) => {
            let hash = memcached_hash(&hash, &case.param("program").unwrap());
            Ketama::with_key_hash(dialect, hash, &servers).unwrap()
        }
        None => Ketama::new(dialect, &servers).unwrap(),
    }
}

#[test]
fn ketama_vectors() {
    let mut answers = std::collections::BTreeMap::new();
    let (mut rings, mut sequences) = (0, 0);
    for case in read("ketama.txt").iter().chain(&read("published.txt")) {
        let ring = ketama(case);
        *answers.entry(format!("{:?}", ring.dialect())).or_insert(0) += check(case, &ring);
        if let Some(expected) = case.ring() {
            let points = ring.points().map(|(point, owner)| (u64::from(point), owner));
            assert_eq!(fnv(points), expected, "{}", case.name);
            rings += 1;
        }
        for line in case.lines("sequence") {
            let expected: Vec<usize> =
                line[1..].iter().map(|owner| owner.parse().unwrap()).collect();
            let found: Vec<usize> = ring.spymemcached_sequence(&from_hex(&line[0])).collect();
            assert_eq!(found, expected, "{}", case.name);
            sequences += 1;
        }
    }
    assert!(answers.len() == 7 && answers.values().all(|count| *count > 1000), "{answers:?}");
    assert!(rings >= 10 && sequences > 300);
}

/// What spymemcached's test expects of four and five servers (dustin/java-memcached-client, KetamaNodeLocatorTest), whose addresses
/// Java wrote without anything else before version 14.
#[test]
fn spymemcacheds_test() {
    let ring = |servers: u16, hash| {
        let servers: Vec<KetamaServer<'_>> =
            (0..servers).map(|i| KetamaServer::new("127.0.0.1", 10_000 + i)).collect();
        Ketama::with_key_hash(KetamaDialect::Spymemcached, hash, &servers).unwrap()
    };
    let four = ring(4, MemcachedHash::Md5);
    assert_eq!(four.points().last().unwrap().0, 4_294_887_009);
    let located = [("dustin", 0), ("noelani", 2), ("some other key", 0)];
    let wrapped = [("V5XS8C8N", 3), ("8KR2DKR2", 3), ("L9KH6X4X", 3)];
    for (key, owner) in located.into_iter().chain(wrapped) {
        assert_eq!(four.locate_index(key.as_bytes()), Some(owner), "{key}");
    }
    let sequence = |ring: &Ketama, key: &[u8]| ring.spymemcached_sequence(key).collect::<Vec<_>>();
    assert_eq!(sequence(&four, b"dustin"), [0, 2, 1, 2, 3, 2, 0]);
    assert_eq!(sequence(&four, b"noelani"), [2, 1, 1, 3, 2, 2, 3]);
    let five = ring(5, MemcachedHash::Md5);
    let located = [("dustin", 0), ("noelani", 2), ("some other key", 4)];
    let libketamas = [("36", 2), ("10037", 3), ("22051", 1), ("49044", 4)];
    for (key, owner) in located.into_iter().chain(libketamas) {
        assert_eq!(five.locate_index(key.as_bytes()), Some(owner), "{key}");
    }
    let fnv = ring(5, MemcachedHash::Fnv1ax32);
    assert_eq!(sequence(&fnv, b"noelani"), [1, 2, 2, 2, 3, 4, 2]);
    for (key, owner) in [("dustin", 2), ("noelani", 1), ("some other key", 4)] {
        assert_eq!(fnv.locate_index(key.as_bytes()), Some(owner), "{key}");
    }
}

#[test]
fn nginx_vectors() {
    for case in read("nginx.txt") {
        assert!(check(&case, &NginxRing::new(case.weights()).unwrap()) > 1000);
    }
}

#[test]
fn haproxy_vectors() {
    for case in read("haproxy.txt") {
        let servers: Vec<HaproxyServer<'_>> = case
            .lines("node")
            .map(|line| HaproxyServer {
                name: &line[0],
                id: line[1].parse().unwrap(),
                weight: line[2].parse().unwrap(),
            })
            .collect();
        let function = case.param("function").unwrap_or_default();
        let (function, avalanche) = match function.split_once(' ') {
            Some((function, "avalanche")) => (function, true),
            None => (function.as_str(), false),
            _ => panic!("{function}"),
        };
        let hash = match function {
            "sdbm" => HaproxyHash::Sdbm,
            "djb2" => HaproxyHash::Djb2,
            "wt6" => HaproxyHash::Wt6,
            "crc32" => HaproxyHash::Crc32,
            "" => {
                assert!(check(&case, &HaproxyRing::new(&servers).unwrap()) > 1000);
                continue;
            }
            _ => panic!("{function}"),
        };
        assert!(check(&case, &HaproxyRing::with_hash(hash, avalanche, &servers).unwrap()) > 1000);
    }
}

#[test]
fn envoy_vectors() {
    let number = |case: &Case, param| case.param(param).map(|value| value.parse::<u64>().unwrap());
    for case in read("envoy.txt") {
        if case.param("policy").unwrap() == "MAGLEV" {
            let size = number(&case, "table_size").unwrap_or(EnvoyMaglev::DEFAULT_SIZE);
            let table = EnvoyMaglev::with_size(size, case.weights()).unwrap();
            assert!(check(&case, &table) > 1000);
            let places = table.table().enumerate().map(|(place, owner)| (place as u64, owner));
            assert_eq!(fnv(places), case.ring().unwrap(), "{}", case.name);
        } else {
            let hash = match case.param("hash_function").as_deref() {
                Some("MURMUR_HASH_2") => EnvoyHash::Murmur2,
                _ => EnvoyHash::XxHash,
            };
            let minimum = number(&case, "minimum_ring_size");
            let maximum = number(&case, "maximum_ring_size");
            let sizes = minimum.unwrap_or(*EnvoyRing::DEFAULT_SIZES.start())
                ..=maximum.unwrap_or(*EnvoyRing::DEFAULT_SIZES.end());
            let ring = EnvoyRing::with_sizes(hash, sizes, case.weights()).unwrap();
            assert!(check(&case, &ring) > 1000);
            let points = ring.points();
            assert_eq!(fnv(points), case.ring().unwrap(), "{}", case.name);
        }
    }
}

/// The rings in Envoy's own tests (envoyproxy/envoy, test/extensions/load_balancing_policies/ring_hash/ring_hash_lb_test.cc: `Basic`,
/// `BasicWithMurmur2`).
#[test]
fn envoys_rings() {
    let hosts = |first: u16| -> Vec<String> {
        (0..6).map(|i| format!("127.0.0.1:{}", first + i)).collect()
    };
    let ring = |hash, names: &[String]| {
        let hosts = names.iter().map(|name| (name.as_str(), 1));
        EnvoyRing::with_sizes(hash, 12..=EnvoyRing::MAX_SIZE, hosts).unwrap()
    };
    let basic = ring(EnvoyHash::XxHash, &hosts(90));
    let points: Vec<(u64, usize)> = basic.points().collect();
    assert_eq!(
        points,
        [
            (833_437_586_790_550_860, 4),
            (928_266_305_478_181_108, 2),
            (1_033_482_794_131_418_490, 0),
            (3_551_244_743_356_806_947, 5),
            (3_851_675_632_748_031_481, 3),
            (5_583_722_120_771_150_861, 1),
            (6_311_230_543_546_372_928, 1),
            (7_700_377_290_971_790_572, 3),
            (13_144_177_310_400_110_813, 5),
            (13_444_792_449_719_432_967, 2),
            (15_516_499_411_664_133_160, 4),
            (16_117_243_373_044_804_889, 0),
        ]
    );
    let located = [
        (0, 4),
        (u64::MAX, 4),
        (3_551_244_743_356_806_947, 5),
        (3_551_244_743_356_806_948, 3),
        (16_117_243_373_044_804_880, 0),
    ];
    for (hash, owner) in located {
        assert_eq!(basic.locate_hash(hash), Some(owner));
        assert_eq!(basic.locate_attempt(hash, 0), Some(owner));
    }
    // The next points on the ring, and around it.
    let attempts: Vec<_> =
        (0..14).map(|attempt| basic.locate_attempt(0, attempt).unwrap()).collect();
    assert_eq!(attempts, [4, 2, 0, 5, 3, 1, 1, 3, 5, 2, 4, 0, 4, 2]);

    let murmur = ring(EnvoyHash::Murmur2, &hosts(80));
    let points: Vec<(u64, usize)> = murmur.points().collect();
    assert_eq!(
        points,
        [
            (1_358_027_074_129_602_068, 5),
            (4_361_834_613_929_391_114, 3),
            (7_224_494_972_555_149_682, 4),
            (7_701_421_856_454_313_576, 1),
            (8_649_315_368_077_433_379, 2),
            (8_739_448_859_063_030_639, 4),
            (9_887_544_217_113_020_895, 1),
            (10_150_910_876_324_007_731, 2),
            (15_168_472_011_420_622_455, 3),
            (15_427_156_902_705_414_897, 0),
            (16_375_050_414_328_759_093, 5),
            (17_613_279_263_364_193_813, 0),
        ]
    );
}

/// The tables in Envoy's own tests (envoyproxy/envoy, test/extensions/load_balancing_policies/maglev/maglev_lb_test.cc: `Basic`,
/// `BasicWithHostName`, `Weighted`, `BasicWithRetryHostPredicate`).
#[test]
fn envoys_tables() {
    let table =
        |size, hosts: &[(&str, u32)]| EnvoyMaglev::with_size(size, hosts.iter().copied()).unwrap();
    let addresses: Vec<String> = (90..96).map(|port| format!("127.0.0.1:{port}")).collect();
    let equal: Vec<(&str, u32)> = addresses.iter().map(|name| (name.as_str(), 1)).collect();
    let basic = table(7, &equal);
    assert_eq!(basic.table().collect::<Vec<_>>(), [2, 4, 0, 1, 5, 0, 3]);
    let attempts: Vec<_> =
        (0..3).map(|attempt| basic.locate_attempt(10, attempt).unwrap()).collect();
    assert_eq!(attempts, [1, 0, 5]);
    let names = table(7, &["90", "91", "92", "93", "94", "95"].map(|name| (name, 1)));
    assert_eq!(names.table().collect::<Vec<_>>(), [2, 5, 0, 3, 4, 1, 0]);
    let weighted = table(17, &[("127.0.0.1:90", 1), ("127.0.0.1:91", 2)]);
    assert_eq!(
        weighted.table().collect::<Vec<_>>(),
        [1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]
    );
}

#[test]
fn redis_vectors() {
    for case in read("redis.txt") {
        let answers = case.answers::<u16>();
        assert!(answers.len() > 1000);
        for (key, slot) in answers {
            assert_eq!(RedisSlots::slot(&key), slot, "{:?}", String::from_utf8_lossy(&key));
        }
    }
}

#[test]
fn guava_vectors() {
    for case in read("guava.txt") {
        let mut answers = 0;
        for line in case.lines("bucket") {
            let number = |i: usize| line[i].parse::<u64>().unwrap();
            let bucket = guava_consistent_hash(number(0), number(1) as u32).unwrap();
            assert_eq!(u64::from(bucket), number(2), "{line:?}");
            answers += 1;
        }
        assert!(answers > 4000);
    }
}

#[test]
fn cassandra_vectors() {
    for case in read("cassandra.txt") {
        let answers = case.answers::<i64>();
        assert!(answers.len() > 2000);
        for (key, token) in answers {
            assert_eq!(CassandraRing::token(&key), token, "{key:02x?}");
        }
    }
}
