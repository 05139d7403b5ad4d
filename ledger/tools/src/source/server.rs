//! The feed of a server that runs, by HTTP.

use std::{
    io::{BufReader, Read as _},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use ledger_json::{Feed, Key};

use super::{Heard, Source};
use crate::{Error, Result};

/// How many changes wait for whoever takes them.
const WAITING: usize = 4096;
/// A server that says nothing for so long is taken for dead; one that lives says so every 15 seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// How much is read of an answer that is no feed.
const MAX_ANSWER: u64 = 64 << 10;

/// Which server, and from where on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// `http://HOST:PORT`.
    pub url: String,
    /// An API key with the scope `read`, if the server wants one.
    pub key: Option<String>,
    /// The first operation.
    pub from: u64,
    /// Whether it goes on with what is new; if not, it ends at what there was when it began.
    pub follow: bool,
}

/// Listens to a server on a thread of its own, which ends when this is dropped, at the latest when the server says something again.
#[derive(Debug)]
pub struct Server {
    heard: Receiver<Result<Heard>>,
}

impl Server {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// A URL that is none of a server; no thread to be had. That nobody answers is heard later.
    pub fn listen(options: ServerOptions) -> Result<Self> {
        let mut options = options;
        options.url.truncate(options.url.trim_end_matches('/').len());
        if options.url.starts_with("https://") {
            return Err(Error::Asked(format!(
                "{}: this program speaks no TLS; run it beside the server and say http://127.0.0.1:PORT, or go through a tunnel",
                options.url
            )));
        }
        if !options.url.starts_with("http://") {
            return Err(Error::Asked(format!(
                "{:?} is no server: it is http://HOST:PORT, as ledger_api says when it starts",
                options.url
            )));
        }
        let (tell, heard) = sync_channel(WAITING);
        thread::Builder::new().name("feed".to_owned()).spawn(move || {
            if let Err(error) = listen(&options, &tell) {
                // Nobody listens any more, if not.
                let _ = tell.send(Err(error));
            }
        })?;
        Ok(Self { heard })
    }
}

impl Source for Server {
    fn hear(&mut self, wait: Duration) -> Result<Heard> {
        match self.heard.recv_timeout(wait) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout) => Ok(Heard::Nothing),
            // It says so when there is nothing more; without a word only a bug ends it.
            Err(RecvTimeoutError::Disconnected) => Err(Error::Away {
                what: "the feed of the server".to_owned(),
                why: "nobody listens to it any more".to_owned(),
            }),
        }
    }
}

/// First what there is, with the server's word that it was all; then what is new.
fn listen(options: &ServerOptions, tell: &SyncSender<Result<Heard>>) -> Result<()> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .build()
        .into();
    let away = |why: String| Error::Away { what: format!("the feed of {}", options.url), why };
    let mut last = None;
    for follow in [false, true] {
        let mut feed = connect(&agent, options, last, follow)?;
        for change in feed.by_ref() {
            let change = change.map_err(|error| match error {
                ledger_json::Error::Io(error) => away(error.to_string()),
                ledger_json::Error::Ended { says, .. } => away(format!("the server says {says:?}")),
                error => error.into(),
            })?;
            last = Some(Key::of(&change));
            if tell.send(Ok(Heard::Change(Box::new(change)))).is_err() {
                return Ok(());
            }
        }
        if !feed.is_whole() {
            return Err(away(
                "it ended: the server has stopped, or the connection broke".to_owned(),
            ));
        }
        let said = if options.follow { Heard::CaughtUp } else { Heard::End };
        if tell.send(Ok(said)).is_err() || !options.follow {
            return Ok(());
        }
    }
    Ok(())
}

type Answer = BufReader<ureq::BodyReader<'static>>;

fn connect(
    agent: &ureq::Agent,
    options: &ServerOptions,
    last: Option<Key>,
    follow: bool,
) -> Result<Feed<Answer>> {
    let place = match last {
        Some(key) => format!("after={key}"),
        None => format!("from={}", options.from.max(1)),
    };
    let mut request = agent.get(format!("{}/v1/feed?{place}&follow={follow}", options.url));
    if let Some(key) = &options.key {
        request = request.header("Authorization", format!("Bearer {key}"));
    }
    let what = || format!("the feed of {}", options.url);
    let answer = request.call().map_err(|error| Error::Away {
        what: what(),
        why: format!("{error}: is the server running there?"),
    })?;
    let status = answer.status().as_u16();
    let body = answer.into_body().into_reader();
    if status == 200 {
        return Ok(Feed::new(BufReader::with_capacity(256 << 10, body)));
    }
    let mut said = String::new();
    // Whatever can be read of it helps.
    let _ = body.take(MAX_ANSWER).read_to_string(&mut said);
    let problem: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
    let word = |field| problem["error"][field].as_str().map(|it: &str| format!(": {it}"));
    let why = format!(
        "the server answers {status}{}{}",
        word("says").unwrap_or_default(),
        word("do").unwrap_or_default()
    );
    Err(match status {
        401 | 403 => Error::Asked(format!(
            "{}: {why}; put a key with the scope `read` into LEDGER_API_KEY",
            what()
        )),
        400..=499 => Error::Asked(format!("{}: {why}", what())),
        _ => Error::Away { what: what(), why },
    })
}
