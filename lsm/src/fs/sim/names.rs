//! Directories: the names that the process sees, those on the disk, and the journal between the two.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, ErrorKind},
    path::{Component, Path, PathBuf},
};

use super::random::Random;

/// The number of a file.
pub(super) type InodeId = u64;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Dir,
    File(InodeId),
}

/// A change of names that no directory sync has covered. Each is atomic, as in a journaling file system.
#[derive(Debug, Clone)]
enum Change {
    Add { path: PathBuf, node: Node },
    Remove { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf, inode: InodeId },
}

impl Change {
    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let (first, second) = match self {
            Self::Add { path, .. } | Self::Remove { path } => (path, None),
            Self::Rename { from, to, .. } => (from, Some(to)),
        };
        std::iter::once(first).chain(second)
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Add { path, node } => {
                names.insert(path.clone(), *node);
            }
            Self::Remove { path } => {
                names.remove(path);
            }
            Self::Rename { from, to, inode } => {
                names.remove(from);
                names.insert(to.clone(), Node::File(*inode));
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    current: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    pending: Vec<Change>,
}

/// The path without `.`, with `..` taken as the parent (there are no symbolic links).
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

impl Names {
    /// What is at a (normal) path. Roots (`/`, and the empty path before relative ones) always exist.
    pub(super) fn get(&self, path: &Path) -> Option<Node> {
        if path.parent().is_none() { Some(Node::Dir) } else { self.current.get(path).copied() }
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<InodeId> {
        match self.get(path) {
            Some(Node::File(inode)) => Ok(inode),
            Some(Node::Dir) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    /// Says why nothing can be created at the path, if so.
    pub(super) fn check_free(&self, path: &Path) -> io::Result<()> {
        if self.get(path).is_some() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.check_dir(parent(path))
    }

    pub(super) fn check_dir(&self, path: &Path) -> io::Result<()> {
        match self.get(path) {
            Some(Node::Dir) => Ok(()),
            Some(Node::File(_)) => Err(ErrorKind::NotADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn children<'a>(
        &'a self,
        dir: &'a Path,
    ) -> impl Iterator<Item = (&'a PathBuf, Node)> {
        self.current
            .iter()
            .filter(move |(path, _)| path.parent() == Some(dir))
            .map(|(path, &node)| (path, node))
    }

    /// All files and what they are.
    pub(super) fn files(&self) -> impl Iterator<Item = (&PathBuf, InodeId)> {
        self.current.iter().filter_map(|(path, &node)| match node {
            Node::File(inode) => Some((path, inode)),
            Node::Dir => None,
        })
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.pending.push(change);
    }

    pub(super) fn add(&mut self, path: PathBuf, node: Node) {
        self.change(Change::Add { path, node });
    }

    pub(super) fn remove(&mut self, path: PathBuf) {
        self.change(Change::Remove { path });
    }

    pub(super) fn rename(&mut self, from: PathBuf, to: PathBuf, inode: InodeId) {
        self.change(Change::Rename { from, to, inode });
    }

    /// Adds a name on the disk, too, with its directories.
    pub(super) fn add_durable(&mut self, path: PathBuf, node: Node) {
        for dir in path.ancestors().skip(1).filter(|dir| dir.parent().is_some()) {
            self.current.insert(dir.to_owned(), Node::Dir);
            self.durable.insert(dir.to_owned(), Node::Dir);
        }
        // What is pending for this name, and whatever depends on that, is history.
        self.settle(|change| change.paths().any(|changed| *changed == path));
        self.current.insert(path.clone(), node);
        self.durable.insert(path, node);
    }

    /// Makes the names in a directory durable.
    pub(super) fn sync(&mut self, dir: &Path) {
        self.settle(|change| change.paths().any(|path| parent(path) == dir));
    }

    /// Makes all names durable.
    pub(super) fn sync_all(&mut self) {
        self.settle(|_| true);
    }

    /// Makes the wanted changes durable, and before them those that they build on: earlier ones of the same names.
    fn settle(&mut self, wanted: impl Fn(&Change) -> bool) {
        let mut names = BTreeSet::new();
        let mut chosen = vec![false; self.pending.len()];
        for (change, chosen) in self.pending.iter().zip(&mut chosen).rev() {
            if wanted(change) || change.paths().any(|path| names.contains(path)) {
                *chosen = true;
                names.extend(change.paths());
            }
        }
        let mut kept = Vec::new();
        for (change, chosen) in std::mem::take(&mut self.pending).into_iter().zip(chosen) {
            if chosen {
                change.apply(&mut self.durable);
            } else {
                kept.push(change);
            }
        }
        self.pending = kept;
    }

    /// Every file that has a name somewhere.
    pub(super) fn reachable(&self) -> BTreeSet<InodeId> {
        let pending = self.pending.iter().filter_map(|change| match change {
            Change::Add { node, .. } => Some(*node),
            Change::Rename { inode, .. } => Some(Node::File(*inode)),
            Change::Remove { .. } => None,
        });
        self.current
            .values()
            .chain(self.durable.values())
            .copied()
            .chain(pending)
            .filter_map(|node| match node {
                Node::File(inode) => Some(inode),
                Node::Dir => None,
            })
            .collect()
    }

    /// The names on the disk alone.
    pub(super) fn after_losing_all(&self) -> Self {
        Self::on_disk(self.durable.clone())
    }

    /// The names on the disk, and by the seed's choice some of the changes since: none before an earlier one of the
    /// same name.
    pub(super) fn after_power_loss(&self, random: &mut Random) -> Self {
        let mut names = self.durable.clone();
        let mut stuck = BTreeSet::new();
        // A journal commits in order, so "all up to here" should be as likely as any mixture.
        let in_order = random.coin();
        let end = random.up_to(self.pending.len() as u64) as usize;
        for (index, change) in self.pending.iter().enumerate() {
            let wanted = if in_order { index < end } else { random.coin() };
            if wanted && !change.paths().any(|path| stuck.contains(path)) {
                change.apply(&mut names);
            } else {
                stuck.extend(change.paths());
            }
        }
        Self::on_disk(names)
    }

    /// Drops what lies in directories that are not there.
    fn on_disk(names: BTreeMap<PathBuf, Node>) -> Self {
        let mut kept = BTreeMap::new();
        // In the order of paths, a directory comes before what is in it.
        for (path, node) in names {
            let parent = parent(&path);
            if parent.parent().is_none() || kept.get(parent) == Some(&Node::Dir) {
                kept.insert(path, node);
            }
        }
        Self { current: kept.clone(), durable: kept, pending: Vec::new() }
    }
}
