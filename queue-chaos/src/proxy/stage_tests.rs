//! Stages under a clock of our own: when exactly bytes leave.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::rule::{Active, Rule, RuleId, Way};
use super::stage::{Chunk, End, Pulled, Stage};
use super::{Direction, Toxic};

fn active(toxic: Toxic, now: Instant) -> Arc<Active> {
    Arc::new(Active::new(RuleId(1), Rule::new(toxic, Direction::Both), now))
}

fn stage(toxic: Toxic, now: Instant) -> Stage {
    Stage::new(active(toxic, now), Way::Up, 7, 1, now)
}

/// Time after the start.
type Since = Duration;

/// The stage, the time and the bytes.
type Out = (usize, Since, Vec<u8>);

/// Lets all out that comes out, by a clock that jumps to the next time that any of them names. Each with its stage.
fn drain(stages: &mut [Stage], start: Instant) -> (Vec<Out>, Vec<(Since, End)>) {
    let (mut chunks, mut ends) = (Vec::new(), Vec::new());
    let mut now = start;
    loop {
        let mut next = None::<Instant>;
        let mut moved = false;
        for (n, stage) in stages.iter_mut().enumerate() {
            match stage.pull(now) {
                Pulled::Chunk(chunk) => chunks.push((n, now - start, chunk.bytes().to_vec())),
                Pulled::End(end) => ends.push((now - start, end)),
                Pulled::At(at) => {
                    assert!(at > now, "a time that has come is no time to wait for");
                    next = Some(next.map_or(at, |next| next.min(at)));
                    continue;
                }
                Pulled::Nothing => continue,
            }
            moved = true;
        }
        match next {
            _ if moved => {}
            Some(at) => now = at,
            None => return (chunks, ends),
        }
    }
}

fn joined(chunks: &[Out]) -> Vec<u8> {
    chunks.iter().flat_map(|(_, _, bytes)| bytes.clone()).collect()
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

proptest! {
    /// Each chunk waits for its own delay, and for nothing but those before it: a thousand chunks are not a thousand delays.
    #[test]
    fn latency_is_of_each_byte(
        gaps in proptest::collection::vec(0u64..300, 1..60),
        delay in 0u64..500,
        jitter in 0u64..600,
    ) {
        let start = Instant::now();
        let mut stage = stage(Toxic::Latency { delay: millis(delay), jitter: millis(jitter) }, start);
        let mut came = Vec::new();
        let mut at = Duration::ZERO;
        for (n, gap) in gaps.iter().enumerate() {
            at += millis(*gap);
            stage.push(Chunk::new(&[n as u8]), start + at);
            came.push(at);
        }
        stage.push_end(End::Finished, start + at);
        let (chunks, ends) = drain(std::slice::from_mut(&mut stage), start);
        prop_assert_eq!(joined(&chunks), (0..gaps.len() as u8).collect::<Vec<_>>());
        for ((_, left, _), came) in chunks.iter().zip(&came) {
            prop_assert!(*left >= *came + millis(delay.saturating_sub(jitter)));
            prop_assert!(*left <= *came + millis(delay + jitter), "nobody before it came later");
        }
        prop_assert_eq!(ends.len(), 1);
        prop_assert!(ends[0].0 >= chunks[chunks.len() - 1].1);
        prop_assert_eq!(stage.room(), 16 << 20);
    }

    /// All connections together get what there is, smoothly, and no more; each gets its share.
    #[test]
    fn bandwidth_is_exact_and_fair(bits in 1_000u64..1_000_000_000, connections in 1usize..5, quanta in 1usize..20) {
        let start = Instant::now();
        let active = active(Toxic::Bandwidth { bits_per_second: bits }, start);
        let mut stages: Vec<_> = (0..connections as u64).map(|n| Stage::new(Arc::clone(&active), Way::Down, 7, n, start)).collect();
        let quantum = Active::quantum(bits);
        let bytes = quantum * quanta + quantum / 3;
        for stage in &mut stages {
            stage.push(Chunk::new(&vec![1; bytes]), start);
        }
        let (chunks, _) = drain(&mut stages, start);
        prop_assert_eq!(joined(&chunks).len(), connections * bytes);
        let nanos = |bytes: usize| Duration::from_nanos(u64::try_from(bytes as u128 * 8_000_000_000 / u128::from(bits)).unwrap());
        let mut sum = 0;
        let mut each = vec![0usize; connections];
        for (n, left, chunk) in &chunks {
            sum += chunk.len();
            each[*n] += chunk.len();
            prop_assert!(chunk.len() <= quantum);
            // A bucket holds those of 10 ms. What comes of rounding is a nanosecond a chunk.
            prop_assert!(*left + millis(10) + Duration::from_nanos(chunks.len() as u64) >= nanos(sum), "{sum} bytes after {left:?}");
            prop_assert!(*left <= nanos(sum + connections * quantum), "{sum} bytes after {left:?}");
            let (least, most) = (each.iter().min().unwrap(), each.iter().max().unwrap());
            prop_assert!(most - least <= 2 * quantum, "{each:?}");
        }
    }

    #[test]
    fn slices_have_their_size_and_pauses(
        size in 1usize..200,
        variation in 0usize..250,
        pause in 0u64..20,
        chunks in proptest::collection::vec(1usize..500, 1..6),
    ) {
        let start = Instant::now();
        let delay = millis(pause);
        let mut stage = stage(Toxic::Slicer { size, variation, delay }, start);
        let sent: Vec<u8> = (0..chunks.iter().sum::<usize>()).map(|n| n as u8).collect();
        let mut rest = &sent[..];
        let mut borders = vec![];
        for chunk in chunks {
            let (bytes, behind) = rest.split_at(chunk);
            stage.push(Chunk::new(bytes), start);
            rest = behind;
            borders.push(sent.len() - rest.len());
        }
        let (pieces, _) = drain(std::slice::from_mut(&mut stage), start);
        prop_assert_eq!(joined(&pieces), sent);
        let mut sum = 0;
        for (_, _, piece) in &pieces {
            sum += piece.len();
            prop_assert!(piece.len() <= size + variation);
            prop_assert!(piece.len() >= size.saturating_sub(variation).max(1) || borders.contains(&sum));
        }
        for two in pieces.windows(2) {
            prop_assert_eq!(two[1].1 - two[0].1, delay);
        }
    }

    #[test]
    fn limits_are_exact(limit in 0u64..100, chunks in proptest::collection::vec(1usize..40, 0..6)) {
        let start = Instant::now();
        let mut stage = stage(Toxic::LimitData { bytes: limit }, start);
        let sum: usize = chunks.iter().sum();
        for chunk in chunks {
            stage.push(Chunk::new(&vec![1; chunk]), start);
        }
        stage.push_end(End::Finished, start);
        let (passed, ends) = drain(std::slice::from_mut(&mut stage), start);
        let limited = sum as u64 >= limit;
        prop_assert_eq!(joined(&passed).len() as u64, limit.min(sum as u64));
        prop_assert_eq!(ends, [(Duration::ZERO, if limited { End::Limit } else { End::Finished })]);
    }
}

#[test]
fn ends_are_late_and_bytes_are_not() {
    let start = Instant::now();
    let mut stage = stage(Toxic::SlowClose { delay: millis(300) }, start);
    stage.push(Chunk::new(b"x"), start);
    stage.push_end(End::Reset, start + millis(100));
    let (chunks, ends) = drain(std::slice::from_mut(&mut stage), start);
    assert_eq!(chunks, [(0, Duration::ZERO, b"x".to_vec())]);
    assert_eq!(ends, [(millis(400), End::Reset)]);
}

#[test]
fn a_hole_gives_nothing_back() {
    let start = Instant::now();
    for toxic in [Toxic::BlackHole, Toxic::Partition] {
        let mut hole = stage(toxic.clone(), start);
        for _ in 0..1_000 {
            assert!(hole.room() > 0, "senders do not feel it");
            hole.push(Chunk::new(&[0; 1_000]), start);
        }
        hole.push_end(End::Finished, start);
        assert!(hole.swallowed_end());
        assert_eq!(drain(std::slice::from_mut(&mut hole), start), (vec![], vec![]));
        assert!(hole.dissolve().is_err());
        // An end can still be told.
        let mut hole = stage(toxic, start);
        hole.push_end(End::Finished, start);
        let (mut chunks, end) = hole.dissolve().unwrap();
        assert!(chunks.next().is_none());
        assert_eq!(end, Some(End::Finished));
    }
}

#[test]
fn no_bandwidth_is_none_and_felt() {
    let start = Instant::now();
    let mut stage = stage(Toxic::Bandwidth { bits_per_second: 0 }, start);
    while stage.room() > 0 {
        stage.push(Chunk::new(&[0; 100]), start);
    }
    assert_eq!(drain(std::slice::from_mut(&mut stage), start), (vec![], vec![]));
    assert!(stage.dissolve().unwrap().0.count() > 0);
}

#[test]
fn times_that_no_clock_has_are_far_away() {
    let start = Instant::now();
    let longest = Duration::MAX;
    let mut late = stage(Toxic::Latency { delay: longest, jitter: longest }, start);
    late.push(Chunk::new(b"x"), start);
    let mut latest = stage(Toxic::Latency { delay: longest, jitter: Duration::ZERO }, start);
    latest.push(Chunk::new(b"x"), start);
    assert!(matches!(latest.pull(start), Pulled::At(at) if at > start + millis(1_000_000)));
    let reset = stage(Toxic::Reset { after: longest }, start);
    assert!(reset.reset_at().is_some_and(|at| at > start + millis(1_000_000)));
    let mut slices =
        stage(Toxic::Slicer { size: usize::MAX, variation: usize::MAX, delay: longest }, start);
    slices.push(Chunk::new(b"xx"), start);
    slices.push(Chunk::new(b"xx"), start);
    assert!(matches!(slices.pull(start), Pulled::Chunk(_)));
    assert!(matches!(slices.pull(start), Pulled::At(_)));
}
