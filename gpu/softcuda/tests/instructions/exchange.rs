use crate::harness::run;

/// Stores `%r9` of each thread; threads hold `value(i)` in `%r1`.
fn exchange(body: &str, threads: u32, value: impl Fn(u64) -> u64) -> Vec<u64> {
    let text = format!(
        "mul.wide.u32 %d0, %i, 8;\nadd.s64 %d0, %data, %d0;\nld.global.b32 %r1, [%d0];\nmov.u32 %r9, 0;\nmov.u32 %r8, 0;\n\
         {body}\nst.global.v2.b32 [%d0], {{%r9, %r8}};"
    );
    run(&text, threads, &(0..u64::from(threads)).map(value).collect::<Vec<_>>())
}

#[test]
fn shuffles() {
    // `c` is (32 - width) << 8, with 31 below, or 0 for `up`.
    for width in [32_u64, 8] {
        for b in [0_u64, 1, 3, 7, 31] {
            for mode in ["up", "down", "bfly", "idx"] {
                let c = (32 - width) << 8 | if mode == "up" { 0 } else { 31 };
                let out = exchange(
                    &format!(
                        "shfl.sync.{mode}.b32 %r9|%p1, %r1, {b}, {c}, -1;\nselp.u32 %r8, 1, 0, %p1;"
                    ),
                    32,
                    |i| 100 + i,
                );
                for (i, found) in (0..32_u64).zip(out) {
                    let first = i / width * width;
                    let last = first + width - 1;
                    let from = match mode {
                        "up" => i.checked_sub(b).filter(|&j| j >= first),
                        "down" => Some(i + b).filter(|&j| j <= last),
                        "bfly" => Some(i ^ b).filter(|&j| j <= last),
                        _ => Some(first + b % width),
                    };
                    let expected = 100 + from.unwrap_or(i) | u64::from(from.is_some()) << 32;
                    assert_eq!(found, expected, "{mode} {b} width {width} lane {i}");
                }
            }
        }
    }
}

#[test]
fn votes() {
    let out = exchange(
        "setp.gt.u32 %p1, %r1, 20;\nvote.sync.ballot.b32 %r9, %p1, -1;\nvote.sync.any.pred %p2, %p1, -1;\n\
         vote.sync.all.pred %p3, !%p1, -1;\nvote.sync.uni.pred %p4, %p1, -1;\nselp.u32 %r8, 1, 0, %p2;\n@%p3 or.b32 %r8, %r8, 2;\n\
         @%p4 or.b32 %r8, %r8, 4;",
        32,
        |i| i,
    );
    assert!(out.iter().all(|&x| x == 0xffe0_0000 | 1 << 32), "{out:x?}");
    // Only the lanes there are.
    let out = exchange(
        "setp.ge.u32 %p1, %r1, 0;\nvote.sync.ballot.b32 %r9, %p1, -1;\nactivemask.b32 %r8;",
        5,
        |i| i,
    );
    assert!(out.iter().all(|&x| x == 0x1f | 0x1f << 32), "{out:x?}");
}

#[test]
fn matches() {
    let out = exchange(
        "match.any.sync.b32 %r9, %r1, -1;\nmatch.all.sync.b32 %r8|%p1, %r1, -1;\n@%p1 mov.u32 %r8, 77;",
        32,
        |i| i % 3,
    );
    for (i, found) in out.iter().enumerate() {
        let same: u64 = (0..32).filter(|j| j % 3 == i % 3).map(|j| 1 << j).sum();
        assert_eq!(*found, same, "{i}");
    }
    let out = exchange("match.all.sync.b32 %r8|%p1, %r1, -1;\n@%p1 mov.u32 %r9, 77;", 32, |_| 5);
    assert!(out.iter().all(|&x| x == 77 | 0xffff_ffff << 32), "{out:x?}");
}

#[test]
fn reductions_of_groups() {
    // Two halves with masks of their own, in one instruction.
    let masks = "setp.lt.u32 %p1, %i, 16;\nselp.u32 %r2, 0xffff, 0xffff0000, %p1;\n";
    let sum = |range: std::ops::Range<u64>| range.sum::<u64>();
    let out = exchange(
        &format!("{masks}redux.sync.add.u32 %r9, %r1, %r2;\nredux.sync.max.s32 %r8, %r1, %r2;"),
        32,
        |i| i,
    );
    for (i, found) in out.iter().enumerate() {
        let expected = if i < 16 { sum(0..16) | 15 << 32 } else { sum(16..32) | 31 << 32 };
        assert_eq!(*found, expected, "{i}");
    }
    let out = exchange(
        &format!(
            "{masks}setp.eq.u32 %p2, %r1, 3;\nvote.sync.any.pred %p3, %p2, %r2;\nselp.u32 %r9, 1, 0, %p3;"
        ),
        32,
        |i| i,
    );
    assert!(out.iter().enumerate().all(|(i, &x)| x == u64::from(i < 16)), "{out:?}");
}

#[test]
fn members_wait_for_each_other() {
    // The branch splits the warp; all meet at the shuffle in the loop's body, lane by lane later.
    let out = exchange(
        "and.b32 %r2, %i, 3;\nmov.u32 %r3, 0;\nLOOP:\nsetp.ge.u32 %p1, %r3, %r2;\n@%p1 bra DONE;\nadd.u32 %r3, %r3, 1;\nbra LOOP;\n\
         DONE:\nshfl.sync.bfly.b32 %r9, %r3, 1, 31, -1;",
        32,
        |i| i,
    );
    for (i, found) in (0..32_u64).zip(out) {
        assert_eq!(found, (i ^ 1) & 3, "{i}");
    }
}
