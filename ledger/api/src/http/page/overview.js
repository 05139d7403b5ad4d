// All of the ledger: the trial balance, the accounts, what happened last.
import { ask } from "./ask.js";
import { ofLedger, remember } from "./currencies.js";
import { entryTable, rows } from "./entries.js";
import { amount, balance, net } from "./money.js";
import { buttons, link, node, table } from "./table.js";

const PAGE = 25;

/** What to type to go on, at this server. */
function next(says, path, body) {
  const key = " -H \"Authorization: Bearer $KEY\"";
  return node("div", {}, node("p", {}, says),
    node("pre", {}, "curl -s " + location.origin + path + " -H 'Content-Type: application/json' --data '" + JSON.stringify(body) + "'"),
    node("p", { class: "note" }, "If the server has API keys, add" + key + "."));
}

const noLedgers = () => next("There is no ledger yet. Define one with its currency and how many decimal places that has:",
  "/v1/ledgers", { id: 1, currency: "EUR", exponent: 2 });
const noAccounts = () => next("There are no accounts yet. Open two:", "/v1/accounts", [{ id: "1", ledger: 1, code: 1 }, { id: "2", ledger: 1, code: 1 }]);
const noEntries = () => next("Nothing has happened yet. Move money from account 1 to account 2:", "/v1/transfers",
  { id: "100", debit_account_id: "1", credit_account_id: "2", ledger: 1, code: 1, decimal: "12.50" });

export function overview(changed) {
  let offset = 0;
  let count = 0;
  const go = (to) => () => { offset = Math.max(0, to()); changed(); };
  const lastPage = () => Math.floor(Math.max(0, count - 1) / PAGE) * PAGE;

  const verdict = node("span", { id: "balanced", role: "status" });
  const sum = (field) => ({ number: true, show: (it) => amount(it[field], it) });
  const trial = table("Trial balance", [
    { title: "Ledger", show: (it) => String(it.ledger) },
    { title: "Currency", show: (it) => it.code },
    { title: "Difference", number: true, show: (it) => differences(it) },
    { title: "Debits posted", ...sum("debits_posted") },
    { title: "Credits posted", ...sum("credits_posted") },
    { title: "Debits pending", ...sum("debits_pending") },
    { title: "Credits pending", ...sum("credits_pending") },
  ]);
  const accounts = table("Accounts", [
    { title: "Account", show: (it) => link("account", it.id) },
    { title: "Currency", show: (it) => it.currency?.code ?? "" },
    { title: "Code", number: true, show: (it) => it.code },
    { title: "Balance", number: true, show: (it) => balance(it.debits_posted, it.credits_posted, it.currency) },
    ...[["Debits posted", "debits_posted"], ["Credits posted", "credits_posted"], ["Debits pending", "debits_pending"],
      ["Credits pending", "credits_pending"]].map(([title, field]) => ({ title, number: true, show: (it) => amount(it[field], it.currency) })),
    { title: "Flags", words: true, show: (it) => it.flags.join(", ").replaceAll("_", " ") },
  ]);
  const pages = buttons("Pages of accounts", [
    ["First", go(() => 0)], ["Previous", go(() => offset - PAGE)], ["Next", go(() => offset + PAGE)], ["Last", go(lastPage)],
  ]);
  const latest = entryTable("Latest transfers and transactions");
  const section = (title, ...content) => node("section", {}, node("h2", {}, ...[title].flat()), ...content);
  const element = node("div", {},
    section(["Trial balance ", verdict], trial.around), section("Accounts", accounts.around, pages), section("Latest", latest.around));

  async function load() {
    const sums = await ask("/v1/trial-balance");
    const none = sums.ledgers.length === 0;
    verdict.textContent = none ? "" : sums.balanced ? "balanced" : "NOT BALANCED";
    verdict.className = sums.balanced ? "good" : "bad";
    trial.fill(sums.ledgers.map((it) => ({ ...it, decimal: undefined, code: it.currency })), noLedgers());

    const found = await ask("/v1/accounts?limit=" + PAGE + "&offset=" + offset);
    count = found.count;
    const shown = [];
    for (const it of found.accounts) {
      remember(it);
      shown.push({ id: it.id, code: it.code, flags: it.flags, currency: await ofLedger(it.ledger), ...it.balances });
    }
    accounts.fill(shown, none ? "Accounts come after a ledger." : noAccounts());
    const end = offset + shown.length;
    pages.say(count === 0 ? "" : (offset + 1).toLocaleString("en") + " to " + end.toLocaleString("en") + " of " + count.toLocaleString("en"));
    pages.allow(offset > 0, offset > 0, found.next !== null, found.next !== null);

    const happened = await ask("/v1/query", { newest_first: true, limit: PAGE });
    latest.fill(await rows(happened.entries), count === 0 ? "Transfers come after accounts." : noEntries());
  }
  return { title: "", element, load };
}

/** What debits and credits differ by, posted and pending: 0 in a ledger that is in order. */
function differences(it) {
  const posted = net(it.debits_posted, it.credits_posted);
  const pending = net(it.debits_pending, it.credits_pending);
  const shown = [node("span", { class: posted.side ? "bad" : "good" }, amount(posted.units, it, { side: posted.side }))];
  if (pending.side) shown.push(node("span", { class: "bad" }, " pending ", amount(pending.units, it, { side: pending.side })));
  return shown;
}
