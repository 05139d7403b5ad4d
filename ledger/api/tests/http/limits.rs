//! Deadlines, back-pressure, large bodies, a disk without room.

use ledger_api::http::HttpOptions;
use ledger_api::service::ServiceOptions;
use serde_json::{Value, json};

use crate::support::{Server, Setup};

fn payment(id: u32) -> Value {
    json!({"id": id.to_string(), "debit_account_id": "1", "credit_account_id": "2", "amount": "5", "ledger": 1, "code": 1})
}

#[test]
fn an_expired_deadline_happened_never() {
    let server = Server::with_accounts(Setup::default());
    let gate = server.hold();
    let told = server
        .web()
        .header("X-Deadline-Ms", "1")
        .post("/v1/transfers", &payment(1))
        .problem(504, "expired");
    assert!(told.contains("nothing happened"), "{told}");
    server.web().header("X-Deadline-Ms", "1").get("/v1/accounts/1").problem(504, "expired");
    drop(gate);
    server.web().get("/v1/transfers/1").problem(404, "not_found");
    assert_eq!(server.web().post("/v1/transfers", &payment(1)).status, 201);
    server.web().header("X-Deadline-Ms", "soon").get("/v1/accounts/1").problem(400, "bad_request");
}

#[test]
fn a_full_queue_says_so() {
    let mut service = ServiceOptions::default();
    service.max_requests = 1;
    let server = Server::with_accounts(Setup { service, ..Setup::default() });
    let gate = server.hold();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| server.web().post("/v1/transfers", &payment(1)));
        while server.desk.waiting() == 0 {
            std::thread::yield_now();
        }
        let busy = server.web().post("/v1/transfers", &payment(2));
        assert!(busy.problem(503, "busy").contains("nothing happened"));
        assert_eq!(busy.header("retry-after"), Some("1"));
        // That it lives can be asked all the same.
        server.web().get("/health").ok();
        drop(gate);
        assert_eq!(waits.join().unwrap().status, 201);
    });
    server.web().get("/v1/transfers/2").problem(404, "not_found");
    let metrics = server.web().get("/metrics");
    assert!(metrics.body.contains("ledger_busy_total 1"), "{}", metrics.body);
    assert!(metrics.body.contains("kind=\"transfer\",code=\"ok\"} 1"), "{}", metrics.body);
}

#[test]
fn large_bodies() {
    let mut http = HttpOptions::default();
    http.max_body_bytes = 1_000;
    let server = Server::with_accounts(Setup { http, ..Setup::default() });
    let long = format!("[{}]", " ".repeat(2_000));
    server.web().send("POST", "/v1/transfers", Some(&long)).problem(413, "too_large");
    // One that does not say how long it is.
    let head = "POST /v1/transfers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("7d0\r\n{}\r\n0\r\n\r\n", " ".repeat(2_000));
    server.web().raw(format!("{head}{chunk}").as_bytes()).unwrap().problem(413, "too_large");
    assert_eq!(server.web().post("/v1/transfers", &payment(1)).status, 201);
}

#[test]
fn a_disk_without_room_refuses_and_goes_on_when_there_is_room() {
    let setup = Setup::default();
    let disk = std::sync::Arc::clone(&setup.disk);
    let server = Server::with_accounts(setup);
    let mut web = server.web();
    disk.set_capacity(Some(disk.used()));
    // Batches until the segment is full, and the next has no room.
    let mut id = 0;
    let refused = loop {
        let batch: Vec<Value> = (0..4_000).map(|at| payment(id + 1 + at)).collect();
        id += 4_000;
        let reply = web.post("/v1/transfers", &batch.into());
        if reply.status != 200 {
            break reply;
        }
        assert!(id < 1_000_000, "the disk never fills");
    };
    let told = refused.problem(507, "no_room");
    assert!(told.contains("nothing happened"), "{told}");
    web.get(&format!("/v1/transfers/{id}")).problem(404, "not_found");
    web.get("/health").ok();
    disk.set_capacity(None);
    assert_eq!(web.post("/v1/transfers", &payment(id)).status, 201);
}
