// Tables: a click on a head sorts by it, another one the other way round; a long table shows
// its first rows, or those that the search finds.
const firstRows = 12;
const long = [];
const tables = [...document.querySelectorAll("main table.grid, main table.sides")];
for (const table of tables) {
  const body = table.tBodies[0];
  if (body.rows.length > firstRows + 3) {
    const t = { table, all: false, button: element("button", "", "all") };
    t.button.type = "button";
    t.button.addEventListener("click", () => { t.all = !t.all; show(t); });
    table.parentElement.after(t.button);
    long.push(t);
  }
  if (!table.hasAttribute("data-sort")) continue;
  [...table.tHead.rows[0].cells].forEach((th, col) => th.querySelector("button")?.addEventListener("click", () => {
    sort(table, col, th.getAttribute("aria-sort") === "ascending" ? "d" : "a");
    state.put("sort", table.id + "." + th.cellIndex + "." + (th.getAttribute("aria-sort") === "ascending" ? "a" : "d"));
  }));
}

function sort(table, col, way) {
  const heads = table.tHead.rows[0].cells, body = table.tBodies[0];
  if (!heads[col]) return;
  const down = way === "d";
  for (const other of heads) other.removeAttribute("aria-sort");
  heads[col].setAttribute("aria-sort", down ? "descending" : "ascending");
  const numbers = [...body.rows].some(r => r.cells[col].dataset.v);
  const value = row => {
    const c = row.cells[col];
    return numbers ? (c.dataset.v ? Number(c.dataset.v) : null) : c.textContent;
  };
  body.append(...[...body.rows].sort((a, b) => {
    const x = value(a), y = value(b);
    if (x === null || y === null) return (x === null) - (y === null); // what is not known is last
    const order = x < y ? -1 : x > y ? 1 : 0;
    return down ? -order : order;
  }));
  for (const t of long) if (t.table === table) show(t);
}

// show hides the rows of a long table that are not asked for.
function show(t) {
  const wanted = (state.get("q") || "").toLowerCase(), rows = [...t.table.tBodies[0].rows];
  let found = 0, shown = 0;
  for (const row of rows) {
    const fits = !wanted || row.textContent.toLowerCase().includes(wanted);
    if (fits) found++;
    row.hidden = !fits || !t.all && found > firstRows;
    if (!row.hidden) shown++;
  }
  const of = wanted ? found + " rows with “" + wanted + "”" : rows.length + " rows";
  t.button.textContent = t.all ? "Show the first " + firstRows + " only" : "Show all " + of;
  t.button.hidden = found <= firstRows;
}

{
  const [id, col, way] = state.get("sort").split(".");
  const table = tables.find(t => t.id === id);
  if (table && table.hasAttribute("data-sort")) sort(table, Number(col), way);
  long.forEach(show);
}

// What does not fit can be moved with the keyboard, too.
function scrollers() {
  for (const e of document.querySelectorAll(".scroll")) {
    if (e.scrollWidth > e.clientWidth + 1) {
      e.tabIndex = 0;
      e.setAttribute("role", "region");
      e.setAttribute("aria-label", e.querySelector("caption")?.textContent || "figures");
    } else {
      e.removeAttribute("tabindex");
      e.removeAttribute("role");
      e.removeAttribute("aria-label");
    }
  }
}
addEventListener("resize", scrollers);
document.addEventListener("toggle", scrollers, true);
scrollers();
