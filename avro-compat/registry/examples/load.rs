//! How fast a registry is: `cargo run --release -p schema-registry --example load -- 127.0.0.1:8081 CLIENTS SECONDS`.
//!
//! Clients with a connection each register schemas that nobody has, then one that is there, then ask for ids. One line of JSON for each.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "what fails shall stop it, and this is what it is for"
)]

#[path = "../tests/support/client.rs"]
mod client;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use client::Client;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr =
        arguments.next().unwrap_or("127.0.0.1:8081".to_owned()).parse().unwrap();
    let clients: usize = arguments.next().map_or(16, |it| it.parse().unwrap());
    let seconds: u64 = arguments.next().map_or(5, |it| it.parse().unwrap());
    let run = std::process::id();

    measure("register", address, clients, seconds, |client, thread, number| {
        let size = (thread + 1) * 10_000_000 + number;
        let body = schema(run as usize * 100 + size);
        send(
            client,
            "POST",
            &format!("/subjects/load-{run}-{thread}-{number}/versions"),
            Some(&body),
        );
    });
    let body = schema(run as usize * 100 + 10_000_000);
    measure("register_again", address, clients, seconds, |client, _, _| {
        send(client, "POST", &format!("/subjects/load-{run}-0-0/versions"), Some(&body));
    });
    measure("look_up", address, clients, seconds, |client, _, _| {
        send(client, "POST", &format!("/subjects/load-{run}-0-0"), Some(&body));
    });
    measure("get_by_id", address, clients, seconds, |client, _, _| {
        send(client, "GET", "/schemas/ids/1", None);
    });
}

/// A record of ten fields, another one for every number.
fn schema(number: usize) -> String {
    let fields: Vec<_> = (0..10)
        .map(|at| format!(r#"{{"name":"field_{at}","type":["null","string"],"default":null}}"#))
        .collect();
    let text = format!(
        r#"{{"type":"record","name":"R{number}","namespace":"load","fields":[{}]}}"#,
        fields.join(",")
    );
    serde_json::json!({ "schema": text }).to_string()
}

fn send(client: &mut Client, method: &str, path: &str, body: Option<&str>) {
    let reply = client.send(method, path, body).unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn measure(
    what: &str,
    address: SocketAddr,
    clients: usize,
    seconds: u64,
    ask: impl Fn(&mut Client, usize, usize) + Sync,
) {
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|thread| {
                let ask = &ask;
                scope.spawn(move || {
                    let mut client = Client::new(address);
                    let mut times = Vec::new();
                    let mut number = 0;
                    while Instant::now() < end {
                        let asked = Instant::now();
                        ask(&mut client, thread, number);
                        times.push(asked.elapsed());
                        number += 1;
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    let took = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_micros();
    println!(
        "{}",
        serde_json::json!({
            "what": what,
            "clients": clients,
            "per_second": (times.len() as f64 / took).round(),
            "p50_us": at(0.5),
            "p99_us": at(0.99),
            "worst_us": at(1.0),
        })
    );
}
