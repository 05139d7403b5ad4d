//! `ledger feed`.

use std::time::Duration;

use super::{say, warn};
use crate::{
    Error, Result,
    carry::{Carried, carry, follow},
    cli::Feed,
    interrupt, open,
    source::{Directory, Server, ServerOptions, Source},
    target::{File, Position, Target},
};

pub(super) fn run(asked: &Feed, json: bool) -> Result<bool> {
    // clap does not see it: the directory excludes the server that `--follow` requires.
    if asked.follow && asked.server.is_none() {
        return Err(Error::Asked(
            "--follow needs --server URL: nothing new happens in a directory that no server has open".to_owned(),
        ));
    }
    let stop = interrupt::asked()?;
    let mut target = target(asked)?;
    let mut carried = Carried::default();
    let done = match (&asked.dir, &asked.server) {
        (Some(dir), _) => {
            let node = open(dir)?;
            target.open().and_then(|behind| {
                let through = node.state().op();
                let mut source = Directory::new(&node, first(asked, behind.as_ref()), through);
                carry(&mut source, target.as_mut(), behind.as_ref(), &stop, &mut carried)
            })
        }
        (None, Some(url)) => {
            let key = std::env::var("LEDGER_API_KEY").ok();
            let mut listen = |behind: Option<&Position>| {
                let (url, key, from) = (url.clone(), key.clone(), first(asked, behind));
                let server = Server::listen(ServerOptions { url, key, from, follow: asked.follow });
                server.map(|it| Box::new(it) as Box<dyn Source>)
            };
            if asked.follow {
                let mut report = |error: &Error, pause: Duration| {
                    warn(format_args!("{error}; asking again in {} s", pause.as_secs_f32()));
                };
                follow(&mut listen, target.as_mut(), &stop, &mut carried, &mut report)
            } else {
                target.open().and_then(|behind| {
                    let mut source = listen(behind.as_ref())?;
                    carry(source.as_mut(), target.as_mut(), behind.as_ref(), &stop, &mut carried)
                })
            }
        }
        (None, None) => Err(Error::Asked("say a directory, or --server URL".to_owned())),
    };
    if let (Err(_), Some(last)) = (&done, carried.last) {
        warn(format_args!("what is there for good ends with change {last}"));
    }
    done?;
    tell(asked, carried, json);
    Ok(true)
}

/// With which operation a source begins: what the target ends with is shown once more, to be compared.
fn first(asked: &Feed, behind: Option<&Position>) -> u64 {
    behind.map_or(asked.from.unwrap_or(1), |position| position.key.op)
}

fn target(asked: &Feed) -> Result<Box<dyn Target>> {
    #[cfg(feature = "kafka")]
    if let Some(options) = asked.kafka.options()? {
        return Ok(Box::new(crate::kafka::Sink::new(options)));
    }
    let path = asked.out.clone();
    let path = path.ok_or_else(|| Error::Asked("say --out FILE, or --kafka BROKERS".to_owned()))?;
    Ok(Box::new(File::new(path, asked.after)))
}

fn tell(asked: &Feed, Carried { changes, last }: Carried, json: bool) {
    let last = last.map(|it| it.to_string());
    #[cfg(feature = "kafka")]
    if let Some(topic) = &asked.kafka.topic {
        if json {
            say(serde_json::json!({ "changes": changes, "last": last, "topic": topic }));
        } else {
            let last = last.map_or("is empty".to_owned(), |last| format!("ends with {last}"));
            say(format_args!(
                "{changes} changes written, topic {topic} {last}; the same command goes on behind it"
            ));
        }
        return;
    }
    let out = asked.out.clone().unwrap_or_default();
    if json {
        say(serde_json::json!({ "changes": changes, "last": last, "file": out }));
    } else {
        let next = last.map_or(String::new(), |last| format!("; go on with `--after {last}`"));
        say(format_args!("{changes} changes in {}{next}", out.display()));
    }
}
