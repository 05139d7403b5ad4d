// The page of a ledger's server: asks its HTTP interface, and shows the answers.
import { forgetKey, hasKey, ask, useKey } from "./ask.js";
import { account } from "./account.js";
import { entry } from "./entry.js";
import { status, trouble } from "./header.js";
import { overview } from "./overview.js";

const EVERY = 1000;
const element = (id) => document.getElementById(id);

// The view that is shown: `title`, `element`, and `load`, which fills the element. Views keep what they know, and `seen`: of which state that is, null if
// it has to look. One that was left fills an element that nobody sees any more.
let view = null;
let wake = () => {};

/** Has the view loaded again, at once. */
function poke() {
  view.seen = null;
  wake();
}

function open() {
  const path = location.hash.startsWith("#/") ? location.hash.slice(2) : "";
  // What somebody typed may be no encoding of anything.
  let parts = [];
  try {
    parts = path.split("/").map(decodeURIComponent);
  } catch {
    parts = [];
  }
  const first = view === null;
  if (parts[0] === "account" && parts[1]) view = account(parts[1], parts[2] === "statement", poke);
  else if (parts[0] === "entry" && parts[1]) view = entry(parts[1]);
  else view = overview(poke);
  element("main").replaceChildren(view.element);
  document.title = view.title === "" ? "Ledger" : view.title + " - Ledger";
  // Whoever follows a link with the keyboard goes on from where it leads.
  if (!first) element("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  tell("");
  poke();
}

function tell(text) {
  const place = element("problem");
  if (place.textContent !== text) place.textContent = text;
  place.hidden = text === "";
  element("main").classList.toggle("stale", text !== "");
}

function wantKey(wanted) {
  const form = element("key-form");
  element("forget").hidden = !hasKey();
  if (form.hidden !== wanted) return;
  form.hidden = !wanted;
  if (wanted) element("key").focus();
}

async function round() {
  const shown = view;
  try {
    const now = await status();
    // The hash is of all that ever happened: nothing changed that the view could show.
    if (now.hash !== shown.seen) {
      shown.seen = now.hash;
      await shown.load(now);
    }
    if (shown === view) tell("");
    wantKey(false);
  } catch (problem) {
    shown.seen = null;
    // That there is no key yet is no mistake of anybody's.
    const asked = problem.status === 401 && !hasKey();
    if (shown === view) tell(asked ? "" : problem.message);
    if (problem.status === 401) forgetKey();
    wantKey(problem.status === 401);
    element("forget").hidden = !hasKey();
    await trouble(problem);
  }
}

// One round after another, never two at a time; nobody looks at a page that is hidden, or waits for a key.
async function forever() {
  for (;;) {
    const pause = new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, EVERY);
    });
    if (!document.hidden && element("key-form").hidden) await round();
    await pause;
  }
}

element("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = element("key").value.trim();
  element("key").value = "";
  try {
    useKey(typed);
  } catch (problem) {
    tell(problem.message);
    return;
  }
  element("key-form").hidden = true;
  tell("");
  poke();
});

element("forget").addEventListener("click", () => {
  forgetKey();
  view = null;
  location.hash = "#/";
  location.reload();
});

element("find").addEventListener("submit", async (event) => {
  event.preventDefault();
  const id = element("find-id").value.trim();
  const says = element("found");
  says.textContent = "";
  if (id === "") return;
  try {
    for (const [where, path] of [["account", "/v1/accounts/"], ["entry", "/v1/transfers/"]]) {
      try {
        const it = await ask(path + encodeURIComponent(id));
        location.hash = "#/" + where + "/" + encodeURIComponent(it.id ?? id);
        return;
      } catch (problem) {
        if (problem.status !== 404) throw problem;
      }
    }
    says.textContent = "No account, transfer or transaction has the id " + id + ".";
  } catch (problem) {
    says.textContent = problem.message;
  }
});

addEventListener("hashchange", () => { if (location.hash !== "#main") open(); });
document.addEventListener("visibilitychange", () => wake());
open();
forever();
