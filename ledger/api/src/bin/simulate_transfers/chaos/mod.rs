//! Chaos: a server that is killed again and again, clients that insist, and at the end a proof that every cent is accounted for.

mod child;
mod deaths;
mod history;
mod model;
mod proof;
mod room;
mod small_disk;
mod worker;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use ledger_api::client::{Client, ClientOptions};

use self::child::{Child, Setup};
use self::deaths::Deaths;
use self::history::History;
use self::room::Room;
use crate::arguments::Arguments;
use crate::live::Live;
use crate::{Done, accounts, report};

/// Small generations, so that the archive and snapshots are killed in the middle of their work, too.
const SMALL: &[&str] = &["5000"];
/// On a full disk: with small ones the archive is the first that has no room, and the server ends; with large ones the log is, and it refuses and goes on.
const SMALL_AND_LARGE: &[&str] = &["5000", "1000000"];

/// Runs all of it.
pub fn run(arguments: &Arguments) -> Done {
    if let Some(mount) = &arguments.mount {
        return on_a_small_disk(arguments, mount);
    }
    if let Some(data) = &arguments.data {
        return chaos(arguments, data).inspect_err(|_| stays(data));
    }
    let directory = fresh_directory()?;
    report::say(&format!("the server's directory is {}", directory.display()));
    let proven = if arguments.fill {
        small_disk::run_again(&directory.join("disk"), arguments.json)
    } else {
        chaos(arguments, &directory.join("data"))
    };
    // What went wrong can be looked at.
    proven.inspect_err(|_| stays(&directory))?;
    Ok(std::fs::remove_dir_all(&directory)?)
}

fn stays(directory: &Path) {
    report::say(&format!("the directory stays: {}", directory.display()));
}

fn fresh_directory() -> Done<PathBuf> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let name = format!("ledger-chaos-{}-{}", std::process::id(), since.as_nanos());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir(&directory)?;
    Ok(directory)
}

/// In the namespace, whose end is the end of the disk: what went wrong is copied out of it.
fn on_a_small_disk(arguments: &Arguments, mount: &Path) -> Done {
    small_disk::mount(mount, arguments.disk)?;
    chaos(arguments, mount).inspect_err(|_| {
        // It is an error already; without the copy there is less to look at.
        let _ = Command::new("cp").arg("-a").arg(mount).arg(mount.with_extension("copy")).status();
    })
}

fn chaos(arguments: &Arguments, directory: &Path) -> Done {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("ledger_api"),
    };
    std::fs::create_dir_all(directory)?;
    let room = if arguments.fill { Some(Room::of(directory)?) } else { None };
    let room = room.as_ref();
    let mut child = Child::start(Setup {
        program,
        data: if room.is_some() { directory.join("ledger") } else { directory.to_owned() },
        // Beside, where there is room.
        log: directory.with_extension("log"),
        generations: if room.is_some() { SMALL_AND_LARGE } else { SMALL },
    })?;
    let options = ClientOptions::new(child.address())
        .deadline(Duration::from_secs(5))
        .patience(Duration::from_secs(60));
    let client = Client::new(options.clone());
    accounts::create(&client, 1, arguments.accounts.into())?;

    let mut deaths = Deaths::default();
    let history = under_load(arguments, &options, &mut child, room, &mut deaths)?;
    deaths.restart(&mut child, None)?;
    let proof = proof::prove(&client, history, arguments.accounts.into())?;
    // What is proven must also be what a server says that was stopped in order.
    let end = child.terminate()?;
    if !end.success() {
        return Err(format!("the server ended with {end} when it was asked to").into());
    }
    let said = std::fs::read_to_string(directory.with_extension("log"))?;
    if let Some(line) = said.lines().find(|it| it.contains("panicked at")) {
        return Err(format!("the server panicked: {line}").into());
    }
    if let Some(file) = &arguments.statement {
        std::fs::write(file, &proof.statement)?;
    }
    proof.print(arguments.json, &deaths, room);
    Ok(())
}

/// Everybody at once: clients, deaths, and a disk that runs full.
fn under_load(
    arguments: &Arguments,
    options: &ClientOptions,
    child: &mut Child,
    room: Option<&Room>,
    deaths: &mut Deaths,
) -> Done<History> {
    let live = &Live::new(None, arguments.transfers, arguments.rate);
    let done = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = (!arguments.json).then(|| scope.spawn(|| live.watch(done)));
        let workers: Vec<_> = (0..arguments.connections)
            .map(|worker| {
                scope.spawn(move || {
                    worker::work(arguments, options, worker.into(), live, room)
                        .inspect_err(|_| live.stop())
                })
            })
            .collect();
        let filler = room.map(|room| {
            scope.spawn(move || {
                room.fill_again_and_again(arguments.seed, live).inspect_err(|_| live.stop())
            })
        });
        let died = deaths.again_and_again(arguments, child, live, room, &|| {
            workers.iter().all(ScopedJoinHandle::is_finished)
        });
        // The last one in the middle of everything: what is under way then stays unknown.
        live.stop();
        let killed = died.and_then(|()| child.kill());
        let histories: Vec<_> = workers.into_iter().map(ScopedJoinHandle::join).collect();
        let filled = filler.map(ScopedJoinHandle::join);
        done.store(true, Ordering::Relaxed);
        if let Some(watcher) = watcher {
            watcher.thread().unpark();
        }
        filled.transpose().map_err(|_| "the one who fills the disk panicked")?.transpose()?;
        killed?;
        deaths.kills += 1;
        let mut all = History::default();
        for history in histories {
            all.add(history.map_err(|_| "a worker panicked")??);
        }
        Ok(all)
    })
}
