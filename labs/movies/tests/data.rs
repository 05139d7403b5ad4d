//! Reading `movies.json`: rows as they are in the real file, rows as they are in none, and anything at all.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use movies_lab::data::{Findings, IMDB, Movie, Rating, TOMATOES, copies, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

fn record(changes: Value) -> Value {
    let mut record = json!({
        "Title": "The Land Girls", "US Gross": 146_083, "Worldwide Gross": 146_083, "US DVD Sales": null, "Production Budget": 8_000_000,
        "Release Date": "Jun 12 1998", "MPAA Rating": "R", "Running Time min": null, "Distributor": "Gramercy", "Source": null,
        "Major Genre": null, "Creative Type": null, "Director": null, "Rotten Tomatoes Rating": null, "IMDB Rating": 6.1, "IMDB Votes": 1071
    });
    if let (Value::Object(record), Value::Object(changes)) = (&mut record, changes) {
        record.extend(changes);
    }
    record
}

fn read(records: &[Value]) -> (Vec<Movie>, Findings) {
    parse(&serde_json::to_vec(records).unwrap()).unwrap()
}

#[test]
fn the_first_row_of_the_file() {
    let (movies, findings) = read(&[record(json!({}))]);
    let expected = Movie {
        id: 1,
        title: "The Land Girls".to_owned(),
        released: "1998-06-12".to_owned(),
        certificate: Some("R".to_owned()),
        distributor: Some("Gramercy".to_owned()),
        budget: Some(8_000_000),
        us_gross: Some(146_083),
        world_gross: Some(146_083),
        ratings: vec![Rating { source: IMDB.to_owned(), score: 61, votes: Some(1_071) }],
        ..Movie::default()
    };
    assert_eq!(movies, [expected]);
    assert_eq!(findings, Findings { records: 1, ..Findings::default() });
}

#[test]
fn flaws_are_mended_and_counted() {
    let (movies, findings) = read(&[
        record(json!({"Title": 1776, "Release Date": "Nov 09 1972"})),
        record(json!({"Title": "LÈon", "Director": "Luc Besson", "Rotten Tomatoes Rating": 75})),
        record(
            json!({"Title": "Gone with the Wind", "Release Date": "Dec 15 2039", "US Gross": 0}),
        ),
    ]);
    assert_eq!(movies[0].title, "1776");
    assert_eq!(movies[1].title, "Léon");
    assert_eq!(
        movies[1].ratings[1],
        Rating { source: TOMATOES.to_owned(), score: 75, votes: None }
    );
    assert_eq!(movies[2].released, "1939-12-15");
    let expected = Findings {
        records: 3,
        numeric_titles: 1,
        wrong_code_page: 1,
        wrong_century: 1,
        zero_gross: 1,
        ..Findings::default()
    };
    assert_eq!(findings, expected);
}

#[test]
fn what_is_no_film_is_left_out_and_counted() {
    let (movies, findings) = read(&[
        json!(17),
        record(json!({"Title": null})),
        record(json!({"Title": "  "})),
        record(json!({"Title": "No day", "Release Date": "TBD"})),
        record(json!({"Title": "No day", "Release Date": null})),
        record(json!({})),
        record(json!({"US Gross": 1})),
        record(json!({"Release Date": "Jun 13 1998"})),
    ]);
    assert_eq!(
        movies.iter().map(|movie| (movie.id, movie.released.as_str())).collect::<Vec<_>>(),
        [(1, "1998-06-12"), (2, "1998-06-13")]
    );
    let expected = Findings {
        records: 8,
        no_record: 1,
        no_title: 2,
        no_day: 2,
        doubles: 1,
        ..Findings::default()
    };
    assert_eq!(findings, expected);
    assert_eq!(findings.left_out(), 6);
}

#[test]
fn values_that_cannot_be_are_unknown_and_counted() {
    let (movies, findings) = read(&[record(json!({
        "US Gross": -1, "Worldwide Gross": 1.5, "Production Budget": "much", "IMDB Rating": 6.15, "Rotten Tomatoes Rating": 101,
        "Running Time min": 1e300, "Director": ["a", "b"], "Distributor": "nul\u{0}"
    }))]);
    assert_eq!(
        (movies[0].us_gross, movies[0].world_gross, movies[0].budget, movies[0].minutes),
        (None, None, None, None)
    );
    assert_eq!(
        (&movies[0].director, &movies[0].distributor, movies[0].ratings.len()),
        (&None, &None, 0)
    );
    assert_eq!(findings.values_dropped, 8);
}

#[test]
fn no_list_is_an_error() {
    for text in ["", "{}", "[{]", "\"x\"", "[1,"] {
        assert!(
            parse(text.as_bytes())
                .unwrap_err()
                .to_string()
                .starts_with("the data are no JSON array")
        );
    }
    assert_eq!(parse(b"[]").unwrap().0, []);
}

#[test]
fn copies_have_names_of_their_own_and_share_companies() {
    let (movies, _) = read(&[record(json!({"Director": "D"})), record(json!({"Title": "Other"}))]);
    let all = copies(&movies, 3);
    assert_eq!(all.len(), 6);
    assert_eq!(all[..2], movies);
    assert_eq!(all.iter().map(|movie| movie.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        (all[4].title.as_str(), all[4].director.as_deref()),
        ("The Land Girls (3)", Some("D (3)"))
    );
    assert_eq!(all[5].director, None);
    assert!(all.iter().all(|movie| movie.distributor.as_deref() == Some("Gramercy")));
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "(Jan|Feb|[0-9]{1,4})[ -](Mar|[0-9]{1,2})[ -][0-9]{2,4}".prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn every_record_is_a_film_or_counted(records in proptest::collection::vec(
        proptest::collection::vec((0..16_usize, value()), 0..16), 0..8
    )) {
        let record_of = |changes: Vec<(usize, Value)>| {
            let mut base = record(json!({}));
            if let Value::Object(fields) = &mut base {
                let names: Vec<String> = fields.keys().cloned().collect();
                for (at, value) in changes {
                    fields.insert(names[at].clone(), value);
                }
            }
            base
        };
        let records: Vec<Value> = records.into_iter().map(record_of).collect();
        let (movies, findings) = read(&records);
        prop_assert_eq!(movies.len() + findings.left_out(), records.len());
        for movie in &movies {
            prop_assert!(movie.released.len() == 10 && !movie.title.trim().is_empty());
            prop_assert!(movie.ratings.iter().all(|rating| (0..=100).contains(&rating.score)));
        }
    }
}
