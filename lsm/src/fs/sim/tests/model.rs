//! Property tests against a model: files by number, and names.

use proptest::prelude::*;

use super::*;

/// What the property tests do to a file system.
#[derive(Debug, Clone)]
enum Step {
    Create(u8),
    Write(u8, u16, u16),
    Store(u8, u16, u16),
    SetLen(u8, u16),
    Allocate(u8, u16),
    Sync(u8),
    Rename(u8, u8),
    Link(u8, u8),
    Remove(u8),
    SyncDir,
}

fn step() -> impl Strategy<Value = Step> {
    let (name, size) = (0..4_u8, 0..3000_u16);
    prop_oneof![
        3 => name.clone().prop_map(Step::Create),
        4 => (name.clone(), size.clone(), size.clone()).prop_map(|(n, o, l)| Step::Write(n, o, l)),
        2 => (name.clone(), size.clone(), size.clone()).prop_map(|(n, o, l)| Step::Store(n, o, l)),
        1 => (name.clone(), size.clone()).prop_map(|(n, l)| Step::SetLen(n, l)),
        1 => (name.clone(), size).prop_map(|(n, l)| Step::Allocate(n, l)),
        2 => name.clone().prop_map(Step::Sync),
        1 => (name.clone(), name.clone()).prop_map(|(a, b)| Step::Rename(a, b)),
        1 => (name.clone(), name.clone()).prop_map(|(a, b)| Step::Link(a, b)),
        1 => name.prop_map(Step::Remove),
        2 => Just(Step::SyncDir),
    ]
}

fn path_of(name: u8) -> PathBuf {
    PathBuf::from(format!("/{name}"))
}

/// Does a step; an error if the file system made one.
fn act(fs: &SimFs, step: &Step, fill: u8) -> io::Result<()> {
    let open = |name: u8| fs.open(&path_of(name), OpenMode::ReadWrite, Purpose::Other);
    match *step {
        Step::Create(name) => {
            fs.open(&path_of(name), OpenMode::CreateNew, Purpose::Other).map(drop)
        }
        Step::Write(name, offset, len) => {
            open(name)?.write_all_at(&vec![fill; len as usize], u64::from(offset))
        }
        Step::Store(name, offset, len) => {
            let file = open(name)?;
            let total = file.len()? as usize;
            let map = file.map(total, true)?;
            let start = (offset as usize).min(total);
            let end = (start + len as usize).min(total);
            store(&map, start, &vec![fill; end - start]);
            Ok(())
        }
        Step::SetLen(name, len) => open(name)?.set_len(len.into()),
        Step::Allocate(name, len) => open(name)?.allocate(len.into()),
        Step::Sync(name) => open(name)?.sync_data(),
        Step::Rename(from, to) => fs.rename(&path_of(from), &path_of(to)),
        Step::Link(from, to) => fs.hard_link(&path_of(from), &path_of(to)),
        Step::Remove(name) => fs.remove(&path_of(name)),
        Step::SyncDir => fs.sync_dir(Path::new("/")),
    }
}

#[derive(Debug, Clone, Default)]
struct Model {
    files: Vec<Vec<u8>>,
    names: BTreeMap<u8, usize>,
}

impl Model {
    fn content(&mut self, name: u8) -> Option<&mut Vec<u8>> {
        Some(&mut self.files[*self.names.get(&name)?])
    }

    /// Does a step; `None` if it cannot be done.
    fn act(&mut self, step: &Step, fill: u8) -> Option<()> {
        match *step {
            Step::Create(name) => {
                if self.names.contains_key(&name) {
                    return None;
                }
                self.names.insert(name, self.files.len());
                self.files.push(Vec::new());
            }
            Step::Write(name, offset, len) => {
                let content = self.content(name)?;
                let (start, end) = (offset as usize, (offset + len) as usize);
                if len > 0 {
                    content.resize(content.len().max(end), 0);
                    content[start..end].fill(fill);
                }
            }
            Step::Store(name, offset, len) => {
                let content = self.content(name).filter(|content| !content.is_empty())?;
                let total = content.len();
                let start = (offset as usize).min(total);
                content[start..(start + len as usize).min(total)].fill(fill);
            }
            Step::SetLen(name, len) => self.content(name)?.resize(len.into(), 0),
            Step::Allocate(name, len) => {
                let content = self.content(name)?;
                content.resize(content.len().max(len.into()), 0);
            }
            Step::Sync(name) => {
                self.content(name)?;
            }
            Step::Rename(from, to) => {
                let file = *self.names.get(&from)?;
                if self.names.get(&to) != Some(&file) {
                    self.names.remove(&from);
                    self.names.insert(to, file);
                }
            }
            Step::Link(from, to) => {
                let file = *self.names.get(&from)?;
                if self.names.contains_key(&to) {
                    return None;
                }
                self.names.insert(to, file);
            }
            Step::Remove(name) => {
                self.names.remove(&name)?;
            }
            Step::SyncDir => {}
        }
        Some(())
    }

    fn visible(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let visible = self.names.iter();
        visible.map(|(name, &file)| (format!("/{name}").into(), self.files[file].clone())).collect()
    }
}

fn visible(fs: &SimFs) -> BTreeMap<PathBuf, Vec<u8>> {
    fs.paths().into_iter().map(|path| (path.clone(), fs.read_file(&path).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 200 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// With no crash it is a file system; after a kill it is the same one; after `sync_all` a power cut changes nothing.
    #[test]
    fn behaves_as_the_model(steps in prop::collection::vec(step(), 1..60), seed: u64) {
        let fs = SimFs::new();
        let mut model = Model::default();
        for (index, step) in steps.iter().enumerate() {
            let done = act(&fs, step, index as u8 + 1);
            prop_assert_eq!(done.is_ok(), model.act(step, index as u8 + 1).is_some());
            prop_assert_eq!(visible(&fs), model.visible());
        }
        let killed = fs.crash(CrashMode::Process, seed);
        prop_assert_eq!(visible(&killed), model.visible());
        prop_assert_eq!(killed.used(), fs.used());
        let lost = [fs.crash(CrashMode::PowerLoseAll, seed), killed.crash(CrashMode::PowerLoseAll, seed)];
        prop_assert_eq!(visible(&lost[0]), visible(&lost[1]), "a kill makes nothing durable");
        killed.sync_all();
        fs.sync_all();
        for fs in [fs, killed] {
            for mode in LOSSES {
                let after = fs.crash(mode, seed);
                prop_assert_eq!(visible(&after), model.visible());
                prop_assert_eq!(after.used(), fs.used());
            }
        }
    }

    /// The same seeds make the same run: points, trace, and what every crash leaves.
    #[test]
    fn the_same_seed_makes_the_same_run(
        steps in prop::collection::vec(step(), 1..40),
        seed: u64,
        crash_at in 0..40_u64,
    ) {
        let run = || {
            let fs = SimFs::new();
            fs.start_trace();
            let plan = FaultPlan::new().seed(seed).crash_at(crash_at);
            fs.set_plan(plan.fail_randomly(0.1, ErrorKind::StorageFull));
            let done: Vec<bool> = steps
                .iter()
                .enumerate()
                .map(|(index, step)| act(&fs, step, index as u8).is_ok())
                .collect();
            let left = LOSSES.map(|mode| visible(&fs.crash(mode, seed)));
            (done, fs.points(), fs.trace(), left)
        };
        let (done, points, trace, left) = run();
        prop_assert_eq!(points, trace.len() as u64);
        for (number, point) in trace.iter().enumerate() {
            prop_assert_eq!(point.number, number as u64);
            prop_assert_eq!(point.outcome == Outcome::Crashed, point.number == crash_at);
        }
        prop_assert!(points <= crash_at + 1);
        prop_assert_eq!((done, points, trace, left), run());
    }

    /// Whatever was synced, with its name, is there after any crash at any point: the promise all others rest on.
    #[test]
    fn what_was_synced_survives(
        before in prop::collection::vec(step(), 1..30),
        after in prop::collection::vec((4..8_u8, 0..3000_u16, any::<bool>()), 0..20),
        crash_at in 0..40_u64,
        seed: u64,
    ) {
        let fs = SimFs::new();
        let mut model = Model::default();
        for (index, step) in before.iter().enumerate() {
            let _ = act(&fs, step, index as u8 + 1);
            model.act(step, index as u8 + 1);
        }
        for &name in model.names.keys() {
            act(&fs, &Step::Sync(name), 0).unwrap();
        }
        fs.sync_dir(Path::new("/")).unwrap();
        fs.set_plan(FaultPlan::new().seed(seed).crash_at(fs.points() + crash_at));
        // Other files come and go.
        for &(name, len, remove) in &after {
            let path = PathBuf::from(format!("/{name}"));
            if let Ok(file) = fs.open(&path, OpenMode::CreateNew, Purpose::Other) {
                let _ = file.write_all_at(&vec![name; len as usize], 0);
                let _ = file.sync_data();
            } else if remove {
                let _ = fs.remove(&path);
            } else {
                let _ = fs.sync_dir(Path::new("/"));
            }
        }
        for mode in LOSSES {
            let left = visible(&fs.crash(mode, seed));
            for (path, bytes) in model.visible() {
                prop_assert_eq!(left.get(&path), Some(&bytes), "{} after {:?}", path.display(), mode);
            }
        }
    }
}
