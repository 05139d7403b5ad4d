use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::measurement::Round;

const COMPARISONS: [&str; 4] = [">=", ">", "<=", "<"];

fn gate(lines: &str) -> Gate {
    let text = format!("[[gate]]\nid = \"a.b\"\nwhat = \"w\"\nunit = \"s\"\n{lines}");
    Gates::parse(&text).unwrap().get("a.b").unwrap().clone()
}

fn absolute(comparison: &str, threshold: f64) -> Gate {
    gate(&format!("kind = \"absolute\"\ncomparison = \"{comparison}\"\nthreshold = {threshold:?}"))
}

fn ratio(comparison: &str, threshold: f64, rivals: &str) -> Gate {
    gate(&format!(
        "kind = \"ratio\"\ncomparison = \"{comparison}\"\nthreshold = {threshold:?}\nrivals = {rivals}"
    ))
}

fn rounds(values: &[f64]) -> Measurement {
    Measurement::measured("a.b", "s", values.iter().copied().map(Round::absolute).collect())
}

fn verdict(gate: &Gate, measurement: &Measurement) -> Verdict {
    judge(gate, Some(measurement)).verdict
}

fn reason(gate: &Gate, measurement: &Measurement) -> String {
    match verdict(gate, measurement) {
        Verdict::NotMeasured(reason) => reason,
        other => panic!("{other}"),
    }
}

/// Readings that divide without trouble.
fn reading() -> impl Strategy<Value = f64> {
    1e-3..1e6
}

#[test]
fn known_verdicts() {
    let below_one = absolute("<", 1.0);
    assert_eq!(verdict(&below_one, &rounds(&[0.8, 0.81, 0.79])), Verdict::Pass);
    assert_eq!(verdict(&below_one, &rounds(&[1.2, 1.21, 1.19])), Verdict::Fail);
    assert_eq!(verdict(&below_one, &rounds(&[1.0, 1.0, 1.0])), Verdict::Fail);
    assert_eq!(verdict(&absolute("<=", 1.0), &rounds(&[1.0, 1.0, 1.0])), Verdict::Pass);
    // Quartiles 0.75 and 1.05 around 0.9: 0.3 is more than the 0.1 to spare.
    assert_eq!(verdict(&below_one, &rounds(&[0.6, 0.9, 1.2])), Verdict::TooNoisy);
    // Far apart, but none is good.
    assert_eq!(verdict(&below_one, &rounds(&[1.01, 1.1, 9.0])), Verdict::Fail);
    // One slow round of five is forgiven.
    assert_eq!(verdict(&below_one, &rounds(&[0.8, 0.8, 0.81, 0.82, 5.0])), Verdict::Pass);
}

#[test]
fn a_count_is_judged_by_its_worst_round() {
    let count = gate("kind = \"count\"\ncomparison = \"<=\"\nthreshold = 1.25");
    assert_eq!(verdict(&count, &rounds(&[1.25])), Verdict::Pass);
    assert_eq!(verdict(&count, &rounds(&[1.2, 1.2, 1.2, 1.2, 1.26])), Verdict::Fail);
    let at_least = gate("kind = \"count\"\ncomparison = \">=\"\nthreshold = 2");
    assert_eq!(verdict(&at_least, &rounds(&[3.0, 1.9])), Verdict::Fail);
}

#[test]
fn what_is_not_measured_says_why() {
    let gate_below = absolute("<", 1.0);
    assert_eq!(judge(&gate_below, None).verdict.to_string(), "not measured: no measurement found");
    let device = gate("kind = \"device\"\ncomparison = \">=\"\nthreshold = 100");
    assert_eq!(judge(&device, None).verdict.to_string(), "not measured: no device");
    assert_eq!(reason(&gate_below, &rounds(&[0.5, 0.5])), "2 round(s), the gate asks for 3");
    assert_eq!(reason(&gate_below, &Measurement::missing("a.b", "s", "no cgroup")), "no cgroup");
    let milliseconds = Measurement { unit: "ms".into(), ..rounds(&[0.5; 3]) };
    assert_eq!(reason(&gate_below, &milliseconds), "measured in ms, the gate is in s");

    let two = ratio(">=", 4.0, r#"["rocksdb", "fjall"]"#);
    let only = |rivals: &[(&str, f64)]| Round::against(10.0, rivals.iter().copied());
    let lonely = Measurement::measured("a.b", "s", vec![only(&[("rocksdb", 1.0)]); 3]);
    assert_eq!(reason(&two, &lonely), "fjall was not measured");
    let gap = vec![
        only(&[("rocksdb", 1.0), ("fjall/lz4", 1.0)]),
        only(&[("rocksdb", 1.0), ("fjall/lz4", 1.0)]),
        only(&[("rocksdb", 1.0)]),
    ];
    assert_eq!(
        reason(&two, &Measurement::measured("a.b", "s", gap)),
        "fjall/lz4 is missing from 1 round(s)"
    );
}

#[test]
fn the_better_rival_at_its_best_decides() {
    let gate = ratio(">=", 4.0, r#"["rocksdb", "fjall"]"#);
    let round = |slow: f64| {
        Round::against(
            80.0 * slow,
            [
                ("rocksdb", 10.0 * slow),
                ("rocksdb/mmap", 16.0 * slow),
                ("fjall", 12.0 * slow),
                ("sled", 1000.0),
            ],
        )
    };
    let measurement = Measurement::measured("a.b", "s", vec![round(1.0), round(0.5), round(2.0)]);
    let judged = judge(&gate, Some(&measurement));
    assert_eq!(judged.verdict, Verdict::Pass);
    assert_eq!(judged.figures.len(), 3);
    let decisive = judged.decisive().unwrap();
    assert_eq!(decisive.rival.as_deref(), Some("rocksdb/mmap"));
    assert_eq!((decisive.value, decisive.ours, decisive.theirs), (5.0, 80.0, Some(16.0)));
    // The machine was four times slower in one round than in another, but for all alike.
    assert_eq!(decisive.spread, 0.0);
}

#[test]
fn measurements_must_fit_the_gates() {
    let gates = Gates::parse(
        "[[gate]]\nid = \"a.b\"\nwhat = \"w\"\nunit = \"s\"\nkind = \"absolute\"\ncomparison = \"<\"\nthreshold = 1\n\
         [[gate]]\nid = \"c.d\"\nwhat = \"w\"\nunit = \"s\"\nkind = \"absolute\"\ncomparison = \"<\"\nthreshold = 1\n",
    )
    .unwrap();
    let file = |name: &str, measurement: Measurement| {
        (PathBuf::from(name), MeasurementFile::new(Environment::default(), vec![measurement]))
    };
    let good = file("x.json", rounds(&[0.5; 3]));
    let judgement = judge_all(&gates, std::slice::from_ref(&good), None).unwrap();
    assert_eq!((judgement.passed(), judgement.not_measured(), judgement.failed()), (1, 1, 0));
    let area = judge_all(&gates, std::slice::from_ref(&good), Some("c")).unwrap();
    assert_eq!((area.gates.len(), area.not_measured()), (1, 1));
    assert!(judge_all(&gates, &[], Some("e")).unwrap_err().to_string().contains("areas: a, c"));

    let again = file("y.json", rounds(&[0.5; 3]));
    let twice = judge_all(&gates, &[good, again], None).unwrap_err().to_string();
    assert!(twice.contains("x.json") && twice.contains("y.json"), "{twice}");
    let misspelt = file("z.json", Measurement { gate: "a.bb".into(), ..rounds(&[0.5; 3]) });
    assert!(judge_all(&gates, &[misspelt], None).unwrap_err().to_string().contains("`a.bb`"));
}

proptest! {
    #[test]
    fn the_median_is_the_middle(values in vec(reading(), 1..20)) {
        let median = quantile(&values, 0.5);
        let below = values.iter().filter(|v| **v < median).count();
        let above = values.iter().filter(|v| **v > median).count();
        prop_assert!(below <= values.len() / 2 && above <= values.len() / 2);
        prop_assert!(spread(&values) >= 0.0);
        let (min, max) = (quantile(&values, 0.0), quantile(&values, 1.0));
        prop_assert!(values.iter().all(|v| (min..=max).contains(v)));
        prop_assert!(spread(&values) <= max - min);
    }

    /// The rules said once more, the other way round.
    #[test]
    fn a_verdict_is_what_the_rules_say(
        values in vec(0.5..1.5_f64, 3..9), threshold in 0.5..1.5_f64, which in 0..4_usize,
    ) {
        let gate = absolute(COMPARISONS[which], threshold);
        let judged = judge(&gate, Some(&rounds(&values)));
        let good = values.iter().filter(|v| gate.comparison.holds(**v, threshold)).count();
        let figure = judged.decisive().unwrap();
        match judged.verdict {
            Verdict::Pass => {
                prop_assert!(2 * good >= values.len());
                prop_assert!(gate.comparison.holds(figure.value, threshold));
                prop_assert!(figure.spread <= figure.margin);
            }
            Verdict::Fail => prop_assert!(
                good == 0 || (!gate.comparison.holds(figure.value, threshold) && figure.spread <= figure.margin)
            ),
            Verdict::TooNoisy => prop_assert!(good > 0 && figure.spread > figure.margin),
            Verdict::NotMeasured(ref reason) => prop_assert!(false, "{}", reason),
        }
        if good == values.len() {
            prop_assert_ne!(judged.verdict, Verdict::Fail);
        }
    }

    #[test]
    fn the_order_of_rounds_does_not_matter(
        mut values in vec(reading(), 3..9), threshold in reading(), which in 0..4_usize,
    ) {
        let gate = absolute(COMPARISONS[which], threshold);
        let before = verdict(&gate, &rounds(&values));
        values.reverse();
        prop_assert_eq!(&before, &verdict(&gate, &rounds(&values)));
        values.sort_by(f64::total_cmp);
        prop_assert_eq!(&before, &verdict(&gate, &rounds(&values)));
    }

    /// A slow machine, or another unit of both readings, changes nothing about a ratio.
    #[test]
    fn a_ratio_has_no_unit(
        pairs in vec((1..1000_u32, 1..1000_u32, 0..8_i32), 3..9), threshold in 0.1..10.0_f64, which in 0..4_usize,
    ) {
        let gate = ratio(COMPARISONS[which], threshold, "[\"r\"]");
        let measurement = |slow: &dyn Fn(i32) -> f64| {
            let round = |(a, b, s): &(u32, u32, i32)| {
                Round::against(f64::from(*a) * slow(*s), [("r", f64::from(*b) * slow(*s))])
            };
            Measurement::measured("a.b", "s", pairs.iter().map(round).collect())
        };
        // Powers of two, so that the quotients are the same to the last bit.
        let calm = judge(&gate, Some(&measurement(&|_| 1.0)));
        let wild = judge(&gate, Some(&measurement(&|s| f64::powi(2.0, s))));
        prop_assert_eq!(calm.verdict, wild.verdict);
    }

    /// Whoever brings one more rival, or one more configuration of one, can only make it harder.
    #[test]
    fn another_rival_never_helps(
        readings in vec((reading(), reading(), reading()), 3..9), threshold in 0.1..10.0_f64, which in 0..4_usize,
    ) {
        let gate = ratio(COMPARISONS[which], threshold, "[\"r\"]");
        let few = readings.iter().map(|(a, b, _)| Round::against(*a, [("r", *b)])).collect();
        let many =
            readings.iter().map(|(a, b, c)| Round::against(*a, [("r", *b), ("r/lz4", *c)])).collect();
        let few = verdict(&gate, &Measurement::measured("a.b", "s", few));
        let many = verdict(&gate, &Measurement::measured("a.b", "s", many));
        prop_assert!(many.severity() >= few.severity(), "{few} became {many}");
    }

    /// Every gate gets one verdict, measured or not, and none that was not measured passes.
    #[test]
    fn no_gate_is_skipped(measured in vec(any::<bool>(), 64)) {
        let gates = Gates::embedded().unwrap();
        let measurements: Vec<Measurement> = gates
            .iter()
            .zip(&measured)
            .filter(|(_, measured)| **measured)
            .map(|(gate, _)| {
                let rivals = gate.rivals.iter().map(|rival| (rival.as_str(), 1.0));
                let value = if gate.comparison.wants_more() { 100.0 } else { 0.01 };
                Measurement::measured(&gate.id, &gate.unit, vec![Round::against(value, rivals); 3])
            })
            .collect();
        let count = measurements.len();
        let file = MeasurementFile::new(Environment::default(), measurements);
        let judgement = judge_all(&gates, &[(PathBuf::from("x.json"), file)], None).unwrap();
        prop_assert_eq!(judgement.gates.len(), gates.iter().count());
        prop_assert_eq!(judgement.passed(), count);
        prop_assert_eq!(judgement.not_measured(), judgement.gates.len() - count);
    }
}
