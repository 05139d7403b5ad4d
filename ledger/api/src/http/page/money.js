// Amounts as people read them. They come as strings of digits, and stay strings or BigInts: a JavaScript number would change them.
import { node } from "./table.js";

/** Minor units as major ones: "12345" in a currency with exponent 2 is "123.45". */
export function major(units, exponent) {
  const digits = units.padStart(exponent + 1, "0");
  return exponent === 0 ? digits : digits.slice(0, -exponent) + "." + digits.slice(-exponent);
}

/** By how much the one sum exceeds the other, and on which side: credits are "Cr". */
export function net(debits, credits) {
  const more = BigInt(credits) - BigInt(debits);
  return { units: String(more < 0n ? -more : more), side: more < 0n ? "Dr" : more > 0n ? "Cr" : "" };
}

/** The growth from one sum to a later one, with its sign; "" if there is none. */
export function growth(before, after) {
  const more = BigInt(after) - BigInt(before);
  return { units: String(more < 0n ? -more : more), side: more < 0n ? "-" : "" };
}

/**
 * A text to show an amount with. The space between groups of digits is drawn, not written: what is copied is the number.
 * Without a currency it is in minor units, and says so.
 */
export function amount(units, currency, { side = "", unit = false } = {}) {
  if (currency === undefined) return node("span", {}, units + " minor units");
  const [whole, fraction] = major(units, currency.exponent).split(".");
  const first = whole.length % 3 || 3;
  const groups = [whole.slice(0, first)];
  for (let at = first; at < whole.length; at += 3) groups.push(node("span", { class: "group" }, whole.slice(at, at + 3)));
  if (fraction !== undefined) groups.push("." + fraction);
  if (side === "-") groups.unshift("-");
  else if (side) groups.push(" " + side);
  if (unit) groups.push(" " + currency.code);
  return node("span", { class: "amount" }, ...groups);
}

/** What is owed: the difference of two sums, with its side. */
export function balance(debits, credits, currency) {
  const { units, side } = net(debits, credits);
  return amount(units, currency, { side });
}
