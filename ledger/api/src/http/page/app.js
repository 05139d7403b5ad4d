// The page of a ledger's server: asks its HTTP interface, and shows the answers. Text only ever becomes text.
"use strict";

const PAGE = 25;
const element = (id) => document.getElementById(id);
const state = { key: sessionStorage.getItem("key") || "", offset: 0, next: null, account: null, events: null, rates: [] };

async function ask(path, body) {
  const headers = {};
  if (state.key) headers.Authorization = "Bearer " + state.key;
  const options = { headers };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    options.method = "POST";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw new Error("The server does not answer.");
  }
  const answer = await response.json();
  if (response.ok) return answer;
  if (response.status === 401) element("key-form").hidden = false;
  const error = answer.error || {};
  const problem = new Error((error.says || response.statusText) + (error.do ? ": " + error.do : "") + ".");
  problem.status = response.status;
  throw problem;
}

function tell(error) {
  const place = element("problem");
  place.hidden = !error;
  place.textContent = error ? error.message : "";
}

// One cell: a text, or a node.
function cell(content, kind) {
  const td = document.createElement("td");
  if (kind) td.className = kind;
  td.append(content === null || content === undefined ? "" : content);
  return td;
}

function fill(table, rows) {
  const body = element(table).tBodies[0];
  body.replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells);
    return row;
  }));
}

function link(text, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = text;
  button.addEventListener("click", action);
  return button;
}

// Nanoseconds since 1970 do not fit a number: milliseconds do.
function time(nanoseconds) {
  return new Date(Number(BigInt(nanoseconds) / 1000000n)).toISOString().replace("T", " ").replace("Z", "");
}

const number = (text) => cell(text, "number");

async function showStatus() {
  const status = await ask("/v1/status");
  element("op").textContent = status.op;
  element("accounts-count").textContent = status.accounts;
  element("pending").textContent = status.pending_transfers;
  const now = performance.now();
  const events = BigInt(status.events);
  if (state.events !== null && events >= state.events) {
    const rate = Number(events - state.events) * 1000 / (now - state.asked);
    element("rate").textContent = Math.round(rate).toLocaleString("en");
    state.rates.push(rate);
    state.rates.splice(0, state.rates.length - 120);
    const most = Math.max(1, ...state.rates);
    const points = state.rates.map((it, at) => (120 - state.rates.length + at) + "," + (29 - 28 * it / most).toFixed(2));
    element("chart").firstElementChild.setAttribute("points", points.join(" "));
  }
  state.events = events;
  state.asked = now;
}

async function showTrial() {
  const trial = await ask("/v1/trial-balance");
  const balanced = element("balanced");
  balanced.textContent = trial.balanced ? "balanced" : "NOT BALANCED";
  balanced.className = trial.balanced ? "good" : "bad";
  fill("trial", trial.ledgers.map((it) => [
    cell(String(it.ledger)), cell(it.currency),
    number(it.decimal.debits_posted), number(it.decimal.credits_posted),
    number(it.decimal.debits_pending), number(it.decimal.credits_pending),
  ]));
}

function accountRow(it) {
  return [
    cell(link(it.id, () => choose(it.id))), cell(String(it.ledger)), cell(String(it.code)), cell(it.flags.join(", ")),
    number(it.balances.debits_posted), number(it.balances.credits_posted),
    number(it.balances.debits_pending), number(it.balances.credits_pending),
  ];
}

async function showAccounts() {
  if (state.account !== null) {
    fill("accounts", [accountRow(await ask("/v1/accounts/" + encodeURIComponent(state.account)))]);
    element("previous").disabled = element("next").disabled = true;
    return;
  }
  const found = await ask("/v1/accounts?limit=" + PAGE + "&offset=" + state.offset);
  state.next = found.next;
  element("previous").disabled = state.offset === 0;
  element("next").disabled = found.next === null;
  fill("accounts", found.accounts.map(accountRow));
}

function entryRows(it) {
  const head = [cell(time(it.timestamp)), cell(it.kind), cell(it.id || it.pending_id)];
  if (it.kind === "refusal") return [[...head, cell(""), cell(""), cell(""), cell(""), cell(it.code), cell("")]];
  if (it.kind === "transaction") {
    return it.legs.map((leg) => [
      ...head.map((one) => one.cloneNode(true)),
      cell(leg.side === "debit" ? leg.account_id : ""), cell(leg.side === "credit" ? leg.account_id : ""),
      number(leg.amount), cell(""), cell(String(it.code)), cell(""),
    ]);
  }
  return [[
    ...head, cell(link(it.debit_account_id, () => choose(it.debit_account_id))),
    cell(link(it.credit_account_id, () => choose(it.credit_account_id))), number(it.amount),
    cell(it.ledger === undefined ? "" : String(it.ledger)), cell(it.code === undefined ? "" : String(it.code)),
    cell((it.flags || []).join(", ")),
  ]];
}

async function showEntries() {
  const query = { newest_first: true, limit: 50 };
  if (state.account !== null) query.account_id = state.account;
  const page = await ask("/v1/query", query);
  element("entries-title").textContent = state.account === null ? "Latest transfers" : "Latest transfers of account " + state.account;
  element("all").hidden = state.account === null;
  fill("entries", page.entries.flatMap(entryRows));
}

function choose(account) {
  state.account = account;
  refresh();
}

async function find(id) {
  try {
    state.account = (await ask("/v1/accounts/" + encodeURIComponent(id))).id;
    await refresh();
  } catch (error) {
    if (error.status !== 404) throw error;
    const entry = await ask("/v1/transfers/" + encodeURIComponent(id));
    element("entries-title").textContent = "Found";
    element("all").hidden = false;
    fill("entries", entryRows(entry));
    // What was found stays until somebody asks for something else.
    state.held = true;
  }
}

async function refresh() {
  state.held = false;
  await guarded(async () => {
    await showAccounts();
    await showEntries();
  });
}

async function guarded(action) {
  try {
    await action();
    tell(null);
  } catch (error) {
    tell(error);
  }
}

element("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  state.key = element("key").value;
  sessionStorage.setItem("key", state.key);
  element("key").value = "";
  element("key-form").hidden = true;
  round();
});
element("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const id = element("find-id").value.trim();
  if (id) guarded(() => find(id));
});
element("previous").addEventListener("click", () => { state.offset = Math.max(0, state.offset - PAGE); refresh(); });
element("next").addEventListener("click", () => { if (state.next !== null) { state.offset = state.next; refresh(); } });
element("all").addEventListener("click", () => choose(null));

async function round() {
  await guarded(async () => {
    await showStatus();
    await showTrial();
    if (!state.held) {
      await showAccounts();
      await showEntries();
    }
  });
}

// One round after another, never two at a time; nobody looks at a page that is hidden.
async function forever() {
  if (!document.hidden && element("key-form").hidden) await round();
  setTimeout(forever, 1000);
}
forever();
