//! Waiting for sockets, until somebody says that something else has changed.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

/// Ends the [`wait`](Self::wait) of one thread. What has been stored before [`wake`](Self::wake) is seen by that thread afterwards.
#[derive(Debug)]
pub(super) struct Waker {
    reader: PipeReader,
    writer: PipeWriter,
    /// Whether a byte is in the pipe: there is never more than one.
    called: AtomicBool,
}

impl Waker {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { reader, writer, called: AtomicBool::new(false) })
    }

    pub(super) fn wake(&self) {
        if !self.called.swap(true, Ordering::AcqRel) {
            // The pipe is as open as this value, and has room for the one byte.
            let _ = (&self.writer).write_all(&[0]);
        }
    }

    /// Waits until a socket is ready for what is wanted of it (each of `sockets` is asked for these flags, and gets those that hold), for a call, or for
    /// the end of the time. Sockets that nothing is wanted of are left out.
    pub(super) fn wait<const N: usize>(
        &self,
        sockets: [(&dyn AsSocket, PollFlags); N],
        timeout: Option<Duration>,
    ) -> io::Result<[PollFlags; N]> {
        let mut polled = Vec::with_capacity(N + 1);
        polled.push(PollFd::new(&self.reader, PollFlags::IN));
        let wanted = sockets.iter().filter(|(_, flags)| !flags.is_empty());
        polled.extend(
            wanted.map(|(socket, flags)| PollFd::from_borrowed_fd(socket.socket(), *flags)),
        );
        let timeout = timeout.map(|time| Timespec {
            tv_sec: time.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        match rustix::event::poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
        let mut events = polled.iter().map(PollFd::revents);
        if events.next().is_some_and(|events| !events.is_empty()) {
            (&self.reader).read_exact(&mut [0])?;
            self.called.swap(false, Ordering::AcqRel);
        }
        Ok(sockets.map(|(_, flags)| match flags.is_empty() {
            true => flags,
            false => events.next().unwrap_or(flags),
        }))
    }
}

/// A socket of any kind.
pub(super) trait AsSocket {
    fn socket(&self) -> std::os::fd::BorrowedFd<'_>;
}

impl<S: AsFd> AsSocket for S {
    fn socket(&self) -> std::os::fd::BorrowedFd<'_> {
        self.as_fd()
    }
}
