//! The few requests of the registry's protocol that are needed.

use std::time::Duration;

use avro_compat::check::Mode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;

use crate::address::segment;
use crate::error::{Error, Result};
use crate::input::Text;

/// The variable that has user and password, which are never told.
const AUTH: &str = "SCHEMA_REGISTRY_AUTH";

const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// Answers may have as many bytes.
const MOST: u64 = 64 << 20;

/// What the registry calls a subject that it does not know.
const UNKNOWN_SUBJECT: i64 = 40401;

/// What the registry calls a subject that has no mode of its own.
const NO_MODE: i64 = 40408;

pub(super) struct Client {
    agent: Agent,
    /// Without a slash at the end.
    address: String,
    /// The value of the header.
    auth: Option<String>,
}

/// A type that is in another subject's schema.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What the reference is called: the type's full name.
    pub name: String,
    /// Where it is.
    pub subject: String,
    /// In which version.
    pub version: u32,
}

impl Reference {
    /// `NAME=SUBJECT:VERSION`
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = || {
            let (name, rest) = text.split_once('=')?;
            let (subject, version) = rest.rsplit_once(':')?;
            let version = version.parse().ok()?;
            let (name, subject) = (name.to_owned(), subject.to_owned());
            Some(Self { name, subject, version })
        };
        parts().ok_or_else(|| "expected NAME=SUBJECT:VERSION, with a number as version".to_owned())
    }

    fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let version = u32::try_from(value["version"].as_u64()?).ok()?;
        Some(Self { name: text("name")?, subject: text("subject")?, version })
    }
}

/// A version as the registry has it.
pub(super) struct Registered {
    pub text: Text,
    pub references: Vec<Reference>,
}

impl Client {
    pub(super) fn new(address: &str, timeout: Duration) -> Result<Self> {
        let wrong = |reason: &str| Err(Error::Address { reason: reason.to_owned() });
        let rest = match address.split_once("://") {
            Some(("http", rest)) => rest,
            Some(("https", rest)) if cfg!(feature = "tls") => rest,
            Some(("https", _)) => {
                return wrong(
                    "is one of https, for which this program must be built with `--features tls`",
                );
            }
            _ => return wrong("must begin with http:// or https://"),
        };
        if rest.split('/').next().is_some_and(|it| it.contains('@')) {
            return wrong(&format!("has a user in it: set {AUTH}=USER:PASSWORD instead"));
        }
        if rest.contains(['?', '#']) || rest.starts_with('/') || rest.is_empty() {
            return wrong("must be a host, perhaps a port and a path, and nothing else");
        }
        let auth = match std::env::var(AUTH) {
            Err(std::env::VarError::NotPresent) => None,
            Ok(pair) if pair.contains(':') => Some(format!("Basic {}", STANDARD.encode(pair))),
            _ => return Err(Error::Credentials { name: AUTH }),
        };
        let agent = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // Nobody else gets the password.
            .max_redirects(0)
            .user_agent(concat!("avro-compat/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self { agent, address: address.trim_end_matches('/').to_owned(), auth })
    }

    /// The mode of a subject, or the one that all have.
    pub(super) fn mode(&self, subject: &str) -> Result<Mode> {
        let path = format!("/config/{}?defaultToGlobal=true", segment(subject));
        let answer = match self.get(&path) {
            Ok(answer) => answer,
            // Registries that do not know the parameter.
            Err((Some(NO_MODE | UNKNOWN_SUBJECT), _)) => self.get("/config").map_err(|it| it.1)?,
            Err((_, error)) => return Err(error),
        };
        let name = answer["compatibilityLevel"].as_str().unwrap_or_default();
        name.parse().map_err(|it: avro_compat::Error| self.nonsense(&path, &it.to_string()))
    }

    /// The numbers of a subject's versions, the oldest first; none if there is no such subject.
    pub(super) fn versions(&self, subject: &str) -> Result<Vec<u32>> {
        let path = format!("/subjects/{}/versions", segment(subject));
        let answer = match self.get(&path) {
            Ok(answer) => answer,
            Err((Some(UNKNOWN_SUBJECT), _)) => return Ok(Vec::new()),
            Err((_, error)) => return Err(error),
        };
        let numbers = answer.as_array().and_then(|it| {
            it.iter().map(|it| u32::try_from(it.as_u64()?).ok()).collect::<Option<Vec<_>>>()
        });
        let mut numbers =
            numbers.ok_or_else(|| self.nonsense(&path, "expected an array of numbers"))?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A version of a subject.
    pub(super) fn version(&self, subject: &str, version: u32) -> Result<Registered> {
        let path = format!("/subjects/{}/versions/{version}", segment(subject));
        let answer = self.get(&path).map_err(|it| it.1)?;
        if let Some(other) = answer["schemaType"].as_str().filter(|it| *it != "AVRO") {
            return Err(self.nonsense(&path, &format!("the schema is one of {other}, not of Avro")));
        }
        let text = answer["schema"]
            .as_str()
            .ok_or_else(|| self.nonsense(&path, "it has no \"schema\""))?;
        let references = match &answer["references"] {
            Value::Null => Vec::new(),
            references => {
                let all = references.as_array().into_iter().flatten().map(Reference::of);
                let all: Option<_> = all.collect();
                all.ok_or_else(|| self.nonsense(&path, "a reference is not complete"))?
            }
        };
        let text = Text { name: format!("{}{path}", self.address), text: text.to_owned() };
        Ok(Registered { text, references })
    }

    /// Registers a schema; gives its id.
    pub(super) fn register(
        &self,
        subject: &str,
        schema: &str,
        references: &[Reference],
    ) -> Result<i64> {
        let path = format!("/subjects/{}/versions", segment(subject));
        let mut body = json!({"schema": schema});
        if !references.is_empty() {
            let all = references
                .iter()
                .map(|it| json!({"name": it.name, "subject": it.subject, "version": it.version}));
            body["references"] = all.collect();
        }
        let address = format!("{}{path}", self.address);
        let mut request = self.agent.post(&address).header("Accept", MEDIA_TYPE);
        request = request.header("Content-Type", MEDIA_TYPE);
        if let Some(auth) = &self.auth {
            request = request.header("Authorization", auth);
        }
        let answer = self.answer(&path, request.send(body.to_string())).map_err(|it| it.1)?;
        answer["id"].as_i64().ok_or_else(|| self.nonsense(&path, "it has no \"id\""))
    }

    /// An answer, or the registry's code and the error.
    fn get(&self, path: &str) -> Result<Value, (Option<i64>, Error)> {
        let mut request =
            self.agent.get(format!("{}{path}", self.address)).header("Accept", MEDIA_TYPE);
        if let Some(auth) = &self.auth {
            request = request.header("Authorization", auth);
        }
        self.answer(path, request.call())
    }

    fn answer(
        &self,
        path: &str,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, (Option<i64>, Error)> {
        let address = format!("{}{path}", self.address);
        let broken = |it: ureq::Error| {
            (None, Error::Connection { address: address.clone(), message: it.to_string() })
        };
        let mut response = response.map_err(broken)?;
        let status = response.status().as_u16();
        let body =
            response.body_mut().with_config().limit(MOST).read_to_string().map_err(broken)?;
        let value = serde_json::from_str::<Value>(&body);
        if (200..300).contains(&status) {
            return value.map_err(|it| (None, self.nonsense(path, &it.to_string())));
        }
        let value = value.unwrap_or_default();
        let message = value["message"].as_str().unwrap_or_default();
        // Some lines of it are enough for people.
        let message = message.chars().take(2_000).collect();
        Err((value["error_code"].as_i64(), Error::Refused { address, status, message }))
    }

    fn nonsense(&self, path: &str, message: &str) -> Error {
        Error::Answer { address: format!("{}{path}", self.address), message: message.to_owned() }
    }
}
