//! The faster ways of the shadow against the slow one: whatever warps do, both find the same.

use super::{Hazard, Shadow};
use crate::machine::{Access, AccessKind, Copied, Values};
use crate::memory::Space;
use crate::sanitize::order::Order;
use crate::sanitize::shape::Shape;
use proptest::prelude::*;

const WARPS: u32 = 3;
const BYTES: u32 = 2048;

/// Addresses of lanes: `start + lane % period * step + lane / period * jump`, in units of the size.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    start: u32,
    period: u32,
    step: u32,
    jump: u32,
    size: u32,
}

impl Pattern {
    fn addresses(self) -> [u32; 32] {
        let Self { start, period, step, jump, size } = self;
        std::array::from_fn(|lane| {
            let lane = lane as u32;
            (start + lane % period * step + lane / period * jump) % (BYTES / size) * size
        })
    }
}

#[derive(Clone, Debug)]
enum Step {
    Access {
        warp: u32,
        pc: u32,
        kind: AccessKind,
        strong: bool,
        mask: u32,
        pattern: Pattern,
    },
    /// The first copies of the warp that are still under way have been waited for, by these lanes.
    Wait {
        warp: u32,
        mask: u32,
    },
    /// Lanes of a warp meet.
    Warp {
        warp: u32,
        mask: u32,
    },
    Fence {
        warp: u32,
        mask: u32,
    },
    All,
}

fn mask() -> impl Strategy<Value = u32> {
    prop_oneof![
        5 => Just(u32::MAX),
        1 => (0..32_u32).prop_map(|lane| 1 << lane),
        1 => (1..32_u32).prop_map(|lanes| (1 << lanes) - 1),
        1 => 1_u32..,
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    // Mostly tiles of one warp each, so that races are no matter of course.
    let start = prop_oneof![3 => (0..12_u32).prop_map(|tile| tile * 32), 1 => 0..512_u32];
    let period = prop_oneof![3 => Just(32_u32), 1 => Just(16_u32), 1 => 1..32_u32];
    let step = prop_oneof![4 => Just(1_u32), 2 => Just(0_u32), 1 => 0..40_u32];
    let size = prop_oneof![5 => Just(4_u32), 1 => Just(16_u32), 1 => Just(8_u32), 1 => Just(2_u32), 1 => Just(1_u32)];
    (start, period, step, 0..40_u32, size).prop_map(|(start, period, step, jump, size)| Pattern {
        start,
        period,
        step,
        jump,
        size,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        6 => Just((AccessKind::Load, false)),
        4 => Just((AccessKind::Store, false)),
        1 => Just((AccessKind::Load, true)),
        1 => Just((AccessKind::Store, true)),
        1 => Just((AccessKind::Atomic, true)),
        1 => Just((AccessKind::Copy, false)),
    ];
    let access = (0..WARPS, 0..12_u32, kind, mask(), pattern());
    prop_oneof![
        12 => access.prop_map(|(warp, pc, (kind, strong), mask, mut pattern)| {
            if kind == AccessKind::Copy {
                pattern.size = pattern.size.max(4);
            }
            Step::Access { warp, pc, kind, strong, mask, pattern }
        }),
        2 => (0..WARPS, mask()).prop_map(|(warp, mask)| Step::Wait { warp, mask }),
        2 => (0..WARPS, mask()).prop_map(|(warp, mask)| Step::Warp { warp, mask }),
        1 => (0..WARPS, mask()).prop_map(|(warp, mask)| Step::Fence { warp, mask }),
        5 => Just(Step::All),
    ]
}

/// One way to run the steps.
struct Way {
    shadow: Shadow,
    order: Order,
    under_way: Vec<Copied>,
}

impl Way {
    fn new(plodding: bool) -> Self {
        let mut shadow = Shadow::new(BYTES, WARPS);
        shadow.plodding = plodding;
        let mut order = Order::new(WARPS);
        order.begin();
        shadow.begin();
        Self { shadow, order, under_way: Vec::new() }
    }

    fn run(&mut self, step: &Step) -> Vec<Hazard> {
        let mut hazards = Vec::new();
        match *step {
            Step::Access { warp, pc, kind, strong, mask, pattern } => {
                let short = pattern.addresses();
                // As the machine gives them: lanes that take no part have the address of one that does.
                let one = short[mask.trailing_zeros() as usize];
                let at = std::array::from_fn(|i| {
                    u64::from(if mask & 1 << i != 0 { short[i] } else { one })
                });
                let size = pattern.size;
                let value = |lane: usize| lane as u128 % 3;
                let access = Access {
                    kind,
                    space: Space::Shared,
                    pc,
                    line: 0,
                    block: [0; 3],
                    warp,
                    mask,
                    active: mask,
                    live: u32::MAX,
                    addresses: &at,
                    size,
                    strong,
                    values: Values(Some(&value)),
                    shared: &[0; BYTES as usize],
                };
                let shape = Shape::of(&at, size);
                let mut found = |hazard: &Hazard| hazards.push(*hazard);
                self.shadow.access(&access, shape, &mut self.order, &mut found);
                if kind == AccessKind::Copy {
                    let block = [0; 3];
                    self.under_way.push(Copied { block, warp, mask, addresses: short, size });
                }
            }
            Step::Wait { warp, mask } => {
                for copied in self.under_way.iter_mut().filter(|it| it.warp == warp) {
                    let done = Copied { mask: copied.mask & mask, ..*copied };
                    if done.mask != 0 {
                        self.shadow.copied(&done, &self.order);
                    }
                    copied.mask &= !mask;
                }
                self.under_way.retain(|it| it.mask != 0);
            }
            Step::Warp { warp, mask } => self.order.synced(warp, mask, u32::MAX),
            Step::Fence { warp, mask } => self.order.fenced(warp, mask),
            Step::All => {
                for warp in 0..WARPS {
                    self.order.arrives(0, warp, u32::MAX, true);
                }
                self.order.released(0, true);
            }
        }
        hazards
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_faster_ways_find_what_the_slow_one_finds(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let (mut fast, mut slow) = (Way::new(false), Way::new(true));
        for (i, step) in steps.iter().enumerate() {
            let (found, expected) = (fast.run(step), slow.run(step));
            prop_assert_eq!(found, expected, "step {}: {:?}", i, step);
        }
    }
}

/// What the journal is for: tiles that are written, met over, read.
#[test]
fn tiles_stay_in_the_journal() {
    let mut way = Way::new(false);
    let tile = Pattern { start: 0, period: 32, step: 1, jump: 0, size: 4 };
    let access = |warp, pc, kind, pattern| Step::Access {
        warp,
        pc,
        kind,
        strong: false,
        mask: u32::MAX,
        pattern,
    };
    for _ in 0..20 {
        for warp in 0..WARPS {
            let own = Pattern { start: 32 * warp, ..tile };
            assert_eq!(way.run(&access(warp, 0, AccessKind::Store, own)), []);
        }
        way.run(&Step::All);
        for (warp, row) in (0..WARPS).flat_map(|warp| (0..WARPS).map(move |row| (warp, row))) {
            let pattern = Pattern { start: 32 * row, period: 16, jump: row, ..tile };
            assert_eq!(way.run(&access(warp, 1, AccessKind::Load, pattern)), []);
        }
        assert!(way.shadow.journal.is_open());
        assert!(!way.shadow.journal.is_empty());
        way.run(&Step::All);
    }
    // A warp writes what another has read.
    way.run(&access(0, 1, AccessKind::Load, tile));
    let found = way.run(&access(1, 0, AccessKind::Store, tile));
    assert_eq!(found.len(), 32);
    assert!(!way.shadow.journal.is_open());
}
