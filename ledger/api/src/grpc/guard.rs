//! What stands before every call: who asks, how many at a time, for how long; and what is counted of it.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tonic::codegen::Service;
use tonic::{Code, Status, body::Body};
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;

use super::Face;
use super::deadline::Deadline;
use super::outbox::{Outbox, Sent};
use super::v1::ledger_server::LedgerServer;
use crate::Problem;
use crate::keys::Scope;

/// The calls of the ledger, and what they take.
const CALLS: &[(&str, Scope)] = &[
    ("CreateLedgers", Scope::Admin),
    ("CreateAccounts", Scope::Write),
    ("CreateTransfers", Scope::Write),
    ("CreateTransactions", Scope::Write),
    ("LookupAccounts", Scope::Read),
    ("LookupEntries", Scope::Read),
    ("Query", Scope::Read),
    ("BalancesAt", Scope::Read),
    ("Statement", Scope::Read),
    ("TrialBalance", Scope::Read),
    ("Status", Scope::Read),
    ("Feed", Scope::Read),
    ("Checkpoint", Scope::Admin),
];

/// Whom a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    Ledger(&'static str, Scope),
    /// That it lives is no secret, and is said however busy it is.
    Health,
    Nobody,
}

impl Call {
    fn of(path: &str) -> Self {
        if let Some(name) = path.strip_prefix("/ledger.v1.Ledger/") {
            let found = CALLS.iter().find(|it| it.0 == name);
            return found.map_or(Self::Nobody, |(name, scope)| Self::Ledger(name, *scope));
        }
        match path {
            "/grpc.health.v1.Health/Check" | "/grpc.health.v1.Health/Watch" => Self::Health,
            _ => Self::Nobody,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ledger(name, _) => name,
            Self::Health => "Health",
            Self::Nobody => "none",
        }
    }
}

/// What answers the calls of one connection.
#[derive(Clone)]
pub(super) struct Guard {
    face: Face,
    ledger: LedgerServer<Face>,
    health: HealthServer<HealthService>,
    outbox: Outbox,
}

impl Guard {
    pub fn new(face: Face, health: HealthServer<HealthService>, outbox: Outbox) -> Self {
        let most = face.options.max_message_bytes;
        let ledger = LedgerServer::new(face.clone()).max_decoding_message_size(most);
        Self { face, ledger, health, outbox }
    }

    /// Lets a call through, or answers it.
    pub async fn answer(self, request: Request<Incoming>) -> Result<Response<Sent>, Infallible> {
        let call = Call::of(request.uri().path());
        let outbox = self.outbox.clone();
        if request.method() != Method::POST || !speaks_grpc(request.headers()) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Ok(outbox.send(response, None));
        }
        let face = self.face.clone();
        let (response, permit) = match self.admitted(call, request).await {
            Ok(answered) => answered,
            Err(status) => (status.into_http(), None),
        };
        let code = response.headers().get("grpc-status");
        let code = code.map_or(Code::Ok, |it| Code::from_bytes(it.as_bytes()));
        if matches!(
            code,
            Code::DeadlineExceeded | Code::ResourceExhausted | Code::Internal | Code::Unavailable
        ) {
            // The call has no secrets in it; metadata and messages might.
            (face.options.log)(&format!("grpc {}: {code:?}", call.name()));
        }
        face.metrics.called(call.name(), code);
        Ok(outbox.send(response, permit))
    }

    async fn admitted(
        mut self,
        call: Call,
        mut request: Request<Incoming>,
    ) -> Result<(Response<Body>, Option<OwnedSemaphorePermit>), Status> {
        let (name, scope) = match call {
            Call::Nobody => {
                let says = "there is no such call: see proto/ledger/v1/ledger.proto";
                return Err(Status::unimplemented(says));
            }
            Call::Health => return Ok((fine(self.health.call(request).await), None)),
            Call::Ledger(name, scope) => (name, scope),
        };
        let deadline = Deadline::new(request.headers(), self.face.options.timeout)?;
        request.extensions_mut().insert(deadline);
        let answered = async {
            let permit = self.face.permits.clone().acquire_owned().await;
            let permit = permit.map_err(|_| Problem::Closing)?;
            let has = self.face.keys.admit_bearer(request.headers()).await?;
            if has < scope {
                return Err(Problem::Forbidden(scope));
            }
            let answered = fine(self.ledger.call(request).await);
            // Feeds are counted by themselves: one that goes on for days is no work.
            Ok((answered, (name != "Feed").then_some(permit)))
        };
        // A call tells more of a deadline than this guard can: it has a moment more.
        let limit = deadline.answer + Duration::from_secs(1);
        let answered = tokio::time::timeout_at(limit.into(), answered).await;
        Ok(answered.unwrap_or(Err(Problem::Unknown))?)
    }
}

fn fine<T>(answered: Result<T, Infallible>) -> T {
    match answered {
        Ok(it) => it,
    }
}

/// No web page can say this without being asked whether it may.
fn speaks_grpc(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).map(|it| it.as_bytes());
    matches!(media, Some(b"application/grpc" | b"application/grpc+proto"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_proto_takes_a_scope() {
        let proto = include_str!("../../proto/ledger/v1/ledger.proto");
        let mut said = Vec::new();
        let mut scope = "";
        for line in proto.lines().map(str::trim) {
            if let Some((_, said)) = line.split_once("Scope: ") {
                scope = said.trim_end_matches('.');
            }
            if let Some(call) = line.strip_prefix("rpc ") {
                said.push((call.split('(').next().unwrap(), scope.parse::<Scope>().unwrap()));
                scope = "";
            }
        }
        assert_eq!(said, CALLS);
    }

    #[test]
    fn paths() {
        let transfers = Call::Ledger("CreateTransfers", Scope::Write);
        assert_eq!(Call::of("/ledger.v1.Ledger/CreateTransfers"), transfers);
        assert_eq!(Call::of("/grpc.health.v1.Health/Check"), Call::Health);
        for other in ["", "/", "/ledger.v1.Ledger/", "/ledger.v1.Ledger/createtransfers", "Query"] {
            assert_eq!(Call::of(other), Call::Nobody, "{other}");
        }
    }
}
