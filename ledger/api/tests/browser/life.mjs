// From an empty ledger to its end: what the page says is to be done next is done exactly so, and works.
import { browse, please } from "../../../../scripts/browser/browser.mjs";
import { facts, healthy, rowsWhen, text } from "./seen.mjs";

const origin = process.argv[2];

await browse({ origin }, async ({ page, eventually, same, check, expect }) => {
  await page.goto("/");
  await healthy(page);
  const steps = [
    ["Trial balance", "There is no ledger yet.", "/v1/ledgers"],
    ["Accounts", "There are no accounts yet.", "/v1/accounts"],
    ["Latest transfers and transactions", "Nothing has happened yet.", "/v1/transfers"],
  ];
  for (const [table, says, path] of steps) {
    const shown = await rowsWhen(page, table, says, (it) => it.length === 1 && it[0].nothing?.startsWith(says));
    const [, url, body] = /curl -s (\S+) .*--data '(.*)'/.exec(shown[0].nothing);
    same("where to", url, origin + path);
    const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    check(path + " answers with " + response.status, response.ok);
  }
  await rowsWhen(page, "Latest transfers and transactions", "the transfer", (it) => it[0].Id === "100" && it[0].Amount === "12.50 EUR");
  await rowsWhen(page, "Accounts", "the accounts", (it) => it.length === 2 && it[0].Balance === "12.50 Dr" && it[1].Balance === "12.50 Cr");

  expect(/the server responded with a status of 503|net::ERR_/);
  await please("stop on an error");
  await eventually("it says that it stopped", async () => (await text(page, "health")) === "stopped");
  check("and why, and what to do", /stopped: .*What to do: .*start the server again/.test(await text(page, "problem")));
  same("what was known is still there", (await rowsWhen(page, "Accounts", "accounts", (it) => it.length === 2))[0].Balance, "12.50 Dr");
  check("it looks old", await page.locator("main.stale").isVisible());
  await page.getByRole("link", { name: "1", exact: true }).first().click();
  await eventually("a view that cannot be loaded says so", async () => (await text(page, "problem")).includes("stopped"));
  same("and shows nothing", await facts(page), {});

  await please("end");
  await eventually("nobody answers any more", async () => (await text(page, "health")) === "no answer");
  check("it says so", (await text(page, "problem")).includes("does not answer"));
});
