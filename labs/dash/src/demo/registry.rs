//! `schema-registry`, and schemas that come and are asked for.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use schema_registry::http::{self, HttpOptions, Server};
use schema_registry::registry::RegistryOptions;
use schema_registry::store::Store;
use serde_json::{Value, json};

use super::serve::Serving;
use crate::pace::Paced;
use crate::{Error, Result};

const PART: &str = "registry";
/// How often there is a request: twenty a second.
const EVERY: Duration = Duration::from_millis(50);
/// One in so many registers a schema, one in so many asks for what there is not.
const REGISTERS: u64 = 5;
const MISSES: u64 = 10;
/// Small, so that its database has something to flush.
const BUFFER: usize = 1 << 15;
/// Letters of documentation in a schema, which take room and mean nothing: an hour of the demo leaves some 40 MB of schemas.
const PADDING: usize = 3 << 10;

/// A registry under load. Its parts end in the order in which they stand here.
pub struct Registry {
    _load: Paced,
    web: Serving,
    _store: Closing,
}

/// Closes the database in the end.
struct Closing(Option<Store>);

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(store) = self.0.take() {
            // Whatever it says: the directory is about to go.
            let _ = store.close();
        }
    }
}

impl Registry {
    pub fn start(address: SocketAddr, directory: &Path) -> Result<Self> {
        let options = Store::options().write_buffer_bytes(BUFFER);
        let (store, state) = Store::open_with(directory, options).map_err(Error::demo(PART))?;
        let registry = schema_registry::registry::Registry::new(
            store.clone(),
            state,
            RegistryOptions::default(),
        );
        let router = http::router(Arc::new(registry), HttpOptions::default());
        let web = Serving::start(PART, address, |listener, stop| {
            http::serve(listener, router, Server::default(), stop)
        })?;
        let load = load(&format!("http://{}", web.address()))?;
        Ok(Self { _load: load, web, _store: Closing(Some(store)) })
    }

    pub fn address(&self) -> SocketAddr {
        self.web.address()
    }
}

fn load(base: &str) -> Result<Paced> {
    let base = base.to_owned();
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .proxy(None)
        .build();
    let agent: ureq::Agent = config.into();
    Paced::start("load: registry", EVERY, move |number| {
        // What became of it shows on the page.
        if number.is_multiple_of(REGISTERS) {
            let body = json!({"schema": schema(number / REGISTERS).to_string()}).to_string();
            let url = format!("{base}/subjects/tweets-value/versions");
            let _ = agent
                .post(&url)
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .send(body.as_str());
        } else if number % MISSES == 1 {
            let _ = agent.get(&format!("{base}/subjects/nothing/versions")).call();
        } else {
            let _ = agent.get(&format!("{base}/subjects/tweets-value/versions/latest")).call();
        }
    })
}

/// The schema of a number: each has another field with a default, which is compatible with the one before.
fn schema(number: u64) -> Value {
    // Letters that do not compress to nothing.
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let doc: String = (0..PADDING)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'a' + (state % 26) as u8)
        })
        .collect();
    json!({
        "type": "record",
        "name": "Tweet",
        "doc": doc,
        "fields": [
            {"name": "text", "type": "string"},
            {"name": format!("field_{number}"), "type": "string", "default": ""},
        ],
    })
}
