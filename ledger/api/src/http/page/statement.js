// The statement of an account: every movement of a span of time with the balance after it, from the opening to the closing.
import { ask } from "./ask.js";
import { note } from "./entries.js";
import { amount, balance, growth } from "./money.js";
import { buttons, link, node, table, time } from "./table.js";

const LINES = 100;

// Midnight of a day of an `<input type="date">`, in nanoseconds since 1970.
const midnight = (day) => BigInt(Date.parse(day + "T00:00:00Z")) * 1000000n;
const DAY = 86400n * 1000000000n;

export function statement(path, changed) {
  const from = node("input", { type: "date", id: "from" });
  const through = node("input", { type: "date", id: "through" });
  const form = node("form", {}, node("label", { for: "from" }, "From"), from, node("label", { for: "through" }, "through"), through,
    node("button", {}, "Show"), node("span", { class: "note" }, "whole days, UTC"));
  // Where each part begins; the first where the span does.
  let parts = [null];
  let next = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    parts = [null];
    changed();
  });
  const pages = buttons("Parts of the statement", [
    ["Earlier part", () => { parts.pop(); changed(); }],
    ["Later part", () => { parts.push(next); changed(); }],
  ]);
  // What a line moved is what its balances grew by: right for everything that can happen to an account.
  const moved = (sum, signed) => ({
    number: true,
    show: (it) => {
      if (it.before === undefined) return "";
      const { units, side } = growth(it.before[sum], it.balances[sum]);
      return units === "0" ? "" : amount(units, it.currency, { side: signed ? side : "" });
    },
  });
  const shown = table("Statement", [
    { title: "Time (UTC)", show: (it) => (it.timestamp ? time(it.timestamp) : "") },
    { title: "What", show: (it) => it.what },
    { title: "Id", show: (it) => (it.id ? link("entry", it.id) : "") },
    { title: "Debit", ...moved("debits_posted") },
    { title: "Credit", ...moved("credits_posted") },
    { title: "Debit pending", ...moved("debits_pending", true) },
    { title: "Credit pending", ...moved("credits_pending", true) },
    { title: "Balance", number: true, show: (it) => balance(it.balances.debits_posted, it.balances.credits_posted, it.currency) },
    { title: "Note", words: true, show: (it) => it.note ?? "" },
  ]);

  async function load(currency) {
    const begin = parts[parts.length - 1] ?? (from.value ? midnight(from.value) : 0n);
    const end = through.value ? "&through=" + (midnight(through.value) + DAY - 1n) : "";
    const found = await ask(path + "/statement?limit=" + LINES + "&from=" + begin + end);
    let before = found.opening;
    const lines = [{ what: "opening balance", balances: before, currency }];
    for (const { entry, balances } of found.lines) {
      lines.push({
        timestamp: entry.timestamp, what: entry.kind, id: entry.id ?? entry.pending_id, note: note(entry), before, balances, currency,
      });
      before = balances;
    }
    lines.push({ what: found.truncated ? "balance carried forward" : "closing balance", balances: found.closing, currency });
    next = found.truncated ? BigInt(found.lines[found.lines.length - 1].entry.timestamp) + 1n : null;
    shown.fill(lines, "");
    pages.say(parts.length > 1 ? "part " + parts.length : found.truncated ? "the first " + LINES + " lines" : "");
    pages.allow(parts.length > 1, next !== null);
  }
  return { element: node("section", {}, node("h3", {}, "Statement"), form, shown.around, pages), load };
}
