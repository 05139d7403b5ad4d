//! Lab 1-2: the same films in relational and in document stores. With `--json` it speaks the course runner's protocol on standard output: one event a line.

mod picture;
mod place;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use movies_lab::data::{copies, parse};
use movies_lab::measure::{rounds, tasks};
use movies_lab::model::Model;
use movies_lab::postgres::Cluster;
use movies_lab::store::Store;
use movies_lab::task::{Kind, QUERIES};
use movies_lab::{Error, Layout, Result, sqlite};

use crate::place::{Scratch, data_file};
use crate::report::{Loaded, Run, Tell, identical, results, with_latency};

/// The same films in relational and in document stores: eight queries, their answers compared, their latencies measured.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example: scripts/movies.sh && lab-movies --copies 1 --out out/movies\n\nThe course runs it: `just lab 1-2`."
)]
struct Arguments {
    /// The films: movies.json of vega-datasets. By default where scripts/movies.sh puts it.
    #[arg(long)]
    data: Option<PathBuf>,
    /// How many times the set, copies with ids, titles and directors of their own.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    copies: u32,
    /// How many rounds are measured, after one that is not.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Where results, plans and the picture go.
    #[arg(long, default_value = "out/lab/1-2")]
    out: PathBuf,
    /// Where the stores keep their files meanwhile; on a disk, and its path short.
    #[arg(long, default_value = "/var/tmp")]
    scratch: PathBuf,
    /// Events for the course runner, a line of JSON each.
    #[arg(long)]
    json: bool,
}

#[expect(clippy::print_stderr, reason = "this is where a program's errors go")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        // To the course runner a wrong answer is a measure, not a fault of the program.
        Ok(all_good) if all_good || arguments.json => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("lab-movies: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all answers were as they must be.
fn run(arguments: &Arguments) -> Result<bool> {
    let tell = Tell { json: arguments.json };
    let Some(file) = arguments.data.clone().or_else(data_file) else {
        for id in ["answers_identical", "stores_measured", "queries_measured"] {
            tell.not_measured(id, "no movies.json: scripts/movies.sh fetches it");
        }
        return Ok(true);
    };
    std::fs::create_dir_all(&arguments.out).map_err(|error| Error::io(&arguments.out, error))?;
    let bytes = std::fs::read(&file).map_err(|error| Error::io(&file, error))?;
    let (originals, findings) = parse(&bytes)?;
    tell.findings(&findings);
    let movies = copies(&originals, arguments.copies);

    let scratch = Scratch::new(&arguments.scratch)?;
    let sync = scratch.sync()?;
    let mut versions = vec![format!("SQLite {}", sqlite::version())];
    let mut stores = vec![
        sqlite::open(scratch.path(), Layout::Relational)?,
        sqlite::open(scratch.path(), Layout::Documents)?,
    ];
    if let Some(cluster) = Cluster::start(scratch.path(), &[])? {
        versions.push(format!("PostgreSQL {}", cluster.version()));
        stores.extend([cluster.open(Layout::Relational)?, cluster.open(Layout::Documents)?]);
        tell.measure("postgres_stores", 2, "stores");
    } else {
        tell.not_measured(
            "postgres_stores",
            "no PostgreSQL here (Debian and Ubuntu: apt install postgresql)",
        );
    }
    stores.extend(mongo(tell, &mut versions)?);
    tell.note(&format!(
        "{} films ({} times the set); {}; a durable write of 4 KiB below {} takes {:.0} us",
        movies.len(),
        arguments.copies,
        versions.join(", "),
        arguments.scratch.display(),
        sync.as_secs_f64() * 1e6
    ));

    let mut model = Model::default();
    model.load(&movies)?;
    let mut loaded = Vec::new();
    for store in &mut stores {
        tell.progress(0, arguments.rounds, &format!("loading: {}", store.name()));
        let begun = Instant::now();
        store.load(&movies)?;
        let load = begun.elapsed();
        loaded.push(Loaded { name: store.name().to_owned(), load, bytes: store.bytes()? });
    }
    let plans = plans(&mut stores, &movies)?;
    let measured = rounds(&mut stores, &mut model, &movies, arguments.rounds, &mut |done| {
        tell.progress(done, arguments.rounds, "rounds")
    })?;

    let run = Run {
        movies: movies.len(),
        copies: arguments.copies,
        rounds: arguments.rounds,
        findings: &findings,
        versions: &versions,
        sync,
        stores: &loaded,
        measured: &measured,
    };
    tell.run(&run);
    for (_, difference) in &measured.differences {
        tell.note(&format!("wrong: {difference}"));
    }
    tell.note(&format!(
        "{} answers were compared with those of a list in memory, row by row",
        measured.compared
    ));
    let out = |name: &str| arguments.out.join(name);
    tell.artefact(&out("results.json"), "All figures", &format!("{:#}\n", results(&run)))?;
    tell.artefact(&out("plans.txt"), "How each store goes about each query", &plans)?;
    tell.artefact(&out("latencies.svg"), "Latencies", &picture::latencies(&run)?)?;
    tell.measure("answers_identical", identical(&measured), "queries");
    tell.measure("stores_measured", stores.len(), "stores");
    tell.measure("queries_measured", with_latency(&measured), "queries");
    Ok(identical(&measured) == QUERIES)
}

/// MongoDB, if the environment names one and this program can speak to it.
fn mongo(tell: Tell, versions: &mut Vec<String>) -> Result<Option<Box<dyn Store>>> {
    let Ok(uri) = std::env::var("MONGODB_URI") else { return Ok(None) };
    #[cfg(feature = "mongodb")]
    {
        let _ = tell;
        let (store, version) = movies_lab::mongo::open(&uri)?;
        versions.push(format!("MongoDB {version}"));
        Ok(Some(store))
    }
    #[cfg(not(feature = "mongodb"))]
    {
        let (_, _) = (uri, versions);
        tell.note("MONGODB_URI is set, and this program was built without MongoDB: `cargo run --release -p movies-lab --features mongodb`");
        Ok(None)
    }
}

/// The plans of the first task of each kind, in every store.
fn plans(stores: &mut [Box<dyn Store>], movies: &[movies_lab::data::Movie]) -> Result<String> {
    let all = tasks(0, movies);
    let mut text = String::new();
    for kind in Kind::ALL {
        let Some(task) = all.iter().find(|task| task.kind() == kind) else { continue };
        text += &format!("{}: {task:?}\n\n", kind.name());
        for store in &mut *stores {
            let plan = store.plan(task)?;
            text += &format!("  {}\n", store.name());
            text.extend(plan.lines().map(|line| format!("    {line}\n")));
            text.push('\n');
        }
    }
    Ok(text)
}
