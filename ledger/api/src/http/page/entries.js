// What happened, as rows: a transfer is one, a transaction as many as it has legs.
import { ofAccounts, ofLedger } from "./currencies.js";
import { amount } from "./money.js";
import { link, table, time } from "./table.js";

/** What is special about an entry, in words. */
export function note(it) {
  const flags = it.flags ?? [];
  const about = [];
  if (it.kind === "refusal") about.push("refused: " + it.says);
  if (it.kind === "expiry") about.push("its time ran out");
  if (flags.includes("post_pending")) about.push("posts " + it.pending_id);
  if (flags.includes("void_pending")) about.push("voids " + it.pending_id);
  about.push(...flags.filter((flag) => flag !== "post_pending" && flag !== "void_pending").map((flag) => flag.replaceAll("_", " ")));
  if (it.exchange) about.push("exchange");
  const keys = Object.keys(it.metadata ?? {});
  if (keys.length > 0) about.push(keys.map((key) => key + ": " + shown(it.metadata[key])).join(", "));
  return about.join("; ");
}

/** A value of metadata. */
export const shown = (value) => (typeof value === "object" && value !== null ? time(value.time) : String(value));

/** Entries as rows for `entryTable`. */
export async function rows(entries) {
  const legs = entries.flatMap((it) => (it.legs ?? []).map((leg) => leg.account_id));
  const expired = entries.filter((it) => it.kind === "expiry").map((it) => it.debit_account_id);
  const currencies = await ofAccounts([...legs, ...expired]);
  const all = [];
  for (const it of entries) {
    const head = { time: it.timestamp, kind: it.kind, id: it.id ?? it.pending_id, code: it.kind === "refusal" ? null : it.code, note: note(it) };
    if (it.kind === "transaction") {
      it.legs.forEach((leg, at) => all.push({
        ...head,
        note: at === 0 ? head.note : "",
        leg: "leg " + (at + 1) + " of " + it.legs.length,
        debit: leg.side === "debit" ? leg.account_id : null,
        credit: leg.side === "credit" ? leg.account_id : null,
        amount: leg.amount,
        currency: currencies.get(leg.account_id),
      }));
    } else if (it.kind === "refusal") {
      all.push(head);
    } else {
      const currency = it.kind === "expiry" ? currencies.get(it.debit_account_id) : await ofLedger(it.ledger);
      all.push({ ...head, debit: it.debit_account_id, credit: it.credit_account_id, amount: it.amount, currency });
    }
  }
  return all;
}

const account = (id) => (id ? link("account", id) : "");

export function entryTable(name) {
  return table(name, [
    { title: "Time (UTC)", show: (it) => time(it.time) },
    { title: "What", show: (it) => it.kind + (it.leg ? ", " + it.leg : "") },
    { title: "Id", show: (it) => link("entry", it.id) },
    { title: "Debit", show: (it) => account(it.debit) },
    { title: "Credit", show: (it) => account(it.credit) },
    { title: "Amount", number: true, show: (it) => (it.amount === undefined ? "" : amount(it.amount, it.currency, { unit: true })) },
    { title: "Code", number: true, show: (it) => it.code ?? "" },
    { title: "Note", words: true, show: (it) => it.note },
  ]);
}
