//! The log's next segment, made before it is needed: filling it with zeros in a commit would be a pause of some 50 ms.

use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use crate::{Error, Result, disk::Disk, log};

/// A thread that makes segments.
pub(super) struct Preparer {
    /// `None` when it is to end.
    asked: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The segment, by its first operation, for whose successor it was asked.
    for_segment: u64,
}

impl Preparer {
    pub(super) fn new(disk: Arc<dyn Disk>, segment_bytes: u64) -> Result<Self> {
        let (asked, requests) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("ledger-segments".into())
            .spawn(move || {
                for () in requests {
                    // The log tries for itself when it needs one, and tells of what is wrong then.
                    let _ = log::prepare(&*disk, segment_bytes);
                }
            })
            .map_err(|e| Error::io("start a thread for", "the log", e))?;
        Ok(Self { asked: Some(asked), thread: Some(thread), for_segment: 0 })
    }

    /// Asks for the successor of a segment, once.
    pub(super) fn prepare(&mut self, segment: u64) {
        if self.for_segment != segment
            && let Some(asked) = &self.asked
            && asked.try_send(()).is_ok()
        {
            self.for_segment = segment;
        }
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        self.asked.take();
        if let Some(thread) = self.thread.take() {
            // It left what the next opening can do without.
            let _ = thread.join();
        }
    }
}
