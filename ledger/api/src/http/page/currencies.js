// Which currency an account is in. Neither a ledger's currency nor an account's ledger ever changes, so that each is asked for once.
import { ask } from "./ask.js";

const ledgers = new Map();
const accounts = new Map();

/** The currencies of all ledgers, `{code, exponent}` by number. */
async function all() {
  for (const it of await ask("/v1/ledgers")) ledgers.set(it.id, { code: it.currency, exponent: it.exponent });
}

export async function ofLedger(ledger) {
  if (!ledgers.has(ledger)) await all();
  return ledgers.get(ledger);
}

/** Remembers the ledger of an account that was shown anyway. */
export function remember(account) {
  // A page that is left open for a month shall not hold every account that it has ever shown.
  if (accounts.size >= 5000) accounts.clear();
  accounts.set(account.id, account.ledger);
}

/** The currency of each of these accounts, by id. */
export async function ofAccounts(ids) {
  const missing = [...new Set(ids)].filter((it) => !accounts.has(it));
  for (let at = 0; at < missing.length; at += 8) {
    const some = missing.slice(at, at + 8).map((it) => ask("/v1/accounts/" + encodeURIComponent(it)));
    (await Promise.all(some)).forEach(remember);
  }
  const found = new Map();
  for (const id of ids) found.set(id, await ofLedger(accounts.get(id)));
  return found;
}
