//! Twenty million transfers: the memory that a server takes meanwhile, and what a kill costs.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Result;
use super::load::{self, Shape};
use super::requests::{Accounts, debited, open_books};
use super::server::{Books, Server};

/// How many transfers are put in.
pub const TRANSFERS: u64 = 20_000_000;

/// How often memory is read.
const EVERY: Duration = Duration::from_millis(25);

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    /// The most anonymous memory while the first half went in, bytes.
    pub first: u64,
    /// The same for the second half.
    pub second: u64,
    /// The most memory of the process by the kernel's count, mapped files included, bytes.
    pub peak_resident: u64,
    /// Transfers a second over all of it.
    pub rate: f64,
    /// From the start of the process after the kill until it can be asked, seconds.
    pub recovery: f64,
    /// How many operations it did again meanwhile.
    pub replayed: u64,
}

impl Found {
    /// The most anonymous memory, bytes.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.first.max(self.second)
    }

    /// What each transfer of the second half added to the most there was.
    #[must_use]
    pub fn flat(&self, transfers: u64) -> f64 {
        self.second.saturating_sub(self.first) as f64 / (transfers / 2).max(1) as f64
    }
}

/// Puts transfers into new books below `files`, kills the server, and starts it again.
///
/// # Errors
/// A server's or a client's; books that lack what was acknowledged, or have what nobody asked for.
pub fn fill(files: &Path, transfers: u64) -> Result<Found> {
    let books = Books::new(files)?;
    let mut found = Found::default();
    let server = Server::start(books.path())?;
    open_books(&mut server.connect()?)?;
    let begun = Instant::now();
    let tally = load::run(&server, Shape::Batches, Accounts::Uniform, 0, |course| {
        while course.acknowledged() < transfers && !course.is_over() {
            let memory = server.memory()?;
            let first_half = course.acknowledged() < transfers / 2;
            let most = if first_half { &mut found.first } else { &mut found.second };
            *most = memory.anonymous.max(*most);
            found.peak_resident = found.peak_resident.max(memory.peak_resident);
            std::thread::sleep(EVERY);
        }
        found.rate = course.acknowledged() as f64 / begun.elapsed().as_secs_f64();
        course.expect_kill();
        server.kill()
    })?;
    // Not before it is gone is its directory free.
    drop(server);
    if tally.transfers < transfers {
        return Err(
            format!("{} of {transfers} transfers were acknowledged", tally.transfers).into()
        );
    }
    let server = Server::start(books.path())?;
    found.recovery = server.opening.as_secs_f64();
    found.replayed = server.ready.replayed;
    let there = debited(&mut server.connect()?)?;
    let (least, most) = (tally.amount, tally.amount + tally.unanswered);
    if !(least..=most).contains(&there) {
        return Err(format!(
            "{least} was acknowledged and {most} asked for; after a kill the books have {there}"
        )
        .into());
    }
    server.stop()?;
    Ok(found)
}
