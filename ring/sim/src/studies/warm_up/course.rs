//! What the requests of one scheme came to.

/// Within so much of the rate in the end it has recovered.
const RECOVERED: f64 = 0.01;

/// Misses by window, before and after the change.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// The scheme, and what is special about it.
    pub name: String,
    /// Requests of a window.
    pub window: u64,
    /// The share of keys with another owner.
    pub moved: f64,
    /// Requests that reached the origin in each window before the change.
    pub before: Vec<u64>,
    /// And after it.
    pub after: Vec<u64>,
}

impl Course {
    fn rate(&self, misses: f64) -> f64 {
        1.0 - misses / self.window as f64
    }

    /// The steady hit rate before the change.
    pub(super) fn rate_before(&self) -> f64 {
        self.rate(last_quarter(&self.before))
    }

    /// The steady hit rate after it.
    pub(super) fn rate_after(&self) -> f64 {
        self.rate(last_quarter(&self.after))
    }

    /// The lowest hit rate of a window after the change.
    pub(super) fn lowest(&self) -> f64 {
        self.rate(self.worst())
    }

    fn worst(&self) -> f64 {
        self.after.iter().max().copied().unwrap_or(0) as f64
    }

    /// The most that reached the origin in a window, in relation to what did before the change. 1 if nothing ever did.
    pub(super) fn peak(&self) -> f64 {
        let before = last_quarter(&self.before);
        if before > 0.0 { self.worst() / before } else { 1.0 }
    }

    /// Requests from the change to the end of the first window that is as good as in the end.
    pub(super) fn recovery(&self) -> Option<u64> {
        self.requests_until(self.rate_after() - RECOVERED)
    }

    /// Requests from the change to the end of the first window that is as good as before the change.
    pub(super) fn back(&self) -> Option<u64> {
        self.requests_until(self.rate_before() - RECOVERED)
    }

    /// 0 if the first window is as good as that: there was no dip.
    fn requests_until(&self, good: f64) -> Option<u64> {
        let windows = self.after.iter().position(|misses| self.rate(*misses as f64) >= good)?;
        Some(if windows == 0 { 0 } else { (windows as u64 + 1) * self.window })
    }

    /// What reached the origin beyond the rate before the change, until that was reached again.
    pub(super) fn extra_fetches(&self) -> f64 {
        let before = last_quarter(&self.before);
        let dip =
            self.back().map_or(self.after.len(), |requests| (requests / self.window) as usize);
        self.after[..dip].iter().fold(0.0, |sum, misses| sum + (*misses as f64 - before).max(0.0))
    }

    /// By how much the hit rate still differed between the third quarter and the last: before or after the change, whichever is more.
    pub(super) fn drift(&self) -> f64 {
        let of = |windows: &[u64]| {
            let third = &windows[..windows.len() - windows.len() / 4];
            (last_quarter(windows) - mean(&third[third.len() - windows.len() / 4..])).abs()
        };
        of(&self.before).max(of(&self.after)) / self.window as f64
    }

    /// Hit rates in percent by requests since the change: the last quarter before it, and all after it.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        let shown = self.before.len() / 4;
        let windows = self.before[self.before.len() - shown..].iter().chain(&self.after);
        let point = |(at, misses): (usize, &u64)| {
            let middle = (at as f64 - shown as f64 + 0.5) * self.window as f64;
            (middle, self.rate(*misses as f64) * 100.0)
        };
        windows.enumerate().map(point).collect()
    }
}

fn last_quarter(windows: &[u64]) -> f64 {
    mean(&windows[windows.len() - windows.len() / 4..])
}

fn mean(windows: &[u64]) -> f64 {
    windows.iter().sum::<u64>() as f64 / windows.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(before: &[u64], after: &[u64]) -> Course {
        let name = "x".to_owned();
        Course { name, window: 100, moved: 0.0, before: before.to_vec(), after: after.to_vec() }
    }

    #[test]
    fn a_dip_and_its_end() {
        let course = course(&[90, 50, 20, 20, 20, 20, 20, 20], &[60, 30, 15, 12, 10, 10, 10, 10]);
        assert!((course.rate_before() - 0.8).abs() < 1e-12);
        assert!((course.rate_after() - 0.9).abs() < 1e-12);
        assert!((course.lowest() - 0.4).abs() < 1e-12);
        assert!((course.peak() - 3.0).abs() < 1e-12);
        assert_eq!((course.back(), course.recovery()), (Some(300), Some(500)));
        assert!((course.extra_fetches() - 50.0).abs() < 1e-9);
        assert_eq!(course.drift(), 0.0);
        assert_eq!(course.points().first(), Some(&(-150.0, 80.0)));
        assert_eq!(course.points().last(), Some(&(750.0, 90.0)));
    }

    #[test]
    fn no_dip() {
        let course = course(&[20; 8], &[20; 8]);
        assert_eq!((course.back(), course.recovery(), course.peak()), (Some(0), Some(0), 1.0));
        assert_eq!(course.extra_fetches(), 0.0);
        let perfect = super::tests::course(&[0; 8], &[0; 8]);
        assert_eq!(perfect.peak(), 1.0);
    }
}
