// One transfer or transaction, with all that is known of it.
import { ask } from "./ask.js";
import { ofAccounts, ofLedger } from "./currencies.js";
import { entryTable, note, rows, shown } from "./entries.js";
import { amount, balance } from "./money.js";
import { facts, link, node, table, time } from "./table.js";

export function entry(id) {
  const about = node("div", { class: "about" });
  const moves = entryTable("Movements");
  const after = table("Balances after it", [
    { title: "Account", show: (it) => link("account", it.id) },
    { title: "Balance", number: true, show: (it) => balance(it.debits_posted, it.credits_posted, it.currency) },
    ...[["Debits posted", "debits_posted"], ["Credits posted", "credits_posted"], ["Debits pending", "debits_pending"],
      ["Credits pending", "credits_pending"]].map(([title, field]) => ({ title, number: true, show: (it) => amount(it[field], it.currency) })),
  ]);
  const element = node("div", {}, node("h2", {}, "Transfer or transaction " + id), about, node("h3", {}, "Movements"), moves.around,
    node("h3", {}, "Balances right after it"), after.around);
  let loaded = false;

  async function load() {
    // What has happened does not change any more.
    if (loaded) return;
    const it = await ask("/v1/transfers/" + encodeURIComponent(id));
    const exchange = it.exchange ?? null;
    const optional = (title, value) => [title, value === undefined || String(value) === "0" ? null : String(value)];
    about.replaceChildren(facts([
      ["Kind", it.kind],
      ["Time (UTC)", time(it.timestamp)],
      ["In nanoseconds", it.timestamp],
      optional("Code", it.code),
      ["Note", note({ ...it, metadata: {} }) || null],
      ["What to do", it.do],
      ["Of the pending transfer", it.pending_id && it.pending_id !== "0" ? link("entry", it.pending_id) : null],
      optional("Times out after (s)", it.timeout),
      ["Rate", exchange && exchange.rate.numerator + "/" + exchange.rate.denominator + ", rounded " + exchange.rounding.replace("_", " ")],
      ["Residue posted to", exchange && link("account", exchange.residue)],
      ...["128", "64", "32"].map((bits) => optional("User data " + bits, it["user_data_" + bits])),
      ...Object.entries(it.metadata ?? {}).map(([key, value]) => ["Metadata: " + key, shown(value)]),
    ]));
    moves.fill(it.kind === "refusal" ? [] : await rows([it]), "None: it was refused.");
    after.fill(await balances(it), "None: it was refused.");
    loaded = true;
  }
  return { title: "Transfer " + id, element, load };
}

async function balances(it) {
  if (it.kind === "refusal") return [];
  if (it.kind === "transaction") {
    const currencies = await ofAccounts(it.legs.map((leg) => leg.account_id));
    return it.legs.map((leg) => ({ id: leg.account_id, ...leg.balances, currency: currencies.get(leg.account_id) }));
  }
  const currency = await ofLedger(it.ledger);
  return [{ id: it.debit_account_id, ...it.debit, currency }, { id: it.credit_account_id, ...it.credit, currency }];
}
