// What the page is made of. Text only ever becomes text: nothing here, or elsewhere in this page, parses markup.

/** An element. */
export function node(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content.filter((it) => it !== null && it !== undefined));
  return made;
}

/** A link to a view of this page. */
export function link(view, id, text = id) {
  return node("a", { href: "#/" + view + "/" + encodeURIComponent(id), class: text.length > 20 ? "long" : "" }, text);
}

/** Nanoseconds since 1970 do not fit a number, and their milliseconds do. */
export function time(nanoseconds) {
  const at = BigInt(nanoseconds);
  if (at === 0n) return "never";
  return new Date(Number(at / 1000000n)).toISOString().replace("T", " ").replace("Z", "");
}

/** A list of names and what they are; what is null is left out. */
export function facts(pairs) {
  const shown = pairs.filter((it) => it[1] !== null && it[1] !== undefined);
  return node("dl", { class: "facts" }, ...shown.map(([name, value]) => node("div", {}, node("dt", {}, name), node("dd", {}, value))));
}

// How a column is set: numbers end together, words want room.
const kind = (column) => (column.number ? "number" : column.words ? "words" : "");

/**
 * A table of columns `{title, number, words, show}`. Its `fill` shows rows, which are plain values: a row that is there already is left alone, so that
 * whoever is reading it, has marked it, or has the keyboard in it, keeps it. `nothing` is shown in place of no rows. It stands in an element of its own,
 * `around`.
 */
export function table(name, columns) {
  // The roles are said, since a phone shows rows as cards, and a browser would then no longer call it a table.
  const heads = columns.map((it) => node("th", { scope: "col", role: "columnheader", class: kind(it) }, it.title));
  const body = node("tbody", { role: "rowgroup" });
  const head = node("thead", { role: "rowgroup" }, node("tr", { role: "row" }, ...heads));
  const made = node("table", { role: "table", "aria-label": name }, head, body);

  made.around = node("div", { class: "wide" }, made);

  const cells = (row) => columns.map((it) => {
    const shown = it.show(row);
    return node("td", { role: "cell", "data-title": it.title, class: kind(it) }, ...(Array.isArray(shown) ? shown : [shown]));
  });

  made.fill = (rows, nothing) => {
    const focused = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const wanted = rows.map((it) => JSON.stringify(it));
    if (rows.length === 0) wanted.push(nothing.textContent ?? nothing);
    const kept = new Map();
    for (const row of [...body.rows]) {
      // Two rows that say the same are as good as one another, but there are two.
      if (wanted.includes(row.signature) && !kept.has(row.signature)) kept.set(row.signature, row);
      else row.remove();
    }
    let at = body.firstElementChild;
    wanted.forEach((signature, index) => {
      let row = kept.get(signature);
      kept.delete(signature);
      if (row === undefined) {
        const content = rows.length > 0 ? cells(rows[index]) : [node("td", { role: "cell", colspan: columns.length, class: "nothing" }, nothing)];
        row = node("tr", { role: "row" }, ...content);
        row.signature = signature;
      }
      if (row === at) at = at.nextElementSibling;
      else body.insertBefore(row, at);
    });
    // The row changed under the keyboard: it is in the new one.
    if (focused !== null && !body.contains(document.activeElement)) {
      [...body.querySelectorAll("a")].find((it) => it.getAttribute("href") === focused)?.focus();
    }
  };
  return made;
}

/** Buttons in a row, `[text, action]` each; `allow` says which of them can be used. */
export function buttons(name, all) {
  const made = all.map(([text, action]) => {
    const button = node("button", { type: "button" }, text);
    button.addEventListener("click", action);
    return button;
  });
  const note = node("span", { class: "note", role: "status" });
  const group = node("p", { role: "group", "aria-label": name, class: "pages" }, ...made, note);
  group.allow = (...which) => made.forEach((button, at) => { button.disabled = !which[at]; });
  group.say = (text) => { if (note.textContent !== text) note.textContent = text; };
  return group;
}
