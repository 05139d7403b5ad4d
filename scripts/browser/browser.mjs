// A browser for tests of pages: starts it, drives it, and fails for what no page of ours may do. scripts/browser.sh has put everything in place: in the
// target directory, or where BROWSER says.
//
//   import { browse } from ".../scripts/browser/browser.mjs";
//   await browse({ origin: "http://127.0.0.1:7080" }, async ({ page, check, eventually }) => { await page.goto("/"); ... });
//
// After the test no page may have asked another origin for anything, logged an error, thrown one, or violated its policy; what a test provokes, it says
// beforehand with `expect`. Nothing here is about how fast anything is: deadlines are for what hangs, and generous, since a machine with two cores that
// is busy takes its time.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

/** When something counts as hanging, in milliseconds. */
export const DEADLINE = 120_000;

function place(...path) {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  return resolve(process.env.BROWSER ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "browser"), ...path);
}

/**
 * Starts the browser: in its sandbox, where it can have one. It has none as root, and none in most containers; then it goes on without: it sees our own
 * pages only.
 */
async function launch() {
  const { chromium } = createRequire(place("node", "of.cjs"))("playwright-core");
  const root = process.getuid?.() === 0;
  let error;
  for (const sandbox of root ? [false] : [true, false]) {
    try {
      return await chromium.launch({
        executablePath: place("chromium"),
        chromiumSandbox: sandbox,
        timeout: DEADLINE,
        // A container's /dev/shm is small; nothing here needs a GPU, or the maker's services.
        args: ["--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
      });
    } catch (failed) {
      error = failed;
    }
  }
  throw error;
}

/** What a page did that it may not. */
class Watch {
  offences = [];
  #expected = [];

  constructor(origin) {
    this.origin = origin;
  }

  /** From now on, errors like this are part of the test. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  tell(what) {
    if (!this.#expected.some((it) => it.test(what))) this.offences.push(what);
  }

  on(page) {
    page.on("console", (it) => { if (["error", "warning"].includes(it.type())) this.tell("console: " + it.text()); });
    page.on("pageerror", (it) => this.tell("error: " + (it.stack ?? it)));
    page.on("dialog", (it) => { this.tell("dialog: " + it.message()); it.dismiss().catch(() => {}); });
    page.on("crash", () => this.tell("the page crashed"));
  }

  /** Lets nothing out to another origin, and says what tried. */
  async fence(context) {
    await context.route((url) => url.origin !== this.origin && !["data:", "blob:"].includes(url.protocol), (route) => {
      this.offences.push("a request to another origin: " + route.request().url());
      return route.abort();
    });
  }
}

/**
 * Looks again and again until `look` returns something true, and returns that. Only what never comes takes long.
 */
export async function eventually(what, look, deadline = DEADLINE) {
  const end = Date.now() + deadline;
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error("never happened: " + what + "; at last: " + (last?.message ?? last));
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** That two values are the same. */
export function same(what, found, expected) {
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(what + ": found " + JSON.stringify(found) + ", expected " + JSON.stringify(expected));
  }
}

/** That something holds. */
export function check(what, holds) {
  if (!holds) throw new Error("does not hold: " + what);
}

/** That nobody has to scroll a page sideways. */
export async function fitsItsWidth(page) {
  const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  check("the page is " + content + " wide in a window of " + width, content <= width);
}

/** The contrast of an element's text with what is behind it, as WCAG has it: from 1 to 21; text needs 4.5. */
export async function contrast(locator) {
  return locator.evaluate((element) => {
    const rgb = (text) => text.match(/[\d.]+/g).map(Number);
    const light = (color) => {
      const [r, g, b] = rgb(color).map((it) => (it / 255 <= 0.04045 ? it / 255 / 12.92 : ((it / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let behind = element;
    while (behind.parentElement && rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
}

/** Presses a key until the element has the keyboard: that it can be reached without a mouse. */
export async function reach(page, locator, key = "Tab", most = 200) {
  for (let pressed = 0; pressed < most; pressed += 1) {
    if (await locator.evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error("cannot be reached by keyboard: " + locator);
}

/**
 * Asks whoever runs this script to do something, with a line `do: something` on the standard output, and returns when a line on the standard input says that
 * it is done.
 */
export async function please(what) {
  try {
    await new Promise((done, reject) => {
      process.stdin.once("data", done);
      process.stdin.once("end", () => reject(new Error("nobody is there any more to: " + what)));
      process.stdin.resume();
      process.stdout.write("do: " + what + "\n");
    });
  } finally {
    process.stdin.pause();
  }
}

/**
 * Runs a test in a page of a fresh browser, and ends it, whatever happens. `origin` is where pages come from; `options` are of Playwright's contexts:
 * `viewport`, `colorScheme`, and so on. The test gets `page`, `context`, `expect`, and what this file exports. Its failure ends the process with 1, and a
 * picture of the page in BROWSER_FAILED, if that is set.
 */
export async function browse({ origin, options = {} }, test) {
  const watch = new Watch(new URL(origin).origin);
  const browser = await launch();
  let page;
  try {
    const context = await browser.newContext({ baseURL: origin, serviceWorkers: "block", ...options });
    context.setDefaultTimeout(DEADLINE);
    context.on("page", (it) => watch.on(it));
    await watch.fence(context);
    page = await context.newPage();
    await test({ page, context, expect: (pattern) => watch.expect(pattern), eventually, same, check, fitsItsWidth, contrast, reach });
    same("what pages did that they may not", watch.offences, []);
    process.stderr.write(browser.version() + (watch.offences.length === 0 ? ": passed\n" : "\n"));
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write((error.stack ?? error) + "\n" + watch.offences.map((it) => "besides: " + it + "\n").join(""));
    const picture = process.env.BROWSER_FAILED;
    if (picture && page) await page.screenshot({ path: picture, fullPage: true, timeout: DEADLINE }).catch(() => {});
  } finally {
    await browser.close();
  }
}
