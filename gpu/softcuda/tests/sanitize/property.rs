//! Random programs of a few threads, against all pairs of accesses and the order between them.

use crate::harness::{RACES, kernel};
use proptest::prelude::*;
use softcuda::sanitize::{Config, Report, launch};
use softcuda::{Arg, Device, LaunchOptions, Module};

/// Three lanes of each of three warps do something.
const THREADS: usize = 9;

fn number(thread: usize) -> u32 {
    (thread / 3 * 32 + thread % 3) as u32
}

#[derive(Clone, Copy, Debug)]
enum What {
    Read,
    Write,
    /// Strong ones.
    VolatileRead,
    VolatileWrite,
    Atomic,
}

impl What {
    fn writes(self) -> bool {
        !matches!(self, Self::Read | Self::VolatileRead)
    }

    fn strong(self) -> bool {
        !matches!(self, Self::Read | Self::Write)
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// By the threads of the mask; to the same place, or each to the one beside the last.
    Access { what: What, mask: u16, place: u32, log: u32, spread: bool },
    /// `bar.warp.sync` of some of the three lanes; 8 is the whole warp.
    Warp { warp: usize, lanes: u16 },
    /// All threads.
    All,
    /// Two warps; the first waits or only arrives.
    Two { first: usize, second: usize, waits: bool },
}

impl Step {
    /// Address and bytes, if the thread takes part in this access.
    fn access(self, thread: usize) -> Option<(What, u32, u32)> {
        let Self::Access { what, mask, place, log, spread } = self else { return None };
        let size = 1 << log;
        let at = (place + if spread { thread as u32 } else { 0 }) * size % 64;
        (mask & 1 << thread != 0).then_some((what, at, size))
    }

    /// Threads whose past is published here, and threads that learn of it.
    fn order(self) -> Option<(Vec<usize>, Vec<usize>)> {
        let of = |warp: usize| vec![warp * 3, warp * 3 + 1, warp * 3 + 2];
        match self {
            Self::Access { .. } => None,
            Self::Warp { warp, lanes } => {
                let of = of(warp).into_iter().filter(|t| lanes == 8 || lanes & 1 << (t % 3) != 0);
                let of: Vec<usize> = of.collect();
                Some((of.clone(), of))
            }
            Self::All => Some(((0..THREADS).collect(), (0..THREADS).collect())),
            Self::Two { first, second, waits } => {
                let both = [of(first), of(second)].concat();
                Some((both.clone(), if waits { both } else { of(second) }))
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        3 => Just(What::Read),
        3 => Just(What::Write),
        1 => Just(What::VolatileRead),
        1 => Just(What::VolatileWrite),
        1 => Just(What::Atomic),
    ];
    let mask = prop_oneof![(0..THREADS).prop_map(|t| 1_u16 << t), 1_u16..512];
    let log = prop_oneof![Just(0_u32), Just(1), Just(2), Just(2), Just(4)];
    let access = (what, mask, 0_u32..4, log, any::<bool>());
    prop_oneof![
        8 => access.prop_map(|(what, mask, place, log, spread)| {
            let log = match what {
                What::Atomic => 2,
                What::VolatileRead | What::VolatileWrite => log.min(2),
                _ => log,
            };
            Step::Access { what, mask, place, log, spread }
        }),
        2 => (0..3_usize, 1_u16..9).prop_map(|(warp, lanes)| Step::Warp { warp, lanes }),
        1 => Just(Step::All),
        2 => (0..3_usize, 1..3_usize, any::<bool>()).prop_map(|(first, by, waits)| Step::Two {
            first,
            second: (first + by) % 3,
            waits,
        }),
    ]
}

/// The program; step `i` is marked `// i`.
fn text(steps: &[Step]) -> String {
    let mut body = String::from(
        ".reg .b32 %bit, %warp, %lane;\nand.b32 %lane, %t, 31;\nshr.u32 %warp, %t, 5;\n\
         mad.lo.u32 %r1, %warp, 3, %lane;\nmov.u32 %r2, 1;\nshl.b32 %bit, %r2, %r1;\n\
         setp.gt.u32 %p1, %lane, 2;\n@%p1 mov.u32 %bit, 0;\ncvt.u16.u32 %h1, %t;\n\
         .reg .b32 %who;\nmad.lo.u32 %who, %warp, 3, %lane;\n",
    );
    let mut barrier = 0;
    for (i, &step) in steps.iter().enumerate() {
        let on_warp = |warp: usize| format!("setp.eq.u32 %p1, %warp, {warp};\n");
        body += &match step {
            Step::Access { what, mask, place, log, spread } => {
                let size = 1 << log;
                let mut out = format!("and.b32 %r1, %bit, {mask};\nsetp.ne.u32 %p1, %r1, 0;\n");
                out += &format!("mov.u32 %r1, {place};\n");
                if spread {
                    out += "add.u32 %r1, %r1, %who;\n";
                }
                out += &format!(
                    "mul.lo.u32 %r1, %r1, {size};\nand.b32 %r1, %r1, 63;\nadd.u32 %r1, %r1, %s;\n"
                );
                let volatile = if what.strong() { ".volatile" } else { "" };
                let ty = ["u8", "u16", "u32", "", "v4.u32"][log as usize];
                let register = match log {
                    0 | 1 => "%h1",
                    2 => "%t",
                    _ => "{%t, %t, %t, %t}",
                };
                let target = match log {
                    0 | 1 => "%h2",
                    2 => "%r3",
                    _ => "{%r3, %r4, %r5, %r6}",
                };
                out + &match what {
                    What::Atomic => format!("@%p1 atom.shared.add.u32 %r3, [%r1], 1; // {i}\n"),
                    _ if what.writes() => {
                        format!("@%p1 st{volatile}.shared.{ty} [%r1], {register}; // {i}\n")
                    }
                    _ => format!("@%p1 ld{volatile}.shared.{ty} {target}, [%r1]; // {i}\n"),
                }
            }
            Step::Warp { warp, lanes: 8 } => on_warp(warp) + "@%p1 bar.warp.sync -1;\n",
            Step::Warp { warp, lanes } => {
                format!("and.b32 %r1, %bit, {};\nsetp.ne.u32 %p1, %r1, 0;\n", lanes << (3 * warp))
                    + &format!("@%p1 bar.warp.sync {lanes};\n")
            }
            Step::All => "bar.sync 0;\n".to_owned(),
            Step::Two { first, second, waits } => {
                barrier += 1;
                let how = if waits { "sync" } else { "arrive" };
                on_warp(first)
                    + &format!("@%p1 barrier.{how}.aligned {barrier}, 64;\n")
                    + &on_warp(second)
                    + &format!("@%p1 barrier.sync.aligned {barrier}, 64;\n")
            }
        };
    }
    kernel(&body)
}

#[derive(Clone, Copy, Debug)]
struct Event {
    step: usize,
    thread: usize,
    what: What,
    at: u32,
    size: u32,
}

/// All pairs that race, the earlier step first.
fn races(steps: &[Step]) -> Vec<(Event, Event)> {
    let mut events: Vec<Event> = Vec::new();
    // What each event is known to: a mask of threads; each thread's later events come after it.
    let mut known: Vec<u16> = Vec::new();
    let mut racing = Vec::new();
    for (number, &step) in steps.iter().enumerate() {
        let first = events.len();
        for thread in 0..THREADS {
            if let Some((what, at, size)) = step.access(thread) {
                events.push(Event { step: number, thread, what, at, size });
                known.push(1 << thread);
            }
        }
        if let Some((from, to)) = step.order() {
            let mask = |list: &[usize]| list.iter().fold(0_u16, |mask, t| mask | 1 << t);
            let (from, to) = (mask(&from), mask(&to));
            for known in &mut known {
                if *known & from != 0 {
                    *known |= to;
                }
            }
        }
        for b in first..events.len() {
            for a in 0..b {
                let (before, after) = (events[a], events[b]);
                let apart =
                    before.at >= after.at + after.size || after.at >= before.at + before.size;
                let reads = !before.what.writes() && !after.what.writes();
                let strong = before.what.strong() && after.what.strong();
                if !apart && !reads && !strong && known[a] & 1 << after.thread == 0 {
                    racing.push((before, after));
                }
            }
        }
    }
    racing
}

fn check(steps: &[Step]) -> (String, Report) {
    let text = text(steps);
    let kernel = Module::load(&text).unwrap_or_else(|e| panic!("{e}\n{text}")).kernel("k").unwrap();
    let device = Device::new(1 << 20);
    let config = Config { same_value: true, limit: 1000, ..Config::from(RACES) };
    let args = [Arg::from(0_u64)];
    let report = launch(&kernel, &device, 1, 96, &args, &LaunchOptions::default(), config);
    assert!(report.outcome.is_ok(), "{report}\n{text}");
    (text, report)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn races_are_found_and_nothing_else(steps in proptest::collection::vec(step(), 1..14)) {
        let barriers = steps.iter().filter(|step| matches!(step, Step::Two { .. })).count();
        prop_assume!(barriers < 15);
        let expected = races(&steps);
        let (text, report) = check(&steps);
        let step_of = |line: u32| -> usize {
            let line = text.lines().nth(line as usize - 1).unwrap();
            line.rsplit_once("// ").unwrap().1.parse().unwrap()
        };
        prop_assert_eq!(report.findings.is_empty(), expected.is_empty(), "{}\n{:?}", report, expected);
        for finding in &report.findings {
            let (place, other) = (finding.place.as_ref().unwrap(), finding.other.as_ref().unwrap());
            let thread = |place: &softcuda::sanitize::Place| {
                let number_ = place.thread.unwrap()[0];
                (0..THREADS).find(|&t| number(t) == number_).unwrap()
            };
            let (b, a) = ((step_of(place.line), thread(place)), (step_of(other.line), thread(other)));
            // Warps run one after another: what was seen later may be the earlier step.
            let is = |x: &Event, (step, thread): (usize, usize)| x.step == step && x.thread == thread;
            let exact = expected.iter().any(|(x, y)| is(x, a) && is(y, b) || is(x, b) && is(y, a));
            // Of more than two instructions that read a word at once, the line is that of one of them.
            let threads = expected.iter().any(|(x, y)| {
                is(x, b) && y.thread == a.1 || is(y, b) && x.thread == a.1
            });
            prop_assert!(exact || threads, "{}\n{}\n{:?}", finding, text, expected);
        }
    }
}
