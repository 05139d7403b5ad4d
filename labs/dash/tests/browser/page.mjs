// Walks through the page while the demo runs: every panel is drawn, by keyboard, on a phone, in the dark, and when its server goes.
import { join } from "node:path";
import { browse, please } from "../../../../scripts/browser/browser.mjs";

const IDS = ["producer-tps", "consumer-lag", "under-replicated", "lsm-bytes", "registry-requests", "ledger-transfers", "ledger-queue", "ledger-latency", "targets"];

await browse({ origin: process.argv[2], options: { viewport: { width: 1280, height: 1150 }, colorScheme: "light" } }, async (test) => {
  const { page, check, same, eventually, expect, fitsItsWidth, contrast, reach } = test;
  const pictures = process.env.BROWSER_PICTURES;
  const values = (id) => page.locator("#" + id + " .lines b").allTextContents();

  await page.goto("/");
  await eventually("every panel has figures", async () => {
    for (const id of IDS) {
      const all = await values(id);
      if (all.length === 0 || all.some((it) => it === "–" || it === "")) throw new Error(id + ": " + JSON.stringify(all));
    }
    return true;
  });
  same("panels", await page.locator("main section").evaluateAll((all) => all.map((it) => it.id)), IDS);
  check("no panel says that it is empty", (await page.locator(".empty:visible").count()) === 0);
  await eventually("targets are up", async () => (await page.locator("#servers .up").count()) === 3);
  check("something is drawn", await page.locator("#ledger-transfers canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((it) => it > 0);
  }));
  same("the expressions are there", await page.locator("#ledger-queue pre").textContent(), "sum(ledger_queue_requests)");

  // By keyboard.
  const plot = page.locator("#ledger-transfers .plot");
  const at = page.locator("#ledger-transfers .at");
  await reach(page, plot);
  same("before", await at.textContent(), "now");
  await page.keyboard.press("Home");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  check("a moment is said", /[0-9]/.test(await eventually("a moment", async () => ((await at.textContent()) !== "now" ? at.textContent() : null))));
  check("it is said to who cannot see it", /Ledger transfers, .*: .*ok .*\/s/.test(await plot.getAttribute("aria-label")));
  await page.keyboard.press("Escape");
  await eventually("now again", async () => (await at.textContent()) === "now");
  await reach(page, page.locator("#pause"), "Shift+Tab");
  await page.keyboard.press("Enter");
  same("it pauses", [await page.locator("#pause").textContent(), await page.locator("#pause").getAttribute("aria-pressed")], ["Go on", "true"]);
  await page.keyboard.press("Enter");
  same("and goes on", await page.locator("#pause").textContent(), "Pause");
  await page.locator("#range").selectOption("300");

  // Light and dark, and text that can be read in both.
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const part of ["h1", "#ledger-queue h2", "#ledger-queue .what", "#servers li", "footer p", "#pause", "#ledger-queue summary"]) {
      const found = await contrast(page.locator(part).first());
      check(colorScheme + ", " + part + ": contrast " + found.toFixed(1), found >= 4.5);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });

  if (pictures) await page.screenshot({ path: join(pictures, "dash.png") });

  // On a phone.
  await page.setViewportSize({ width: 360, height: 740 });
  await eventually("plots have followed", async () => page.locator("#producer-tps canvas").evaluate((it) => it.clientWidth < 360));
  await fitsItsWidth(page);
  if (pictures) await page.screenshot({ path: join(pictures, "dash-phone.png"), fullPage: true });

  // Its server goes.
  expect(/ERR_CONNECTION|Failed to load resource/);
  await please("end");
  await eventually("it is said that figures are old", async () => (await page.locator("#trouble").textContent()).startsWith("dash does not answer"));
});
