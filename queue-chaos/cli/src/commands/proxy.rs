//! `queue-chaos proxy`: one proxy, by hand.

use std::io::BufRead as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;
use queue_chaos::proxy::{Direction, Proxy, Rule, Toxic};

use crate::exit::{End, Result, complain, print};
use crate::interrupt;

const HELP: &str = "\
On standard input, a command a line:
  add [up|down|both] TOXIC   add down latency 100ms jitter 20ms
  remove NUMBER              clear
  list                       statistics
  close                      closes all connections
Toxics: latency TIME [jitter TIME], bandwidth 200kbit/s, slow-close TIME, reset [after TIME], black-hole, partition,
        slicer BYTES [vary BYTES] [pause TIME], limit-data BYTES
Clients must be told the proxy's address: a Kafka broker needs it as advertised.listeners.";

/// A TCP proxy that makes connections slow, thin, cut and silent
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ProxyCommand {
    /// Where it listens; the port may be 0. Other than this machine's own clients can only reach it if you say so
    #[arg(long, default_value = "127.0.0.1:0", value_name = "HOST:PORT")]
    listen: String,
    /// Where it leads to
    #[arg(long, value_name = "HOST:PORT")]
    upstream: String,
    /// A toxic from the beginning: 'down latency 100ms'. May be given several times
    #[arg(long, value_name = "TOXIC")]
    toxic: Vec<String>,
}

fn address(text: &str) -> Result<SocketAddr> {
    let mut found = text.to_socket_addrs().map_err(|it| format!("{text}: {it}"))?;
    Ok(found.next().ok_or_else(|| format!("{text}: no such address"))?)
}

fn rule(text: &str) -> Result<Rule> {
    let (direction, toxic) = match text.split_once(' ') {
        Some((word, rest)) if word.parse::<Direction>().is_ok() => (word.parse()?, rest),
        _ => (Direction::Both, text),
    };
    Ok(Rule::new(toxic.parse::<Toxic>()?, direction))
}

impl ProxyCommand {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        let rules: Vec<Rule> = self.toxic.iter().map(|it| rule(it)).collect::<Result<_>>()?;
        let asked = interrupt::asked()?;
        let proxy = Proxy::listen(address(&self.listen)?, address(&self.upstream)?)?;
        for rule in rules {
            proxy.add(rule);
        }
        print(&format!(
            "{} leads to {}; ctrl-C ends it, `help` helps\n",
            proxy.local_addr(),
            self.upstream
        ))?;
        let (send, lines) = mpsc::sync_channel(16);
        // It waits for standard input for ever, and ends with the process.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::<_, std::io::Error>::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        while !interrupt::is_asked(&asked) {
            match lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => match command(&proxy, line.trim()) {
                    Ok(said) => print(&said)?,
                    Err(error) => complain(&*error),
                },
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                // No more commands; the proxy goes on.
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
        Ok(End::Ok)
    }
}

fn command(proxy: &Proxy, line: &str) -> Result<String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Ok(match word {
        "" => String::new(),
        "help" => format!("{HELP}\n"),
        "add" => format!("{}\n", proxy.add(rule(rest.trim())?)),
        "remove" => {
            let number = rest.trim();
            match proxy
                .rules()
                .into_iter()
                .find(|(id, _)| id.to_string() == format!("rule {number}"))
            {
                Some((id, _)) => {
                    proxy.remove(id);
                    "removed\n".to_owned()
                }
                None => return Err(format!("there is no rule {number:?}: `list`").into()),
            }
        }
        "clear" => {
            proxy.clear();
            "cleared\n".to_owned()
        }
        "list" => {
            let line = |(id, rule): (queue_chaos::proxy::RuleId, Rule)| {
                format!("{id}  {} {}\n", rule.direction, rule.toxic)
            };
            proxy.rules().into_iter().map(line).collect()
        }
        "statistics" => format!("{:?}\n", proxy.statistics()),
        "close" => {
            proxy.close_all();
            "closed\n".to_owned()
        }
        _ => return Err(format!("{word:?} is no command: `help`").into()),
    })
}
