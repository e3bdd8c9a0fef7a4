"use strict";
// Sorting: a click on a head sorts by it, another one the other way round.
for (const table of document.querySelectorAll("table[data-sort]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((th, col) => th.querySelector("button").addEventListener("click", () => {
    const up = th.getAttribute("aria-sort") !== "ascending";
    heads.forEach(h => h.removeAttribute("aria-sort"));
    th.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const key = row => {
      const c = row.cells[col], v = c.dataset.v;
      return v !== undefined && v !== "" ? Number(v) : c.textContent;
    };
    const rows = [...body.rows].sort((a, b) => {
      const x = key(a), y = key(b);
      const d = typeof x === "number" && typeof y === "number" ? x - y :
        typeof x === typeof y ? x.localeCompare(y) : typeof x === "number" ? -1 : 1;
      return up ? d : -d;
    });
    body.append(...rows);
  }));
}

// The waterfall between any two images.
const from = document.getElementById("wf-from");
if (from) {
  const to = document.getElementById("wf-to"), measure = document.getElementById("wf-measure");
  const all = [...document.querySelectorAll("figure.wf")];
  const choose = () => {
    let found = false;
    for (const f of all) {
      const d = f.dataset;
      f.hidden = !(d.from === from.value && d.to === to.value && d.measure === measure.value);
      found = found || !f.hidden;
    }
    document.getElementById("wf-none").hidden = found;
  };
  for (const s of [from, to, measure]) s.addEventListener("change", choose);
}

// The treemap: two levels of what is open, drawn when it is opened.
const place = document.getElementById("treemap");
if (place) {
  const maps = JSON.parse(document.getElementById("maps").textContent);
  const select = document.getElementById("map"), crumbs = document.getElementById("crumbs");
  let path = [];
  const bytes = n => {
    const unit = ["B", "kB", "MB", "GB", "TB"];
    let u = 0;
    while (n >= 1000 && u < unit.length - 1) { n /= 1000; u++; }
    return (u ? Number(n.toPrecision(3)) : n) + unit[u];
  };
  // Bruls, Huizing, van Wijk: Squarified Treemaps, 2000.
  const squarify = (parts, x, y, w, h) => {
    const sum = parts.reduce((s, p) => s + p.bytes, 0), out = [];
    if (!(sum > 0) || w <= 0 || h <= 0) return out;
    const scale = w * h / sum;
    for (let i = 0; i < parts.length;) {
      const side = Math.min(w, h);
      let row = 0, worst = Infinity, j = i;
      for (; j < parts.length; j++) {
        const next = row + parts[j].bytes * scale;
        const big = parts[i].bytes * scale, least = Math.max(1e-9, parts[j].bytes * scale);
        const now = Math.max(side * side * big / (next * next), next * next / (side * side * least));
        if (j > i && now > worst) break;
        row = next; worst = now;
      }
      const thick = row / side;
      let at = 0;
      for (let k = i; k < j; k++) {
        const long = thick > 0 ? parts[k].bytes * scale / thick : 0;
        out[k] = w >= h ? [x, y + at, thick, long] : [x + at, y, long, thick];
        at += long;
      }
      if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
      i = j;
    }
    return out;
  };
  const open = node => { path.push(node); draw(); };
  const box = (node, r, hue, trail) => {
    const e = document.createElement("button");
    e.style.left = r[0] + "px"; e.style.top = r[1] + "px"; e.style.width = r[2] + "px"; e.style.height = r[3] + "px";
    e.style.background = "hsl(" + hue + " 52% " + (node.waste * 2 > node.bytes ? 38 : 66) + "%)";
    e.title = trail + "\n" + bytes(node.bytes) + (node.waste ? ", " + bytes(node.waste) + " of it waste" : "");
    e.setAttribute("aria-label", e.title);
    if (r[2] > 34 && r[3] > 13) e.textContent = node.name + " " + bytes(node.bytes);
    if (node.parts) {
      e.className = "open";
      e.addEventListener("click", () => open(node));
    }
    return e;
  };
  const draw = () => {
    const at = path[path.length - 1], list = document.createDocumentFragment();
    const w = place.clientWidth, h = place.clientHeight;
    const parts = at.parts || [];
    squarify(parts, 0, 0, w, h).forEach((r, i) => {
      const p = parts[i], hue = Math.round(i * 137.508) % 360;
      if (r[2] < 2 || r[3] < 2) return;
      list.append(box(p, r, hue, p.name));
      if (p.parts && r[2] > 60 && r[3] > 40) {
        squarify(p.parts, r[0] + 2, r[1] + 16, r[2] - 4, r[3] - 18).forEach((q, k) => {
          if (q[2] < 3 || q[3] < 3) return;
          const e = box(p.parts[k], q, hue, p.name + "/" + p.parts[k].name);
          list.append(e);
        });
      }
    });
    place.replaceChildren(list);
    crumbs.replaceChildren(...path.flatMap((n, i) => {
      const b = document.createElement(i < path.length - 1 ? "button" : "b");
      b.textContent = n.name;
      if (i < path.length - 1) b.addEventListener("click", () => { path.length = i + 1; draw(); });
      return i ? [" › ", b] : [b];
    }), " " + bytes(at.bytes));
  };
  const choose = () => { path = [maps[select.value]]; draw(); };
  select.addEventListener("change", choose);
  document.getElementById("treemaps").addEventListener("keydown", e => {
    if (e.key === "Escape" && path.length > 1) { path.pop(); draw(); }
  });
  let wait;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(draw, 100); });
  choose();
}
