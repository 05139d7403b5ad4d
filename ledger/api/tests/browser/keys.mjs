// A server with keys: the page asks for one, says when it is wrong, and keeps it where nobody finds it.
import { browse } from "../../../../scripts/browser/browser.mjs";
import { rowsWhen, text } from "./seen.mjs";

const [origin, key] = process.argv.slice(2);

await browse({ origin }, async ({ page, context, eventually, same, check, expect }) => {
  const addresses = [];
  context.on("request", (it) => addresses.push(it.url()));
  expect(/the server responded with a status of 401/);
  const field = page.getByLabel("This server wants an API key");
  const wanted = () => eventually("a key is asked for", () => field.isVisible());
  const entered = async (it) => {
    await field.fill(it);
    await field.press("Enter");
  };
  const works = () => rowsWhen(page, "Accounts", "accounts", (it) => it.length === 25);

  await page.goto("/");
  await wanted();
  check("that is no mistake yet", await page.locator("#problem").isHidden());
  await eventually("its health is known without a key", async () => (await text(page, "health")) === "healthy");
  same("nothing else is", await page.locator("main tbody tr").count(), 0);
  await eventually("the keyboard is there", () => field.evaluate((it) => it === document.activeElement));
  same("it is not shown", await field.getAttribute("type"), "password");

  for (const [wrong, says] of [
    [key.slice(0, -1) + (key.endsWith("0") ? "1" : "0"), "No valid API key. What to do: "],
    ["nonsense", "No valid API key. What to do: "],
    ["two words", "That is no key"],
    ["schlüssel", "That is no key"],
  ]) {
    await entered(wrong);
    await eventually(wrong + ": " + says, async () => (await text(page, "problem")).includes(says) && (await field.isVisible()));
    same("it is not kept", [await field.inputValue(), await page.evaluate(() => sessionStorage.length)], ["", 0]);
  }

  await entered(key);
  await works();
  await eventually("nothing is wrong any more", () => page.locator("#problem").isHidden());
  check("nor asked", await field.isHidden());
  await page.reload();
  await works();
  same("cookies and what outlives the tab", [await context.cookies(), await page.evaluate(() => localStorage.length)], [[], 0]);
  check("the page does not hold it", !(await page.content()).includes(key));
  check("no address holds it", !addresses.some((it) => it.includes(key) || it.includes(encodeURIComponent(key))));

  const other = await context.newPage();
  await other.goto("/");
  await eventually("another tab does not know it", () => other.getByLabel("This server wants an API key").isVisible());
  await other.close();

  await page.getByRole("button", { name: "Forget the key" }).click();
  await wanted();
  same("it is forgotten", await page.evaluate(() => sessionStorage.length), 0);
  await page.reload();
  await wanted();
});
