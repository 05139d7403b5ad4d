// The state of the server, and how much it does.
import { ask } from "./ask.js";
import { time } from "./table.js";

const SAMPLES = 120;
const element = (id) => document.getElementById(id);
const rates = [];
let last = null;

function say(id, text) {
  // What has not changed is not said again, to those who listen.
  if (element(id).textContent !== text) element(id).textContent = text;
}

function health(text, kind) {
  say("health", text);
  element("health").className = kind;
}

function draw(events) {
  const now = { events: BigInt(events), at: performance.now() };
  // A server that was started again counts anew.
  if (last !== null && now.events >= last.events && now.at > last.at) {
    rates.push(Number(now.events - last.events) * 1000 / (now.at - last.at));
    rates.splice(0, rates.length - SAMPLES);
    const most = Math.max(1, ...rates);
    const points = rates.map((it, at) => (SAMPLES - rates.length + at) + "," + (29 - 28 * it / most).toFixed(2));
    element("chart").firstElementChild.setAttribute("points", points.join(" "));
    say("rate", Math.round(rates[rates.length - 1]).toLocaleString("en"));
    say("most", Math.round(Math.max(...rates)).toLocaleString("en"));
  }
  last = now;
}

/** Asks for the state, shows it, and returns it. */
export async function status() {
  const it = await ask("/v1/status");
  health("healthy", "good");
  say("op", it.op);
  say("moment", time(it.timestamp).slice(0, 19));
  say("account-count", it.accounts.toLocaleString("en"));
  say("pending", it.pending_transfers.toLocaleString("en"));
  say("waiting", it.waiting.toLocaleString("en"));
  say("version", "ledger_api " + it.version);
  draw(it.events);
  return it;
}

/** Shows that something went wrong, and what that says of the server. */
export async function trouble(problem) {
  last = null;
  if (problem.code === "unreachable") return health("no answer", "bad");
  if (problem.code === "stopped") return health("stopped", "bad");
  try {
    // It takes no key to ask this.
    await ask("/health");
    health("healthy", "good");
  } catch (error) {
    health({ stopped: "stopped", closing: "stopping", unreachable: "no answer" }[error.code] ?? "in trouble", "bad");
  }
}
