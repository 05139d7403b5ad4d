//! Every store against a plain list in memory, on sets of films drawn by chance.
//!
//! SQLite always; PostgreSQL where it is installed, and `MOVIES_POSTGRES=require` makes its absence a failure.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use movies_lab::Layout;
use movies_lab::answer::difference;
use movies_lab::data::{IMDB, Movie, Rating, TOMATOES};
use movies_lab::model::Model;
use movies_lab::postgres::Cluster;
use movies_lab::sqlite;
use movies_lab::store::Store;
use movies_lab::task::Task;
use proptest::prelude::*;

/// Few names, so that they meet; among them all that quoting and sorting can get wrong.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-C]",
        Just("O'Neil \"x\"".to_owned()),
        Just("é\\n{}$1".to_owned()),
        Just("Z".to_owned()),
        Just("a".to_owned())
    ]
}

fn maybe<T: Clone + std::fmt::Debug + 'static>(
    some: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    proptest::option::weighted(0.8, some).boxed()
}

fn ratings() -> impl Strategy<Value = Vec<Rating>> {
    (maybe((0..=100_i64, maybe(0..1_000_i64))), maybe(0..=100_i64)).prop_map(|(imdb, tomatoes)| {
        let imdb = imdb.map(|(score, votes)| Rating { source: IMDB.to_owned(), score, votes });
        let tomatoes =
            tomatoes.map(|score| Rating { source: TOMATOES.to_owned(), score, votes: None });
        imdb.into_iter().chain(tomatoes).collect()
    })
}

fn movie() -> impl Strategy<Value = Movie> {
    let money = || maybe(prop_oneof![0..5_i64, 0..1_000_000_000_000_i64]);
    let people = (maybe(name()), maybe(name()), maybe(name()));
    let kinds = (maybe(name()), maybe(name()), maybe(name()), maybe(40..240_i64));
    let day = (1990..2011, 1..=12, 1..=28)
        .prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"));
    ("\\PC{1,12}", day, people, kinds, (money(), money(), money(), money()), ratings()).prop_map(
        |(
            title,
            released,
            (genre, director, distributor),
            (certificate, creative_type, basis, minutes),
            money,
            ratings,
        )| Movie {
            id: 0,
            title,
            released,
            certificate,
            minutes,
            genre,
            creative_type,
            basis,
            director,
            distributor,
            budget: money.0,
            us_gross: money.1,
            world_gross: money.2,
            dvd_sales: money.3,
            ratings,
        },
    )
}

fn movies() -> impl Strategy<Value = Vec<Movie>> {
    proptest::collection::vec(movie(), 0..40).prop_map(|mut movies| {
        for (id, movie) in (1..).zip(&mut movies) {
            movie.id = id;
        }
        movies
    })
}

fn task() -> impl Strategy<Value = Task> {
    let id = || 1..45_i32;
    let limit = || prop_oneof![0..5_i64, Just(100)];
    let year = || (1990..2012).prop_map(|year| format!("{year}-06-15"));
    prop_oneof![
        id().prop_map(|id| Task::Lookup { id }),
        (year(), year(), limit()).prop_map(|(from, to, limit)| Task::Range { from, to, limit }),
        Just(Task::Group),
        limit().prop_map(|limit| Task::Join { limit }),
        (-20..20_i64, limit()).prop_map(|(margin, limit)| Task::AboveMean { margin, limit }),
        Just(Task::Unnest),
        year().prop_map(|since| Task::Schema { since }),
        name().prop_map(|from| Task::Rename { to: format!("{from} & Sons"), from }),
        (id(), 1..100_i64).prop_map(|(id, by)| Task::Votes { id, by }),
    ]
}

/// All tasks twice, so that what a change has left behind is found; and those at the end without being taken back.
fn agrees(store: &mut dyn Store, movies: &[Movie], tasks: &[Task]) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    model.load(movies).unwrap();
    store.load(movies).unwrap();
    let same = |store: &mut dyn Store, model: &mut Model, task: &Task| {
        let (answer, expected) = (store.ask(task).unwrap(), model.ask(task).unwrap());
        prop_assert_eq!(difference(&answer, &expected), None, "{}: {:?}", store.name(), task);
        Ok(())
    };
    for task in tasks.iter().chain(tasks) {
        model.change(task).unwrap();
        store.change(task).unwrap();
        same(store, &mut model, task)?;
        model.undo(task).unwrap();
        store.undo(task).unwrap();
        for movie in movies {
            same(store, &mut model, &Task::Lookup { id: movie.id })?;
        }
    }
    let mut all = [
        Task::Group,
        Task::Unnest,
        Task::Join { limit: 100 },
        Task::AboveMean { margin: 0, limit: 100 },
    ]
    .to_vec();
    // A field is added once, and no two distributors get one name.
    let (mut fields, mut names) = (0, 0);
    for task in tasks {
        let again = match task {
            Task::Schema { .. } => &mut fields,
            Task::Rename { .. } => &mut names,
            _ => continue,
        };
        *again += 1;
        if *again == 1 {
            model.change(task).unwrap();
            store.change(task).unwrap();
            all.push(task.clone());
        }
    }
    for task in &all {
        same(store, &mut model, task)?;
        assert!(!store.plan(&Task::Group).unwrap().is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_the_model(movies in movies(), tasks in proptest::collection::vec(task(), 1..8)) {
        let directory = tempfile::tempdir().unwrap();
        for layout in [Layout::Relational, Layout::Documents] {
            agrees(&mut *sqlite::open(directory.path(), layout).unwrap(), &movies, &tasks)?;
        }
    }
}

#[test]
fn postgres_answers_as_the_model() {
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    // Its server is another user than root.
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))
        .unwrap();
    let Some(cluster) = Cluster::start(directory.path(), &[("fsync", "off")]).unwrap() else {
        let required = std::env::var("MOVIES_POSTGRES").is_ok_and(|value| value == "require");
        assert!(!required, "MOVIES_POSTGRES=require, and there is no PostgreSQL");
        eprintln!("not run: there is no PostgreSQL here");
        return;
    };
    let config =
        ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(movies in movies(), tasks in proptest::collection::vec(task(), 1..8))| {
        for layout in [Layout::Relational, Layout::Documents] {
            agrees(&mut *cluster.open(layout).unwrap(), &movies, &tasks)?;
        }
    });
}

/// Both layouts have the indexes that they need, and use them.
#[test]
fn plans_say_which_index() {
    let directory = tempfile::tempdir().unwrap();
    let range =
        Task::Range { from: "1990-01-01".to_owned(), to: "1991-01-01".to_owned(), limit: 5 };
    let rename = Task::Rename { from: "A".to_owned(), to: "B".to_owned() };
    let schema = Task::Schema { since: "2000-01-01".to_owned() };
    for layout in [Layout::Relational, Layout::Documents] {
        let mut store = sqlite::open(directory.path(), layout).unwrap();
        store.load(&[]).unwrap();
        assert!(store.plan(&range).unwrap().contains("USING"), "{}", store.plan(&range).unwrap());
        assert!(store.plan(&range).unwrap().contains("INDEX movies_released"));
        assert!(store.plan(&rename).unwrap().contains("INDEX movies_distributor"));
        assert!(store.plan(&schema).unwrap().contains("INDEX movies_multiple"));
        // Looking at a plan has changed nothing: it can be looked at again, and the change made.
        store.plan(&schema).unwrap();
        store.change(&schema).unwrap();
        store.undo(&schema).unwrap();
    }
}
