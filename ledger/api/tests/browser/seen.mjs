// What the page of a ledger shows, read as a user reads it.
import { check, eventually } from "../../../../scripts/browser/browser.mjs";

/** The rows of a table, by the titles of its columns. */
export function rows(page, name) {
  return page.locator(`table[aria-label="${name}"] tbody tr`).evaluateAll((all) =>
    all.map((row) => Object.fromEntries([...row.cells].map((it) => [it.dataset.title ?? "nothing", it.textContent]))));
}

/** The rows, when there are some that `are` says are right. */
export async function rowsWhen(page, name, what, are) {
  let found;
  try {
    await eventually(what, async () => are(found = await rows(page, name)));
  } catch (error) {
    throw new Error(error.message + "; the table shows " + JSON.stringify(found));
  }
  return found;
}

/** The facts of a view, by name. */
export function facts(page) {
  return page.locator("main .facts > div").evaluateAll((all) =>
    Object.fromEntries(all.map((it) => [it.querySelector("dt").textContent, it.querySelector("dd").textContent])));
}

export async function text(page, id) {
  return (await page.locator("#" + id).textContent()).trim();
}

export async function healthy(page) {
  await eventually("the server is healthy", async () => (await text(page, "health")) === "healthy");
}

/** That nothing that was written by others became anything but text. */
export async function onlyText(page) {
  const made = await page.locator("main :is(img, script, iframe, b, style, object), #problem *, #found *").count();
  check("what others wrote became " + made + " elements", made === 0);
}
