"use strict";
// Asks for what is new, keeps what was, and draws it. Nothing is sent to anybody but this page's own server.

const $ = (selector, of = document) => of.querySelector(selector);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const COLORS = 8;

/** All times, in seconds, and by panel and line as many values. */
const kept = { times: [], panels: new Map() };
const views = new Map();
let moments = 1800;
let every = 2000;
let last = 0;
let paused = false;

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

function time(seconds) {
  if (seconds === 0) return "0 s";
  for (const [unit, factor] of [["µs", 1e6], ["ms", 1e3]]) {
    if (seconds * factor < 1000) return plain.format(seconds * factor) + " " + unit;
  }
  return plain.format(seconds) + " s";
}

function bytes(count) {
  for (const [unit, factor] of [["GB/s", 1e9], ["MB/s", 1e6], ["kB/s", 1e3]]) {
    if (count >= factor) return plain.format(count / factor) + " " + unit;
  }
  return plain.format(count) + " B/s";
}

const shown = {
  per_second: (it) => compact.format(it) + "/s",
  bytes_per_second: bytes,
  seconds: time,
  count: (it) => compact.format(it),
  bool: (it) => (it >= 1 ? "up" : "down"),
};

/** A panel on the page. */
class View {
  constructor(panel) {
    this.panel = panel;
    this.root = $("#panel").content.cloneNode(true).firstElementChild;
    this.root.id = panel.id;
    $("h2", this.root).textContent = panel.title;
    $("h2", this.root).id = panel.id + "-title";
    this.root.setAttribute("aria-labelledby", panel.id + "-title");
    $(".what", this.root).textContent = panel.what;
    $("pre", this.root).textContent = panel.queries.join("\n");
    this.plot = $(".plot", this.root);
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("blur", () => {
      $(".lines", this.root).removeAttribute("aria-live");
      this.at(null);
    });
    this.names = null;
    this.index = null;
    $("#panels").append(this.root);
    new ResizeObserver(() => this.chart?.setSize(this.size())).observe(this.plot);
  }

  size() {
    return { width: Math.max(this.plot.clientWidth, 50), height: 190 };
  }

  value(it) {
    return it === null || it === undefined ? "–" : shown[this.panel.unit](it);
  }

  /** With these lines from now on. */
  build(names) {
    this.chart?.destroy();
    this.names = names;
    const axis = { stroke: css("--quiet"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 } };
    const bool = this.panel.unit === "bool";
    this.chart = new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        cursor: { sync: { key: "all" }, drag: { x: false, y: false }, points: { size: 7 } },
        scales: { y: { range: (_, __, most) => (bool ? [0, 1.2] : [0, most > 0 ? most * 1.1 : 1]) } },
        axes: [{ ...axis }, { ...axis, size: 70, splits: bool ? () => [0, 1] : undefined, values: (_, all) => all.map((it) => this.value(it)) }],
        series: [
          {},
          ...names.map((label, at) => ({
            label,
            stroke: css("--s" + (at % COLORS)),
            width: 2,
            dash: at >= COLORS ? [6, 4] : undefined,
            points: { show: false },
            spanGaps: false,
          })),
        ],
        hooks: { setCursor: [(chart) => this.tell(chart.cursor.idx ?? null)] },
      },
      this.data(),
      this.plot,
    );
    const lines = $(".lines", this.root);
    lines.replaceChildren(
      ...names.map((name, at) => {
        const line = document.createElement("li");
        const swatch = document.createElement("i");
        swatch.style.background = css("--s" + (at % COLORS));
        line.append(swatch, name, document.createElement("b"));
        return line;
      }),
    );
  }

  /** What is in the range that is shown. */
  data() {
    const range = Number($("#range").value);
    const end = kept.times.at(-1) ?? 0;
    let from = kept.times.findIndex((it) => it >= end - range);
    if (from < 0) from = 0;
    const lines = kept.panels.get(this.panel.id) ?? new Map();
    return [kept.times.slice(from), ...[...lines.values()].map((it) => it.slice(from))];
  }

  draw() {
    const lines = kept.panels.get(this.panel.id) ?? new Map();
    const names = [...lines.keys()];
    if (!this.names || names.join("\n") !== this.names.join("\n")) this.build(names);
    else this.chart.setData(this.data());
    $(".empty", this.root).hidden = names.length > 0;
    this.tell(this.index);
  }

  /** Writes values beside the names: those at a moment, or the last ones. */
  tell(index) {
    if (!this.chart) return;
    this.index = index;
    const data = this.chart.data;
    const at = index ?? data[0].length - 1;
    const values = data.slice(1).map((it) => this.value(it[at]));
    this.root.querySelectorAll(".lines b").forEach((it, number) => { it.textContent = values[number] ?? "–"; });
    const when = index === null || data[0][at] === undefined ? "now" : new Date(data[0][at] * 1000).toLocaleTimeString();
    $(".at", this.root).textContent = when;
    const said = (this.names ?? []).map((name, number) => name + " " + values[number]).join(", ");
    this.plot.setAttribute("aria-label", this.panel.title + ", " + when + ": " + (said || "no data") + ". Arrow keys go through time.");
  }

  at(index) {
    if (!this.chart) return;
    if (index === null) this.chart.setCursor({ left: -10, top: -10 });
    else this.chart.setCursor({ left: this.chart.valToPos(this.chart.data[0][index], "x"), top: 20 });
    this.tell(index);
  }

  key(event) {
    const most = (this.chart?.data[0].length ?? 0) - 1;
    if (most < 0) return;
    const now = this.index ?? most;
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: most, Escape: null }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    // Who reads with the ears hears what the keys come to, and nothing while time passes.
    $(".lines", this.root).setAttribute("aria-live", "polite");
    this.at(to === null ? null : Math.min(Math.max(to, 0), most));
  }
}

/** Adds what is new. Every line has as many values as there are times. */
function take(history) {
  const before = kept.times.length;
  kept.times.push(...history.times.map((it) => it / 1000));
  last = history.times.at(-1) ?? last;
  for (const { id, lines } of history.panels) {
    const all = kept.panels.get(id) ?? new Map();
    kept.panels.set(id, all);
    for (const { name, values } of lines) {
      const line = all.get(name) ?? new Array(before).fill(null);
      line.push(...values);
      all.set(name, line);
    }
    for (const [name, line] of all) {
      while (line.length < kept.times.length) line.push(null);
      if (kept.times.length > moments) line.splice(0, kept.times.length - moments);
      if (line.every((it) => it === null)) all.delete(name);
    }
  }
  if (kept.times.length > moments) kept.times.splice(0, kept.times.length - moments);
}

function targets(all) {
  const item = (it) => {
    const line = document.createElement("li");
    line.className = it.up === null ? "waiting" : it.up ? "up" : "down";
    line.textContent = it.name + (it.up === null ? ": not asked yet" : it.up ? "" : " is down");
    line.title = it.url + (it.error ? ": " + it.error : ", " + it.samples + " samples in " + it.took_ms.toFixed(1) + " ms");
    return line;
  };
  $("#servers").replaceChildren(...all.map(item));
}

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(path + ": " + answer.status);
  return answer.json();
}

function say(text) {
  if ($("#trouble").textContent !== text) $("#trouble").textContent = text;
}

async function tick() {
  try {
    if (views.size === 0) {
      const dashboard = await get("api/dashboard");
      every = dashboard.every_ms;
      moments = dashboard.moments;
      for (const panel of dashboard.panels) views.set(panel.id, new View(panel));
    }
    const answer = await get("api/history?since=" + last);
    take(answer.history);
    targets(answer.targets);
    if (!paused) views.forEach((view) => view.draw());
    say("");
  } catch (error) {
    say("dash does not answer; the figures are old. " + (error instanceof TypeError ? "" : error.message));
  }
  setTimeout(tick, every);
}

$("#range").addEventListener("change", () => views.forEach((view) => view.draw()));
$("#pause").addEventListener("click", () => {
  paused = !paused;
  $("#pause").setAttribute("aria-pressed", String(paused));
  $("#pause").textContent = paused ? "Go on" : "Pause";
  if (!paused) views.forEach((view) => view.draw());
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => views.forEach((view) => { if (view.names) view.build(view.names); }));
tick();
