use super::{zipf::Zipf, *};
use crate::random::Random;

fn scale() -> Scale {
    Scale {
        records: 2000,
        operations: 1000,
        threads: 2,
        value_bytes: 100,
        keyspace: KeyspaceOptions::default(),
    }
}

fn outcomes(workloads: &[Workload]) -> Vec<(&'static str, u64, u64, u64)> {
    let dir = tempfile::tempdir().unwrap();
    let mut outcomes = Vec::new();
    run(&dir.path().join("db"), &scale(), workloads, |outcome| {
        assert_eq!(outcome.latencies.count(), outcome.operations);
        outcomes.push((outcome.name, outcome.operations, outcome.found, outcome.beside));
    })
    .unwrap();
    outcomes
}

#[test]
fn every_workload_runs_on_a_new_database_and_finds_what_it_should() {
    for (name, workload) in Workload::ALL {
        assert_eq!(Workload::parse(name), Ok(workload));
        let outcomes = outcomes(&[workload]);
        let (ran, operations, found, _) = *outcomes.last().unwrap();
        assert_eq!(ran, name);
        match workload {
            Workload::FillSeq | Workload::FillRandom => {
                assert_eq!((outcomes.len(), operations, found), (1, 2000, 0));
            }
            Workload::Overwrite => {
                assert_eq!((outcomes[0].0, operations, found), ("load", 2000, 0))
            }
            Workload::ReadMissing => {
                assert_eq!((outcomes[0].0, operations, found), ("load", 1000, 0))
            }
            Workload::ReadRandom
            | Workload::SeekRandom
            | Workload::ReadWhileWriting
            | Workload::Ycsb(Mix::C | Mix::F) => {
                assert_eq!((operations, found), (1000, 1000), "{name}")
            }
            Workload::Ycsb(Mix::A) => assert!((350..650).contains(&found), "{found}"),
            Workload::Ycsb(Mix::B | Mix::D) => {
                assert!((850..1000).contains(&found), "{name} {found}")
            }
            Workload::Ycsb(Mix::E) => assert!((20_000..80_000).contains(&found), "{found}"),
        }
    }
    assert!(Workload::parse("fill").unwrap_err().contains("fillseq"));
}

#[test]
fn a_random_fill_leaves_the_gaps_that_db_bench_leaves() {
    let outcomes = outcomes(&[Workload::FillSeq, Workload::FillRandom, Workload::ReadRandom]);
    let names: Vec<_> = outcomes.iter().map(|outcome| outcome.0).collect();
    assert_eq!(names, ["fillseq", "fillrandom", "readrandom"]);
    // 1 - 1/e of the records: nothing of the sequential fill is left.
    assert!((550..720).contains(&outcomes[2].2), "{outcomes:?}");
}

#[test]
fn zipf_has_the_frequencies_it_promises() {
    let zipf = Zipf::new(1000);
    let mut random = Random::new(&[1]);
    let mut counts = vec![0.0_f64; 1000];
    for _ in 0..200_000 {
        counts[usize::try_from(zipf.rank(&mut random)).unwrap()] += 1.0;
    }
    let zeta: f64 = (1..=1000).map(|rank| f64::from(rank).powf(-0.99)).sum();
    assert!((counts[0] / 200_000.0 * zeta - 1.0).abs() < 0.05, "{}", counts[0]);
    let ten: f64 = counts[..10].iter().sum();
    let expected: f64 = (1..=10).map(|rank| f64::from(rank).powf(-0.99)).sum::<f64>() / zeta;
    assert!((ten / 200_000.0 / expected - 1.0).abs() < 0.1, "{ten}");
    assert!((0..1000).all(|_| zipf.item(&mut random) < 1000));
}
