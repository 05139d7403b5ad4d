//! Who has touched a cell of shared memory.

/// Set in the second site of a touch: all live lanes of the warp ran together.
const WHOLE: u16 = 1 << 15;

/// Lanes of one warp that touch a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Touch {
    pub stamp: u32,
    /// Instructions of the first and of the last of them; the latter with [`WHOLE`].
    sites: [u16; 2],
    /// Lanes of the first instruction.
    first: u32,
    pub lanes: u32,
}

impl Touch {
    pub(super) fn one(stamp: u32, site: u16, lanes: u32) -> Self {
        Self { stamp, sites: [site; 2], first: lanes, lanes }
    }

    /// One of these lanes, and its instruction; where more than two instructions are in question, perhaps another of them.
    pub(super) fn one_of(&self, lanes: u32) -> (u32, u16) {
        match lanes & self.first {
            0 => (lanes.trailing_zeros(), self.sites[1] & !WHOLE),
            first => (first.trailing_zeros(), self.sites[0]),
        }
    }

    /// Whether all lanes of the warp ran together at the last of them.
    pub(super) fn whole(&self) -> bool {
        self.sites[1] & WHOLE != 0
    }
}

/// Which warps touch a cell.
#[derive(Clone, Copy, Debug, Default)]
struct Warps {
    /// The time when all threads last met, when `warps` began.
    full: u32,
    warps: u32,
}

/// A warp that touches.
#[derive(Clone, Copy, Debug)]
pub(super) struct By {
    pub warp: u32,
    pub site: u16,
    /// All live lanes run together.
    pub whole: bool,
    pub now: u32,
    /// What is ordered for all threads.
    pub full: u32,
    /// What is ordered for the lanes of the warp.
    pub met: u32,
}

impl By {
    #[inline]
    fn last(&self) -> u16 {
        self.site | if self.whole { WHOLE } else { 0 }
    }
}

/// Touches of one kind, by warp and cell.
#[derive(Debug)]
pub(super) struct Touches {
    cells: Vec<Warps>,
    /// Warp after warp.
    touches: Vec<Touch>,
}

impl Touches {
    pub(super) fn new(cells: usize, warps: usize) -> Self {
        Self {
            cells: vec![Warps::default(); cells],
            touches: vec![Touch::default(); cells * warps],
        }
    }

    /// Adds lanes that touch all of a cell. What there is no room for any more is handed back.
    #[inline]
    pub(super) fn add(&mut self, by: &By, cell: usize, lanes: u32) -> Option<Touch> {
        let at = by.warp as usize * self.cells.len() + cell;
        let warps = self.cells.get_mut(cell)?;
        if warps.full != by.full {
            *warps = Warps { full: by.full, warps: 0 };
        }
        warps.warps |= 1 << by.warp;
        merge(&mut self.touches[at], by, lanes)
    }

    /// Adds lanes to neighbouring cells: to the first these, to each further one their neighbours. `false`: nothing was done, for
    /// there may be no room.
    #[inline]
    pub(super) fn add_run(&mut self, by: &By, cell: usize, lanes: u32, count: usize) -> bool {
        let at = by.warp as usize * self.cells.len() + cell;
        let Some(touches) = self.touches.get_mut(at..at + count) else { return true };
        let mut room = true;
        for touch in &*touches {
            room &= touch.stamp <= by.full || touch.stamp == by.now;
        }
        if !room {
            return false;
        }
        let mut lanes = lanes;
        for touch in touches {
            merge(touch, by, lanes);
            lanes <<= 1;
        }
        for warps in &mut self.cells[cell..cell + count] {
            let before = if warps.full == by.full { warps.warps } else { 0 };
            *warps = Warps { full: by.full, warps: before | 1 << by.warp };
        }
        true
    }

    /// Whether neighbouring cells were touched since all threads met by none but, each, one of neighbouring lanes, or by lanes that the
    /// warp has met with since.
    #[inline]
    pub(super) fn are_own(&self, by: &By, cell: usize, first: u32, count: usize) -> bool {
        let at = by.warp as usize * self.cells.len() + cell;
        let (Some(cells), Some(touches)) =
            (self.cells.get(cell..cell + count), self.touches.get(at..at + count))
        else {
            return false;
        };
        let mut own = true;
        let mut lane = 1_u32 << first;
        for (warps, touch) in cells.iter().zip(touches) {
            let mine =
                warps.warps == 1 << by.warp && (touch.stamp <= by.met || touch.lanes & !lane == 0);
            own &= warps.full != by.full || mine;
            lane <<= 1;
        }
        own
    }

    /// The touches of a cell since all threads met, and their warps.
    #[inline]
    pub(super) fn of(&self, cell: usize, full: u32) -> impl Iterator<Item = (u32, &Touch)> {
        let warps = self.cells.get(cell).filter(|warps| warps.full == full);
        super::each(warps.map_or(0, |warps| warps.warps))
            .map(move |warp| (warp as u32, &self.touches[warp * self.cells.len() + cell]))
    }
}

#[inline(always)]
fn merge(touch: &mut Touch, by: &By, lanes: u32) -> Option<Touch> {
    let mut left = None;
    if touch.stamp == by.now {
        if touch.sites[0] == by.site && touch.sites[1] & !WHOLE == by.site {
            touch.first |= lanes;
        }
        touch.sites[1] = by.last();
        touch.lanes |= lanes;
        return None;
    }
    if touch.stamp > by.full {
        // The newer stands for the older where it happens after, as the same lane's does.
        let after = if touch.stamp <= by.met { u32::MAX } else { lanes };
        let old = Touch { lanes: touch.lanes & !after, ..*touch };
        left = (old.lanes != 0).then_some(old);
    }
    *touch = Touch { stamp: by.now, sites: [by.site, by.last()], first: lanes, lanes };
    left
}
