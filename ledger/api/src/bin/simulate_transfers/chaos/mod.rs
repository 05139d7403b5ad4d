//! Chaos: a server that is killed again and again, clients that insist, and at the end a proof that every cent is accounted for.

mod child;
mod history;
mod model;
mod proof;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ledger_api::client::{Client, ClientOptions};

use self::child::Child;
use self::history::History;
use crate::arguments::Arguments;
use crate::live::Live;
use crate::random::Random;
use crate::{Done, accounts, report};

/// How long the server lives between two kills, in milliseconds.
const LIVES: (u64, u64) = (200, 1_800);

/// Runs all of it.
pub fn run(arguments: &Arguments) -> Done {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("ledger_api"),
    };
    let (data, own) = match &arguments.data {
        Some(data) => (data.clone(), false),
        None => (fresh_directory()?, true),
    };
    report::say(&format!("the server's directory is {}", data.display()));
    let proven = chaos(arguments, &program, &data);
    match (&proven, own) {
        (Ok(()), true) => {
            std::fs::remove_dir_all(&data)?;
            std::fs::remove_file(data.with_extension("log"))?;
        }
        // What went wrong can be looked at.
        _ => report::say(&format!("the directory stays: {}", data.display())),
    }
    proven
}

fn fresh_directory() -> Done<PathBuf> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let name = format!("ledger-chaos-{}-{}", std::process::id(), since.as_nanos());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir(&directory)?;
    Ok(directory)
}

fn chaos(arguments: &Arguments, program: &Path, data: &Path) -> Done {
    let mut child = Child::start(program, data)?;
    let address = child.address();
    let options = ClientOptions::new(address)
        .deadline(Duration::from_secs(5))
        .patience(Duration::from_secs(60));
    let client = Client::new(options.clone());
    accounts::create(&client, 1, arguments.accounts.into())?;

    let live = Live::new(None, arguments.transfers);
    let done = AtomicBool::new(false);
    let mut kills = 0;
    let histories = std::thread::scope(|scope| {
        let watcher = (!arguments.json).then(|| scope.spawn(|| live.watch(&done)));
        let workers: Vec<_> = (0..arguments.connections)
            .map(|worker| {
                let (live, options) = (&live, &options);
                scope.spawn(move || {
                    let worked = worker::work(arguments, options, worker.into(), live);
                    if worked.is_err() {
                        live.stop();
                    }
                    worked
                })
            })
            .collect();
        let killed = kill_again_and_again(arguments, &mut child, &live, &mut kills, &|| {
            workers.iter().all(std::thread::ScopedJoinHandle::is_finished)
        });
        // The last one in the middle of everything: what is under way then stays unknown.
        live.stop();
        let ended = killed.and_then(|()| child.kill());
        let histories: Vec<_> =
            workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        if let Some(watcher) = watcher {
            watcher.thread().unpark();
        }
        ended.map(|()| histories)
    })?;
    kills += 1;
    let mut all = History::default();
    for history in histories {
        all.add(history.map_err(|_| "a worker panicked")??);
    }

    let child = Child::start_at(program, data, address)?;
    let proof = proof::prove(&client, all, arguments.accounts.into())?;
    // What is proven must also be what a server says that was stopped in order.
    let end = child.terminate()?;
    if !end.success() {
        return Err(format!("the server ended with {end} when it was asked to").into());
    }
    proof.print(arguments.json, kills);
    Ok(())
}

/// Kills the server at random until the time is over, the transfers are sent, or the workers are gone.
fn kill_again_and_again(
    arguments: &Arguments,
    child: &mut Child,
    live: &Live,
    kills: &mut u32,
    finished: &dyn Fn() -> bool,
) -> Done {
    let mut random = Random::new(arguments.seed);
    let begun = Instant::now();
    let length = arguments.length();
    loop {
        let enough = length.is_none_or(|it| begun.elapsed() >= it);
        let sent = length.is_some() || finished();
        if finished() || (enough && sent && *kills + 1 >= arguments.kills) {
            return Ok(());
        }
        let (least, most) = LIVES;
        let lives = Duration::from_millis(least + random.below(most - least));
        let until = Instant::now() + lives;
        while Instant::now() < until && !finished() {
            std::thread::sleep(Duration::from_millis(5));
            child.must_live()?;
        }
        child.kill()?;
        *kills += 1;
        let total = live.total();
        report::say(&format!(
            "killed after {} ms, {total} transfers answered so far",
            lives.as_millis()
        ));
        child.restart()?;
    }
}
