// The map: an icicle on its side, one column a level. Heights are bytes; every block is
// filled in proportion to what its bytes are, so a colour never stands for a mixture.
const place = document.getElementById("treemap");
const view = { image: 0, by: "layer", measure: "files", colours: "waste", at: null, root: null, nodes: new Map() };

const colourings = {
  waste: { label: "live and waste", parts: n => [["live", n.bytes - n.waste], ["waste", n.waste]] },
  read: { label: "read and unread", needs: "read", parts: n => [["read", n.read], ["looked", n.looked], ["untouched", n.bytes - n.waste - n.read - n.looked], ["waste", n.waste]] },
  added: { label: "added and removed", needs: "added", parts: n => [["added", n.added], ["gone", n.gone], ["same", n.bytes - n.waste - n.added], ["waste", n.waste]] },
};
const legends = {
  live: "live: a container sees it", waste: "waste: a higher layer hides it", read: "read", looked: "only looked at",
  untouched: "not touched", added: "added", gone: "removed", same: "the same in both", miss: "not found",
};

// colours are the parts of a node that count in the chosen measure.
function colours(n) {
  const all = colourings[view.colours].parts(n);
  const counted = { live: p => p !== "waste" && p !== "gone", waste: p => p === "waste", change: p => p === "added" || p === "gone" }[view.measure];
  return all.filter(([p, v]) => v > 0 && (counted ? counted(p) : p !== "gone"));
}
const value = n => measures[view.measure].of(n);
const image = () => maps.images[view.image];

function root() {
  const key = view.image + view.by;
  if (!view.nodes.has(key)) view.nodes.set(key, divide(image(), view.by));
  return view.nodes.get(key);
}

// find is the node at the end of names, or the last one that there is on the way.
function find(names) {
  let n = root();
  for (const name of names) {
    const next = n.kids.find(k => k.name === name);
    if (!next) break;
    n = next;
  }
  return n;
}

function fill(e, n) {
  if (search.wanted && !n.hit) { e.classList.add("miss"); return; }
  const parts = colours(n), sum = parts.reduce((s, [, v]) => s + v, 0);
  let at = 0;
  const stops = parts.map(([p, v]) => {
    const from = at;
    at += 100 * v / sum;
    return `var(--m-${p}) ${from.toFixed(2)}% ${at.toFixed(2)}%`;
  });
  e.style.background = stops.length ? `linear-gradient(to right, ${stops.join(",")})` : "var(--m-none)";
}

// says is what stands in a block for who does not see how large it is.
function says(n) {
  const parts = colours(n).map(([p, v]) => legends[p].split(":")[0] + " " + bytes(v));
  return share(value(n), value(root())) + " of the image" + (parts.length > 1 ? " (" + parts.join(", ") + ")" : "");
}

const least = 6; // pixels: what is lower stands with its like in one block
function draw(focus) {
  view.root = root();
  const width = place.clientWidth, height = place.clientHeight;
  const columns = width < 520 ? 3 : width < 900 ? 4 : width < 1250 ? 5 : 6, column = width / columns;
  const style = getComputedStyle(place);
  pen.font = style.fontSize + " " + style.fontFamily;
  const list = [];
  const block = (n, level, y, h, count, pos) => {
    const e = element("div", undefined, "block");
    e.setAttribute("role", "treeitem");
    e.setAttribute("aria-level", level + 1);
    e.setAttribute("aria-setsize", count);
    e.setAttribute("aria-posinset", pos);
    if (n.kids.length) e.setAttribute("aria-expanded", level + 1 < columns);
    e.tabIndex = -1;
    e.style.left = level * column + "px";
    e.style.top = y + "px";
    e.style.width = column + "px";
    e.style.height = h + "px";
    fill(e, n);
    if (n.kids.length) e.classList.add("open");
    let seen = "", size = bytes(value(n)), sized = false;
    if (h >= 14) {
      const lines = Math.floor(h / 13);
      const room = column - 12, room2 = room - wide(size) - 8;
      sized = room2 > 60;
      const line = sized ? room2 : room;
      // Several lines, if there are, and if every word fits into one.
      const whole = wide(n.name) <= line || lines === 1 || n.name.split(/(?<=[\s/])/).some(word => wide(word.trimEnd()) > line);
      if (!whole) e.classList.add("tall");
      seen = fit(n.name, whole ? line : 0.8 * line * lines);
      const label = element("span", whole ? seen : undefined, "label");
      if (!whole) label.append(...lined(seen)); // lines end where words do, not at a version's hyphen
      e.append(label);
      if (sized) e.append(" ", element("span", size, "size"));
    }
    e.append(element("span", (sized ? "" : " " + size) + ", " + (seen === n.name ? "" : clip(n.name, 300) + ", ") + says(n), "vh"));
    e.node = n;
    n.element = e;
    list.push(e);
  };
  const part = (n, level, y, h) => {
    if (level >= columns) return;
    const kids = n.kids.filter(k => value(k) > 0).sort((a, b) => value(b) - value(a));
    const whole = kids.reduce((s, k) => s + value(k), 0);
    let at = y, shown = 0;
    for (const k of kids) {
      const tall = h * value(k) / whole;
      if (tall < least && kids.length - shown > 1) break;
      block(k, level, at, tall, kids.length, shown + 1);
      part(k, level + 1, at, tall);
      at += tall;
      shown++;
    }
    const left = kids.slice(shown), tall = y + h - at;
    if (left.length && tall >= 1) {
      const more = { name: left.length + " smaller", kids: left, parent: n, kind: "more", hit: 0 };
      for (const f of fields) more[f] = left.reduce((s, k) => s + k[f], 0);
      more.hit = left.reduce((s, k) => s + (k.hit || 0), 0);
      block(more, level, at, tall, kids.length, shown + 1);
    }
  };
  part(view.at, 0, 0, height);
  place.replaceChildren(...list);
  if (list.length) {
    list[0].tabIndex = 0;
    place.setAttribute("role", "tree");
    place.setAttribute("aria-label", "Parts of the image");
  } else {
    place.removeAttribute("role");
    place.removeAttribute("aria-label");
    place.append(element("p", "There is nothing of this measure here.", "dim"));
  }
  const target = list.find(e => e.node === focus) || (focus && list[0]);
  if (target) turn(target);
  crumbs();
  legend();
  detail(target ? target.node : view.at);
}

// turn moves the focus within the map.
function turn(e) {
  for (const other of place.children) other.tabIndex = -1;
  e.tabIndex = 0;
  e.focus({ preventScroll: true });
}

function go(n, focus) {
  view.at = n;
  if (n.kind !== "more") state.put("at", way(n).map(encodeURIComponent).join("/"));
  draw(focus);
  document.dispatchEvent(new CustomEvent("tare:zoom", { detail: { image: view.image, path: pathOf(n) } }));
}

function crumbs() {
  const line = [];
  for (let n = view.at; n; n = n.parent) line.unshift(n);
  const parts = line.map((n, i) => {
    if (i === line.length - 1) return element("b", n.name);
    const b = element("button", n.name);
    b.type = "button";
    b.addEventListener("click", () => go(n, line[i + 1]));
    return b;
  });
  document.getElementById("crumbs").replaceChildren(...parts.flatMap((p, i) => i ? [" › ", p] : [p]), " " + bytes(value(view.at)) + " " + measures[view.measure].label);
}

function legend() {
  const parts = colours(view.at).map(([p, v]) => [p, v]);
  if (search.wanted) parts.push(["miss", -1]);
  document.getElementById("map-legend").replaceChildren(...parts.map(([p, v]) => {
    const li = element("li"), s = element("span", undefined, "swatch");
    s.style.background = `var(--m-${p})`;
    let text = legends[p];
    if (p === "gone") text = "removed: only in " + image().against;
    if (p === "added") text = "added: not in " + image().against;
    li.append(s, text + (v >= 0 ? ", " + bytes(v) : ""));
    return li;
  }));
}

// detail says all that is known of a part.
function detail(n) {
  const box = document.getElementById("detail"), rows = [];
  const add = (name, v) => { if (v) rows.push([name, v]); };
  add("path", pathOf(n));
  add("files", n.bytes ? bytes(n.bytes) + (n.files ? " in " + n.files + (n.files === 1 ? " file" : " files") : "") : "");
  add("live", n.bytes ? bytes(n.bytes - n.waste) : "");
  add("waste", n.waste ? bytes(n.waste) : "");
  for (const f of ["transfer", "tar"]) if (image().has.includes(f)) add(f, bytes(n[f]));
  if (image().has.includes("read")) add("touched", bytes(n.read) + " read, " + bytes(n.looked) + " only looked at");
  if (image().has.includes("added") && n.added + n.gone) add("against " + image().against, "+" + bytes(n.added) + " −" + bytes(n.gone));
  for (const [name, set] of [["layer", n.layers], ["package or class", n.owners]]) {
    const list = [...(set || [])].filter(Boolean);
    if (list.length === 1) add(name, list[0]);
    else if (list.length) add(name, list.slice(0, list.length > 4 ? 3 : 4).map(s => clip(s, 60)).join("; ") + (list.length > 4 ? "; " + (list.length - 3) + " more" : ""));
  }
  const dl = element("dl");
  for (const [k, v] of rows) {
    const d = element("div");
    d.append(element("dt", k), element("dd", v));
    dl.append(d);
  }
  box.replaceChildren(element("p", n.name, "name"), dl);
  if (window.tareFiles && pathOf(n) && n.kids.length) {
    const b = element("button", "Show files");
    b.type = "button";
    b.addEventListener("click", () => window.tareFiles.show(view.image, pathOf(n)));
    box.append(b);
  }
}

// What can be chosen of an image, and what is chosen.
function choices() {
  const put = (id, list, chosen) => {
    const s = document.getElementById(id);
    s.replaceChildren(...list.map(([v, label]) => { const o = element("option", label); o.value = v; return o; }));
    s.value = list.some(([v]) => v === chosen) ? chosen : list[0][0];
    return s.value;
  };
  const known = o => Object.entries(o).filter(([, m]) => !m.needs || image().has.includes(m.needs)).map(([k, m]) => [k, m.label]);
  view.by = put("map-by", Object.keys(ways).map(k => [k, k]), view.by);
  view.measure = put("map-measure", known(measures), view.measure);
  view.colours = put("map-colours", known(colourings), view.colours);
}

function keys(e) {
  const n = e.target.node;
  if (!n || e.altKey || e.ctrlKey || e.metaKey) return;
  const all = [...place.children], level = all.filter(o => o.style.left === e.target.style.left), i = level.indexOf(e.target);
  const moves = {
    ArrowDown: () => level[i + 1], ArrowUp: () => level[i - 1], Home: () => level[0], End: () => level.at(-1),
    ArrowRight: () => n.kids.length && all.find(o => o.node.parent === n),
    ArrowLeft: () => n.parent !== view.at && n.parent?.element,
  };
  if (moves[e.key]) {
    const to = moves[e.key]();
    if (to && to.isConnected) turn(to);
    else if (e.key === "ArrowRight" && n.kids.length) go(n, n.kids[0]);
    else if (e.key === "ArrowLeft" && view.at.parent) go(view.at.parent, view.at);
  } else if (e.key === "Enter" || e.key === " ") {
    if (n.kids.length) go(n, n.kids[0]);
  } else if ((e.key === "Escape" || e.key === "Backspace") && view.at.parent) {
    go(view.at.parent, view.at);
  } else return;
  e.preventDefault();
}

function chosen() {
  state.put("image", view.image, usual.image);
  state.put("by", view.by, usual.by);
  state.put("measure", view.measure, usual.measure);
  state.put("colours", view.colours, usual.colours);
}
// Of several images the one is shown first that differs, and how.
const usual = (() => {
  const other = maps.images.findIndex(i => i.has.includes("added") && leaves(i).some(p => p.added + p.gone > 0));
  return other < 0 ? { image: 0, by: "layer", measure: "files", colours: "waste" } : { image: other, by: "layer", measure: "change", colours: "added" };
})();

function begin() {
  view.image = Number(state.get("image") || usual.image);
  if (!maps.images[view.image]) view.image = usual.image;
  for (const k of ["by", "measure", "colours"]) view[k] = state.get(k) || usual[k];
  const pick = document.getElementById("map");
  if (pick) pick.value = String(view.image);
  choices();
  view.at = find(state.get("at").split("/").map(s => { try { return decodeURIComponent(s); } catch { return s; } }));
  document.getElementById("view").hidden = false;
  const again = keep => () => {
    const names = keep ? way(view.at) : [];
    if (pick) view.image = Number(pick.value);
    for (const k of ["by", "measure", "colours"]) view[k] = document.getElementById("map-" + k).value;
    choices();
    chosen();
    search.mark();
    go(find(names));
  };
  pick?.addEventListener("change", again(true));
  document.getElementById("map-by").addEventListener("change", again(false));
  for (const k of ["measure", "colours"]) document.getElementById("map-" + k).addEventListener("change", again(true));
  place.addEventListener("click", e => {
    const b = e.target.closest(".block");
    if (!b) return;
    if (b.node.kids.length) go(b.node, b.node.kids[0]); else turn(b);
  });
  place.addEventListener("keydown", keys);
  for (const kind of ["mouseover", "focusin"]) place.addEventListener(kind, e => { const b = e.target.closest(".block"); if (b) detail(b.node); });
  place.addEventListener("mouseleave", () => detail(document.activeElement?.node || view.at));
  let wait;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => draw(document.activeElement?.node), 100); });
}
