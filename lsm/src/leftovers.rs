//! Files that nobody needs any more and that could not be removed.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use crate::{
    Error, Event, EventListener,
    fs::{FileSystem, same_error},
    log::RemovalObserver,
};

/// Removal that failed is reported, and tried again now and then; what is still there at the end, the next open removes.
pub(crate) struct Leftovers {
    paths: Mutex<Vec<PathBuf>>,
    listener: Option<Arc<dyn EventListener>>,
}

impl fmt::Debug for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leftovers").field(&self.paths).finish()
    }
}

impl Leftovers {
    pub(crate) fn new(listener: Option<Arc<dyn EventListener>>) -> Self {
        Self { paths: Mutex::default(), listener }
    }

    /// Removes a file that nobody needs, now or later. Returns whether it is gone.
    pub(crate) fn remove(&self, fs: &dyn FileSystem, path: &Path) -> bool {
        fs.remove(path).map_err(|error| self.note(path, error)).is_ok()
    }

    fn note(&self, path: &Path, error: io::Error) {
        if error.kind() == io::ErrorKind::NotFound {
            return;
        }
        self.paths.lock().push(path.to_owned());
        if let Some(listener) = &self.listener {
            let error = Error::io("remove", path, error);
            listener.event(&Event::BackgroundError { error });
        }
    }

    /// Hears of segments that could not be removed.
    pub(crate) fn observer(self: &Arc<Self>) -> RemovalObserver {
        let leftovers = Arc::clone(self);
        Arc::new(move |path, error| {
            leftovers.note(path, same_error(error));
        })
    }

    /// Tries again, in silence.
    pub(crate) fn remove_again(&self, fs: &dyn FileSystem) {
        // Not under the lock: a removal may take long, and whoever drops a table notes its own.
        let mut paths = std::mem::take(&mut *self.paths.lock());
        if paths.is_empty() {
            return;
        }
        paths.retain(|path| {
            fs.remove(path).is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
        });
        self.paths.lock().append(&mut paths);
    }
}
