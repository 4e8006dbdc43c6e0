"use strict";
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll("tr[data-run]")];
  const all = (selector) => [...document.querySelectorAll(selector)];

  // What a cell means: the number that it is written of, or its text.
  const meant = (cell) => cell.title || cell.textContent.trim();
  const number = (cell) => {
    if (cell.dataset.rank) return Number(cell.dataset.rank);
    const text = meant(cell).replace(/^[<>]=?/, "").replace(/,/g, "");
    const share = text.endsWith("%");
    const value = text === "" ? NaN : Number(share ? text.slice(0, -1) : text);
    return share ? value / 100 : value;
  };

  // Light and dark.
  const theme = find("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const tell = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    tell();
  });
  system.addEventListener("change", tell);
  tell();

  // Sorting: a button in each head; up, down, and as it was.
  for (const table of all("table.runs")) {
    const body = table.tBodies[0];
    const own = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const former = head.getAttribute("aria-sort");
        const next = { ascending: "descending", descending: null }[former] ?? (former ? null : "ascending");
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        if (next) head.setAttribute("aria-sort", next);
        body.append(...(next ? sorted(own, place, next === "ascending" ? 1 : -1) : own));
      });
    });
  }
  const words = new Intl.Collator(undefined, { numeric: true });
  function sorted(own, place, way) {
    const keys = new Map(own.map((row) => [row, [number(row.cells[place]), meant(row.cells[place])]]));
    return [...own].sort((a, b) => {
      const [x, textX] = keys.get(a);
      const [y, textY] = keys.get(b);
      if (Number.isNaN(x) || Number.isNaN(y)) {
        // What is no number stands last, whichever way it goes, unless nothing is a number.
        if (Number.isNaN(x) && Number.isNaN(y)) {
          const lacking = (textX === "-") - (textY === "-");
          return lacking || way * words.compare(textX, textY);
        }
        return Number.isNaN(x) - Number.isNaN(y);
      }
      return way * (x - y);
    });
  }

  // Filters: what all fields that are filled in ask for.
  const form = find("filters");
  const places = new Map(
    all("table.runs").map((table) => [
      table,
      new Map([...table.tHead.rows[0].cells].map((head, place) => [head.dataset.key, place])),
    ]),
  );
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const cellOf = (row, key) => row.cells[places.get(row.closest("table")).get(key)];
  const fits = (row, field) => {
    const cell = cellOf(row, field.dataset.key);
    if (!cell) return false;
    if (field.tagName === "SELECT") return meant(cell) === field.value;
    const value = number(cell);
    return field.dataset.end === "low" ? value >= Number(field.value) : value <= Number(field.value);
  };
  function filter() {
    const parts = find("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdict = find("verdict").value;
    const fields = [...form.querySelectorAll("[data-key]")].filter((field) => field.value !== "");
    let shown = 0;
    for (const row of rows) {
      const fit =
        parts.every((part) => texts.get(row).includes(part)) &&
        (!verdict || row.dataset.state === verdict || row.dataset.names.split(" ").includes(verdict)) &&
        fields.every((field) => fits(row, field));
      row.hidden = !fit;
      const section = find(`run-${row.dataset.run}`);
      if (section) section.hidden = !fit;
      shown += fit;
    }
    find("shown").textContent = `${shown} of ${rows.length} ${rows.length === 1 ? "run" : "runs"} shown`;
  }
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  find("show-all").addEventListener("click", () => {
    form.reset();
    filter();
  });
  filter();

  // Columns: those of many keys are chosen.
  for (const chooser of all(".columns")) {
    const show = (box) => {
      for (const row of find(chooser.dataset.table).rows) row.cells[box.value].hidden = !box.checked;
    };
    for (const box of chooser.querySelectorAll("input")) {
      if ("extra" in box.dataset) {
        box.checked = false;
        show(box);
      }
      box.addEventListener("change", () => show(box));
    }
    chooser.hidden = false;
  }

  // Runs: a link opens its run, and all are open in print.
  const runs = all("details.run");
  const target = () => {
    const run = location.hash.startsWith("#run-") ? find(location.hash.slice(1)) : null;
    const other = location.hash.startsWith("#environment-") ? find(location.hash.slice(1)) : null;
    for (const each of [run, other]) if (each) each.open = true;
    if (run && !run.hidden) run.querySelector("summary").focus();
  };
  addEventListener("hashchange", target);
  target();
  find("open-all").addEventListener("click", () => runs.forEach((each) => (each.open = true)));
  find("close-all").addEventListener("click", () => runs.forEach((each) => (each.open = false)));
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((each) => (each.open = true));
  });
  addEventListener("afterprint", () => closed.forEach((each) => (each.open = false)));

  form.hidden = false;
  document.querySelector(".tools").hidden = false;
})();
