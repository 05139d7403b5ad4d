// Walks through the page of a ledger with the content of content.rs.
import { join } from "node:path";
import { browse, please } from "../../../../scripts/browser/browser.mjs";
import { facts, healthy, onlyText, rows, rowsWhen, text } from "./seen.mjs";

const HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>";
const GREATEST_ID = "340282366920938463463374607431768211454";
const GREATEST = "99999999999999999999.999999999999999999";
const ONE = "90071992554682.93";

const units = (decimal) => BigInt((decimal || "0").replace(/[^0-9]/g, ""));

await browse({ origin: process.argv[2], options: { viewport: { width: 1280, height: 900 } } }, async (test) => {
  const { page, context, check, same, eventually, expect } = test;
  const pictures = process.env.BROWSER_PICTURES;

  // All of it.
  await page.goto("/");
  await healthy(page);
  const trial = await rowsWhen(page, "Trial balance", "three ledgers", (it) => it.length === 3);
  same("currencies", trial.map((it) => it.Currency), ["EUR", "JPY", "WEI18"]);
  same("debits are credits", trial.map((it) => it["Debits posted"]), trial.map((it) => it["Credits posted"]));
  same("differences", trial.map((it) => it.Difference), ["0.00", "0", "0.000000000000000000"]);
  same("sums", trial.map((it) => it["Debits posted"]), [ONE, "1234622", GREATEST]);
  same("pending", [trial[0]["Debits pending"], trial[0]["Credits pending"]], ["50.05", "50.05"]);
  same("the verdict", await text(page, "balanced"), "balanced");
  same("how many accounts", await text(page, "account-count"), "67");
  check("the operation is a number", /^[0-9]+$/.test(await text(page, "op")));
  check("the time is one", /^20[0-9]{2}-/.test(await text(page, "moment")));

  let accounts = await rowsWhen(page, "Accounts", "a page of accounts", (it) => it.length === 25);
  same("account 1", accounts[0], {
    Account: "1", Currency: "EUR", Code: "7", Balance: ONE + " Dr", "Debits posted": ONE, "Credits posted": "0.00", "Debits pending": "50.05",
    "Credits pending": "0.00", Flags: "",
  });
  const great = accounts.find((it) => it.Account === GREATEST_ID);
  same("the greatest amount", [great.Balance, great["Debits posted"]], [GREATEST + " Dr", GREATEST]);
  same("flags", accounts[1].Flags, "debits must not exceed credits");
  const button = (name) => page.getByRole("button", { name, exact: true });
  const turn = async (name, first, count) => {
    await button(name).click();
    await rowsWhen(page, "Accounts", name, (it) => it.length === count && it[0].Account === first);
  };
  await turn("Next", "119", 25);
  check("its place is said", (await page.getByText("26 to 50 of 67").count()) === 1);
  await turn("Last", "144", 17);
  check("there is nothing behind the end", await button("Next").isDisabled());
  await turn("Previous", "119", 25);
  await turn("First", "1", 25);

  const latest = await rowsWhen(page, "Latest transfers and transactions", "the latest", (it) => it.some((row) => row.Id === "3001"));
  const legs = latest.filter((it) => it.Id === "3000");
  same("legs", legs.map((it) => [it.Debit, it.Credit, it.Amount]),
    [["1", "", "3.00 EUR"], ["", "101", "2.00 EUR"], ["", "102", "1.00 EUR"], ["21", "", "50 JPY"], ["", "22", "50 JPY"]]);
  check("metadata is shown as it is", legs[0].Note.includes("<b>key</b>: " + HOSTILE) && legs[0].Note.includes("order: 9223372036854775807"));
  same("the exchange", latest.filter((it) => it.Id === "3001").map((it) => it.Amount), ["10.00 EUR", "10.00 EUR", "5 JPY", "4 JPY", "1 JPY"]);
  await onlyText(page);

  // While somebody looks at it, with the keyboard in it.
  const one = page.locator('table[aria-label="Accounts"] a[href="#/account/1"]');
  await one.focus();
  await please("transfer");
  await rowsWhen(page, "Accounts", "the transfer is seen", (it) => it[0].Balance === "90071992554683.00 Dr");
  await rowsWhen(page, "Latest transfers and transactions", "the transfer is the latest", (it) => it[0].Id === "4000" && it[0].Amount === "0.07 EUR");
  same("the keyboard is where it was", await one.evaluate((it) => it === document.activeElement), true);
  await eventually("the throughput is drawn", async () => (await page.locator("#chart polyline").getAttribute("points")).includes(" "));
  same("still balanced", (await rows(page, "Trial balance"))[0].Difference, "0.00");
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  if (pictures) await page.screenshot({ path: join(pictures, "ledger-page.png") });

  // One account.
  await one.click();
  await eventually("account 1", async () => (await facts(page)).Balance === "90071992554683.00 Dr");
  const about = await facts(page);
  same("the account's facts", [about.Currency, about.Code, about["User data 64"]], ["EUR, 2 decimal places", "7", "18446744073709551615"]);
  same("the address", new URL(page.url()).hash, "#/account/1");
  let moved = await rowsWhen(page, "Transfers of the account", "its transfers", (it) => it.some((row) => row.Id === "4000"));
  same("the newest comes first", moved[0].Id, "4000");
  await button("Older").click();
  const older = await rowsWhen(page, "Transfers of the account", "older ones", (it) => it.every((row) => row.Id !== "4000"));
  check("no transfer is on two pages", older.every((it) => !moved.some((row) => row.Id === it.Id)));
  await button("Older").click();
  await rowsWhen(page, "Transfers of the account", "yet older ones", (it) => it.every((row) => !older.some((seen) => seen.Id === row.Id)));
  await button("Newest").click();
  await rowsWhen(page, "Transfers of the account", "the newest again", (it) => it[0].Id === "4000");

  // Its statement: from nothing to what it has, every movement and the balance after it.
  await page.getByRole("link", { name: "Statement", exact: true }).click();
  let part = await rowsWhen(page, "Statement", "the first part", (it) => it.length === 102);
  same("the opening balance", [part[0].What, part[0].Balance], ["opening balance", "0.00"]);
  let lines = part.slice(1, -1);
  const carried = part[101];
  same("it goes on", carried.What, "balance carried forward");
  await button("Later part").click();
  part = await rowsWhen(page, "Statement", "the second part", (it) => it.length === 27);
  same("it goes on from there", part[0].Balance, carried.Balance);
  lines = [...lines, ...part.slice(1, -1)];
  same("the closing balance", [part[26].What, part[26].Balance], ["closing balance", "90071992554683.00 Dr"]);
  let balance = 0n;
  for (const line of lines) {
    balance += units(line.Debit) - units(line.Credit);
    same("the balance after " + line.Id, units(line.Balance), balance);
  }
  same("all movements together", balance, units("90071992554683.00"));
  same("what is reserved", lines.filter((it) => it["Debit pending"]).map((it) => [it.Id, it["Debit pending"], it.Debit]), [["2004", "50.05", ""]]);
  await page.getByLabel("From", { exact: true }).fill("2100-01-01");
  await button("Show").click();
  const none = await rowsWhen(page, "Statement", "a time when nothing happened", (it) => it.length === 2);
  same("its balances", none.map((it) => it.Balance), ["90071992554683.00 Dr", "90071992554683.00 Dr"]);
  await page.getByLabel("From", { exact: true }).fill("");
  await page.getByLabel("through", { exact: true }).fill("2001-01-01");
  await button("Show").click();
  await rowsWhen(page, "Statement", "a time before it all", (it) => it.length === 2 && it[1].Balance === "0.00");

  // Whatever has an id is found.
  const find = async (id) => {
    await page.getByLabel("Account, transfer or transaction").fill(id);
    await page.getByLabel("Account, transfer or transaction").press("Enter");
  };
  expect(/the server responded with a status of 40[04]/);
  await find("3000");
  await rowsWhen(page, "Movements", "the transaction", (it) => it.length === 5);
  const transaction = await facts(page);
  same("its metadata", [transaction["Metadata: order"], transaction["Metadata: paid"], transaction["Metadata: <b>key</b>"]],
    ["9223372036854775807", "true", HOSTILE]);
  await onlyText(page);
  await find("0xfffffffffffffffffffffffffffffffe");
  await eventually("the greatest id", async () => (await facts(page)).Balance === GREATEST + " Dr");
  await find("2002");
  await eventually("the refused transfer", async () => (await facts(page)).Kind === "refusal");
  const refused = await facts(page);
  check("why, and what to do: " + JSON.stringify(refused), refused.Note.startsWith("refused: ") && refused["What to do"] !== "");
  await find("2003");
  const after = await rowsWhen(page, "Balances after it", "the balances after it", (it) => it.length === 2);
  same("which", after.map((it) => it.Account), ["1", "2"]);
  await find("555");
  await eventually("nothing has that id", async () => (await text(page, "found")) === "No account, transfer or transaction has the id 555.");
  await find("<img src=x onerror=alert(3)>");
  await eventually("that is no id", async () => (await text(page, "found")).includes('"<img src=x onerror=alert(3)>" is no id'));
  await onlyText(page);
  await page.goto("/#/account/" + encodeURIComponent("<img src=x onerror=alert(4)>"));
  await eventually("nor in the address", async () => (await text(page, "problem")).includes("is no id"));
  await onlyText(page);
  await page.goto("/#/account/%");
  await rowsWhen(page, "Accounts", "an address that is none leads home", (it) => it.length === 25);
  await page.goBack();
  await eventually("and back", async () => (await text(page, "problem")).includes("is no id"));

  // A server that lies does not get further than the page's text.
  await context.route("**/v1/trial-balance", async (route) => {
    const answer = await route.fetch().then((it) => it.json());
    answer.ledgers[0].currency = HOSTILE;
    answer.ledgers[0].credits_posted = "1";
    answer.balanced = false;
    await route.fulfill({ json: answer });
  });
  await page.goto("/");
  const lies = await rowsWhen(page, "Trial balance", "what the server says", (it) => it.length === 3);
  same("its currency", lies[0].Currency, HOSTILE);
  same("its difference is calculated, not believed", lies[0].Difference, "90071992554682.99 Dr");
  same("what that means", await text(page, "balanced"), "NOT BALANCED");
  await onlyText(page);
  await context.unroute("**/v1/trial-balance");

  // In the dark, and in the light.
  await page.goto("/");
  await rowsWhen(page, "Accounts", "accounts", (it) => it.length === 25);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const grounds = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    grounds.push(await ground());
    for (const what of ["h1", "#health", "#balanced", "th", "td a", "td.number", "dt", "button:enabled", "footer", "footer a"]) {
      const found = await test.contrast(page.locator(what).first());
      check(what + " has a contrast of " + found.toFixed(1) + ", " + colorScheme, found >= 4.5);
    }
  }
  check("the dark is another ground than the light", grounds[0] !== grounds[1]);
  if (pictures) await page.screenshot({ path: join(pictures, "ledger-page-dark.png") });

  // On a phone.
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of ["/", "/#/account/" + GREATEST_ID, "/#/account/1/statement", "/#/entry/3000"]) {
    await page.goto(path);
    await eventually("something is shown at " + path, async () => (await page.locator("main tbody tr").count()) > 0 && page.locator("#problem").isHidden());
    await test.fitsItsWidth(page);
    if (pictures && path === "/") await page.screenshot({ path: join(pictures, "ledger-page-phone.png") });
  }

  // Without a mouse: the first stop leads past the header, a search needs no more than typing, and a link is followed by Enter.
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto("/");
  await rowsWhen(page, "Accounts", "accounts", (it) => it.length === 25);
  await page.keyboard.press("Tab");
  same("the first stop", await page.evaluate(() => document.activeElement.textContent), "To the content");
  await test.reach(page, page.getByLabel("Account, transfer or transaction"));
  await page.keyboard.type("2003");
  await page.keyboard.press("Enter");
  await rowsWhen(page, "Movements", "what was searched for", (it) => it.length === 1);
  await test.reach(page, page.locator('table[aria-label="Movements"] a[href="#/account/2"]'));
  await page.keyboard.press("Enter");
  await eventually("account 2", async () => (await facts(page)).Flags === "debits must not exceed credits");
  await test.reach(page, page.getByRole("link", { name: "Statement", exact: true }));
  await page.keyboard.press("Enter");
  await rowsWhen(page, "Statement", "its statement", (it) => it.length === 4);
});
