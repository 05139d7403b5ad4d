// A picture of a page, for a book: node scripts/browser/picture.mjs URL FILE [SECONDS] [WIDTHxHEIGHT] [light|dark]
// Takes it after so many seconds, so that there is something in it that moves. Fails as the tests do.
import { browse } from "./browser.mjs";

const [url, file, seconds = "10", size = "1280x800", colorScheme = "light"] = process.argv.slice(2);
if (!file) {
  process.stderr.write("usage: node scripts/browser/picture.mjs URL FILE [SECONDS] [WIDTHxHEIGHT] [light|dark]\n");
  process.exit(2);
}
const [width, height] = size.split("x").map(Number);
await browse({ origin: url, options: { viewport: { width, height }, colorScheme } }, async ({ page }) => {
  await page.goto(url);
  await page.waitForTimeout(Number(seconds) * 1000);
  await page.screenshot({ path: file });
});
