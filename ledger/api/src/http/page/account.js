// One account: what it is, its balances, what happened to it, and its statement.
import { ask } from "./ask.js";
import { ofLedger, remember } from "./currencies.js";
import { entryTable, rows } from "./entries.js";
import { amount, balance } from "./money.js";
import { statement } from "./statement.js";
import { buttons, facts, node, time } from "./table.js";

const PAGE = 25;

export function account(id, wantsStatement, changed) {
  const path = "/v1/accounts/" + encodeURIComponent(id);
  const about = node("div", { class: "about" });
  const tab = (where, text, here) => node("a", { href: "#/account/" + encodeURIComponent(id) + where, ...(here ? { "aria-current": "page" } : {}) }, text);
  const part = wantsStatement ? statement(path, changed) : transfers(path, changed);
  const element = node("div", {},
    node("h2", {}, "Account " + id), about,
    node("nav", { "aria-label": "Parts of the account" }, tab("", "Transfers", !wantsStatement), tab("/statement", "Statement", wantsStatement)),
    part.element);
  let said = "";

  async function load() {
    const it = await ask(path);
    remember(it);
    const currency = await ofLedger(it.ledger);
    const own = it.balances;
    // What has not changed stays: somebody may be copying it.
    const says = JSON.stringify(it);
    if (says !== said) {
      about.replaceChildren(facts([
        ["Balance", balance(own.debits_posted, own.credits_posted, currency)],
        ["Debits posted", amount(own.debits_posted, currency)],
        ["Credits posted", amount(own.credits_posted, currency)],
        ["Debits pending", amount(own.debits_pending, currency)],
        ["Credits pending", amount(own.credits_pending, currency)],
        ["Currency", it.currency + ", " + currency.exponent + " decimal places"],
        ["Ledger", String(it.ledger)],
        ["Code", String(it.code)],
        ["Flags", it.flags.length > 0 ? it.flags.join(", ").replaceAll("_", " ") : "none"],
        ["Opened (UTC)", time(it.timestamp)],
        ...["128", "64", "32"].map((bits) => ["User data " + bits, String(it["user_data_" + bits])]).filter((pair) => pair[1] !== "0"),
      ]));
      said = says;
    }
    await part.load(currency);
  }
  return { title: "Account " + id, element, load };
}

/** What happened to the account, the newest first. */
function transfers(path, changed) {
  // Where each page begins: behind this timestamp. The newest page begins nowhere, and is the one that moves.
  const begins = [null];
  let next = null;
  const shown = entryTable("Transfers of the account");
  const pages = buttons("Pages of transfers", [
    ["Newest", () => { begins.length = 1; changed(); }],
    ["Newer", () => { begins.pop(); changed(); }],
    ["Older", () => { begins.push(next); changed(); }],
  ]);

  async function load() {
    const after = begins[begins.length - 1];
    const found = await ask(path + "/transfers?newest_first=true&limit=" + PAGE + (after === null ? "" : "&after=" + after));
    next = found.next;
    shown.fill(await rows(found.entries), "Nothing has happened to this account yet.");
    pages.say(begins.length > 1 ? "page " + begins.length : "");
    pages.allow(begins.length > 1, begins.length > 1, next !== null);
  }
  return { element: node("section", {}, node("h3", {}, "Transfers"), shown.around, pages), load };
}
