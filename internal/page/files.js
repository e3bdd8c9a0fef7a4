// Every file of the images, asked of the tare that serves the page: a tree that opens, a
// filter, the text of a file, downloads. Text of strangers is only ever set as text.
(() => {
  "use strict";
  const section = document.getElementById("files");
  if (!section) return;
  const some = 200; // rows of one answer
  const make = (tag, attrs, ...kids) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attrs || {})) {
      if (v === null || v === undefined || v === false) continue;
      if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
      else e.setAttribute(k, v === true ? "" : v);
    }
    e.append(...kids.filter(k => k !== null && k !== undefined));
    return e;
  };
  const count = n => n.toLocaleString("en");
  const plural = (n, word) => count(n) + " " + word + (n === 1 ? "" : "s");
  const options = (select, list, value) => {
    select.replaceChildren(...list.map(([v, text]) => make("option", {value: v}, text)));
    select.value = value;
  };

  // What is looked at.
  let images = [], root = "", rows = [], current = null, asked = null, waiting = 0;
  const what = make("select", {}), from = make("select", {}), to = make("select", {}), order = make("select", {}), mode = make("select", {});
  const find = make("input", {type: "search", autocomplete: "off", spellcheck: "false", maxlength: "500"});
  const unchanged = make("input", {type: "checkbox"});
  const said = make("p", {class: "dim", role: "status", id: "files-said"});
  const crumbs = make("nav", {"aria-label": "Directory", id: "files-path"});
  const head = make("tr"), body = make("tbody");
  const grid = make("table", {role: "treegrid", "aria-label": "Files"}, make("thead", {}, head), body);
  const layers = make("span", {}, make("label", {}, "Layers ", from), make("label", {}, "to ", to));
  const same = make("label", {}, unchanged, " what is unchanged, too");
  const pair = () => what.value.includes("-") ? what.value.split("-").map(Number) : null;

  const query = extra => {
    const q = new URLSearchParams(), p = pair();
    q.set("image", p ? p[0] : what.value);
    if (p) q.set("with", p[1]);
    else if (images[what.value].layers.length) { q.set("from", from.value); q.set("to", to.value); }
    q.set("order", order.value);
    if (unchanged.checked) q.set("unchanged", "1");
    if (find.value) { q.set("q", find.value); q.set("mode", mode.value); }
    for (const [k, v] of Object.entries(extra)) q.set(k, v);
    return q;
  };
  const ask = async (api, extra) => {
    const r = await fetch("api/" + api + "?" + query(extra), {signal: asked.signal, redirect: "error"});
    const v = await r.json();
    if (!r.ok) throw new Error(v.error);
    return v;
  };
  const fail = e => {
    if (e.name === "AbortError") return;
    said.textContent = e instanceof TypeError ? "tare does not answer: it was ended, or the address has changed." : e.message;
    section.removeAttribute("aria-busy");
  };

  // Rows: {row, level, at, of, tr} or, for what is not listed yet, {more, ...}.
  const cell = (text, cls) => make("td", {role: "gridcell", class: cls}, text);
  const layer = r => {
    if (r.layer === undefined || r.kind === "directory") return cell("", "layer");
    const p = pair(), steps = images[p ? p[1] : what.value].layers, td = cell(String(r.layer + 1), "layer");
    if (!p && steps[r.layer]) td.title = steps[r.layer].instruction;
    if (r.by !== undefined) td.append(make("small", {}, " " + r.fate + " by " + (r.by + 1)));
    return td;
  };
  const numbers = r => {
    if (pair()) {
      const d = r.change, cls = d > 0 ? "more" : d < 0 ? "less" : "";
      return [cell(bytes(r.size), "r"), cell(bytes(r.other), "r"), cell((d > 0 ? "+" : "") + bytes(d), "r " + cls)];
    }
    return [cell(bytes(r.size), "r"), cell(r.transfer === undefined ? "–" : bytes(r.transfer), "r transfer"), cell(r.hidden ? bytes(r.hidden) : "", "r more")];
  };
  const draw = o => {
    if (o.more !== undefined) {
      const b = make("button", {type: "button", tabindex: "-1", onclick: () => more(o)}, "show more: " + count(o.more) + " of " + count(o.of) + " are listed");
      o.tr = make("tr", {role: "row", "aria-level": o.level, tabindex: "-1", class: "rest"}, make("td", {role: "gridcell", colspan: "7"}, b));
      b.style.marginInlineStart = o.level + "rem";
    } else {
      const r = o.row, dir = r.kind === "directory";
      const name = make("bdi", {}, r.name + (dir ? "/" : ""));
      const th = make("th", {scope: "row", class: "name"}, make("span", {"aria-hidden": "true", class: "twist"}, r.folder ? "▸" : ""), name);
      if (r.link) th.append(make("small", {}, " → ", make("bdi", {}, r.link)));
      th.style.paddingInlineStart = (o.level - 1) * 1.1 + .4 + "rem";
      const sign = cell(r.sign || "", "sign sign-" + ({"+": "added", "-": "removed", "~": "changed", m: "metadata", x: "hidden"}[r.sign] || "none"));
      if (r.what) { sign.title = r.what; sign.setAttribute("aria-label", r.what); }
      const get = make("td", {role: "gridcell", class: "get"});
      if (r.kind === "file" || r.kind === "hard link" || dir) {
        const url = "api/file?" + query({id: r.id, q: "", mode: "text"});
        get.append(make("a", {href: url, download: "", tabindex: "-1", "aria-label": (dir ? "download as tar: " : "download: ") + r.path, onclick: () => left(url)}, "↓"));
      }
      o.tr = make("tr", {role: "row", "aria-level": o.level, "aria-posinset": o.at, "aria-setsize": o.of, "aria-expanded": r.folder ? "false" : null, tabindex: "-1"},
        sign, th, ...numbers(r), layer(r), get);
    }
    o.tr.addEventListener("click", e => { focus(o, false); if (!e.target.closest("a,button")) act(o); });
    return o.tr;
  };
  // left says what a download of a directory leaves out.
  const left = async url => {
    try {
      const r = await fetch(url, {method: "HEAD"});
      const out = r.headers.get("Tare-Left-Out");
      said.textContent = !r.ok ? "there is nothing to download" : out ? "left out: " + out : "";
    } catch (e) { fail(e); }
  };
  const focus = (o, move) => {
    if (current && current.tr) for (const e of [current.tr, ...current.tr.querySelectorAll("a,button")]) e.tabIndex = -1;
    current = o;
    for (const e of [o.tr, ...o.tr.querySelectorAll("a,button")]) e.tabIndex = 0;
    if (move) o.tr.focus();
  };
  const put = (at, list) => {
    const after = at < rows.length ? rows[at].tr : null, part = document.createDocumentFragment();
    for (const o of list) part.append(draw(o));
    body.insertBefore(part, after);
    rows.splice(at, 0, ...list);
  };
  const listed = (v, level, api, id, offset) => {
    const list = v.rows.map((row, n) => ({row, level, at: offset + n + 1, of: v.total}));
    if (v.next) list.push({more: v.next, of: v.total, level, api, id});
    return list;
  };
  const more = async o => {
    try {
      const v = await ask(o.api, {...o.id, offset: o.more, limit: some}), at = rows.indexOf(o), list = listed(v, o.level, o.api, o.id, o.more);
      if (at < 0) return;
      o.tr.remove();
      rows.splice(at, 1);
      put(at, list);
      if (list.length) focus(list[0], true);
    } catch (e) { fail(e); }
  };
  const open = async o => {
    if (o.open) return;
    o.open = true;
    try {
      const v = await ask("files", {id: o.row.id, limit: some}), at = rows.indexOf(o);
      if (at < 0 || !o.open) return;
      o.tr.setAttribute("aria-expanded", "true");
      o.tr.querySelector(".twist").textContent = "▾";
      put(at + 1, listed(v, o.level + 1, "files", {id: o.row.id}, 0));
    } catch (e) { o.open = false; fail(e); }
  };
  const close = o => {
    const at = rows.indexOf(o);
    let end = at + 1;
    while (end < rows.length && rows[end].level > o.level) rows[end++].tr.remove();
    if (rows.slice(at + 1, end).includes(current)) focus(o, false);
    rows.splice(at + 1, end - at - 1);
    o.open = false;
    o.tr.setAttribute("aria-expanded", "false");
    o.tr.querySelector(".twist").textContent = "▸";
  };
  const act = o => {
    if (o.more !== undefined) more(o);
    else if (o.row.folder) o.open ? close(o) : open(o);
    else if (o.row.kind === "file" || o.row.kind === "hard link") read(o.row);
    else said.textContent = o.row.path + ": " + o.row.kind + (o.row.link ? " to " + o.row.link : "");
  };

  // The text of a file.
  const title = make("h3", {id: "files-title"}), about = make("p", {class: "dim"}), versions = make("ul", {class: "dim"}), text = make("pre", {tabindex: "0", role: "region", "aria-labelledby": "files-title"});
  const download = make("a", {download: ""}, "Download"), where = make("button", {type: "button"}, "Show its directory");
  const dialog = make("dialog", {"aria-labelledby": "files-title", id: "files-text"}, title, about, versions, text,
    make("p", {}, download, " ", where, " ", make("button", {type: "button", onclick: () => dialog.close()}, "Close")));
  const read = async r => {
    try {
      const v = await ask("text", {id: r.id, q: "", mode: "text"}), p = pair();
      title.replaceChildren(make("bdi", {}, r.path));
      const step = images[p ? p[1] : what.value].layers[v.layer];
      about.textContent = [bytes(v.bytes), "layer " + (v.layer + 1) + (!p && step && step.instruction ? ": " + step.instruction : ""), r.package ? "package " + r.package : "",
        r.by !== undefined ? r.fate + " by layer " + (r.by + 1) : "", v.binary ? "not text: download it" : v.shortened ? "the first " + bytes(1 << 20) + " are shown" : ""].filter(s => s).join(" · ");
      versions.hidden = !v.versions;
      versions.replaceChildren(...(v.versions || []).map(o => make("li", {}, "layer " + (o.layer + 1) + ": " + bytes(o.bytes) + ", " + o.fate + (o.by !== undefined ? " by layer " + (o.by + 1) : ""))));
      text.textContent = v.text;
      text.hidden = v.binary;
      download.href = "api/file?" + query({id: r.id, q: "", mode: "text"});
      where.onclick = () => { dialog.close(); find.value = ""; go(r.path.slice(0, r.path.lastIndexOf("/"))); };
      dialog.showModal();
      text.scrollTop = 0;
    } catch (e) { fail(e); }
  };
  dialog.addEventListener("close", () => { if (current && current.tr.isConnected) current.tr.focus(); });

  // note writes what is looked at into the address; kept reads it from there.
  const note = () => {
    const steps = pair() ? [] : images[what.value].layers, chosen = from.value + "-" + to.value;
    state.put("files", what.value, images.length > 1 ? "0-1" : "0");
    state.put("dir", find.value ? "" : root);
    state.put("layers", steps.length ? chosen : "", steps.length ? "0-" + (steps.length - 1) : "");
    state.put("order", order.value, "size");
    state.put("find", find.value);
    state.put("as", find.value ? mode.value : "text", "text");
    state.put("same", unchanged.checked ? "1" : "");
  };
  // pick chooses what a select has, and nothing else: an address may be anybody's.
  const pick = (select, value) => { if ([...select.options].some(o => o.value === value)) select.value = value; };
  const kept = () => {
    pick(what, state.get("files"));
    choose();
    const [first, last] = state.get("layers").split("-");
    pick(from, first);
    pick(to, last);
    if (Number(from.value) > Number(to.value)) to.value = from.value;
    ranged();
    pick(order, state.get("order"));
    pick(mode, state.get("as"));
    find.value = state.get("find").slice(0, find.maxLength);
    unchanged.checked = state.get("same") === "1";
    root = state.get("dir").replace(/^\/+|\/+$/g, "");
  };
  // load lists what is looked at from the beginning.
  const load = async () => {
    note();
    if (asked) asked.abort();
    const mine = asked = new AbortController();
    section.setAttribute("aria-busy", "true");
    try {
      const api = find.value ? "search" : "files", id = find.value ? {} : {path: root};
      const v = await ask(api, {...id, limit: some});
      if (asked !== mine) return;
      const p = pair();
      grid.toggleAttribute("data-pair", p !== null);
      const heads = p ? ["", "Name", images[p[0]].name, images[p[1]].name, "Change", "Layer", ""] : ["", "Name", "Size", "Transfer", "Hidden", "Layer", ""];
      const classes = ["sign", "name", "r", p ? "r" : "r transfer", "r", "layer", "get"], spoken = {0: "What happened to it", 6: "Download"};
      head.replaceChildren(...heads.map((h, n) => make("th", {scope: "col", class: classes[n]}, spoken[n] ? make("span", {class: "spoken"}, spoken[n]) : make("bdi", {}, h))));
      rows = [];
      body.replaceChildren();
      put(0, listed(v, 1, api, id, 0));
      if (rows.length) focus(rows[0], false);
      said.textContent = find.value ? (v.total ? plural(v.total, "path") + " found" : "nothing found") :
        v.total ? plural(v.self.files, "file") + ", " + (p ? bytes(v.self.size) + " → " + bytes(v.self.other) : bytes(v.self.size) + (v.self.hidden ? ", " + bytes(v.self.hidden) + " hidden" : "")) :
          p && !unchanged.checked ? "no file differs here" : "there is nothing here";
      trail();
      section.removeAttribute("aria-busy");
    } catch (e) {
      if (e.name !== "AbortError") { rows = []; body.replaceChildren(); trail(); }
      fail(e);
    }
  };
  const trail = () => {
    const parts = root.split("/").filter(s => s), list = [];
    crumbs.hidden = find.value !== "" || !parts.length;
    ["/", ...parts].forEach((part, n) => {
      const path = parts.slice(0, n).join("/");
      if (n === parts.length) list.push(make("b", {"aria-current": "true"}, make("bdi", {}, part)));
      else list.push(make("button", {type: "button", onclick: () => go(path)}, make("bdi", {}, part)), " › ");
    });
    crumbs.replaceChildren(...list);
  };
  const go = path => { root = path.replace(/^\/+|\/+$/g, ""); return load(); };
  const choose = () => {
    const p = pair(), steps = p ? [] : images[what.value].layers;
    layers.hidden = p || steps.length < 2;
    const list = steps.map((s, n) => [n, (n + 1) + "  " + s.instruction.slice(0, 60)]);
    options(from, list, 0);
    options(to, list, steps.length - 1);
    options(order, [["size", p ? "change" : "size"], ...(p ? [] : [["transfer", "transfer"], ["hidden", "hidden"]]), ["files", "number of files"], ["name", "name"]], "size");
    ranged();
  };
  const ranged = () => { same.hidden = !pair() && from.value === "0"; };

  body.addEventListener("keydown", e => {
    const o = rows.find(o => o.tr === e.target.closest("tr")), n = rows.indexOf(o);
    if (!o || e.ctrlKey || e.altKey || e.metaKey) return;
    const onRow = e.target === o.tr, go = k => focus(rows[Math.max(0, Math.min(rows.length - 1, k))], true);
    const keys = {
      ArrowDown: () => go(n + 1), ArrowUp: () => go(n - 1), Home: () => go(0), End: () => go(rows.length - 1), PageDown: () => go(n + 20), PageUp: () => go(n - 20),
      ArrowRight: () => { if (o.row && o.row.folder) o.open ? go(n + 1) : open(o); },
      ArrowLeft: () => {
        if (o.open) close(o);
        else for (let k = n - 1; k >= 0; k--) if (rows[k].level < o.level) { go(k); break; }
      },
    };
    if (onRow) { keys.Enter = () => act(o); keys[" "] = keys.Enter; }
    if (!keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  });
  what.addEventListener("change", () => { root = ""; choose(); load(); });
  for (const s of [from, to]) s.addEventListener("change", () => {
    if (Number(from.value) > Number(to.value)) (s === from ? to : from).value = s.value;
    ranged();
    load();
  });
  for (const s of [order, unchanged]) s.addEventListener("change", load);
  mode.addEventListener("change", () => { if (find.value) load(); });
  find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(load, 120); });

  // The map of the page leads here.
  window.tareFiles = {show: async (image, path) => {
    if (!images[image]) return;
    if (what.value !== String(image)) { what.value = String(image); choose(); }
    find.value = "";
    await go(path || "");
    section.scrollIntoView({block: "start"});
    if (rows.length) focus(rows[0], true);
  }};

  section.append(
    make("div", {class: "files-bar"}, make("label", {id: "files-what"}, "Show ", what), layers, make("label", {}, "Sort by ", order),
      make("label", {}, "Find ", find), make("label", {}, "as ", mode), same),
    said, crumbs, make("div", {class: "scroll"}, grid), dialog);
  options(mode, [["text", "text"], ["glob", "glob"], ["regex", "regex"]], "text");
  (async () => {
    try {
      const r = await fetch("api/images", {redirect: "error"});
      images = (await r.json()).images;
      const list = images.map((i, n) => [String(n), i.name]), last = images.length;
      for (let a = 0; a < (last > 4 ? 1 : last); a++) for (let b = a + 1; b < last; b++) list.push([a + "-" + b, images[a].name + " → " + images[b].name]);
      options(what, list, last > 1 ? "0-1" : "0");
      document.getElementById("files-what").hidden = last < 2;
      kept();
      await load();
    } catch (e) { fail(e); }
    // Where somebody goes in the map, the list follows, unless something is searched for.
    document.addEventListener("tare:zoom", e => {
      const p = pair(), {image, path} = e.detail, at = path.replace(/^\/+|\/+$/g, "");
      if (!images[image] || find.value || at === root && (p ? p.includes(image) : what.value === String(image))) return;
      if (p ? !p.includes(image) : what.value !== String(image)) { what.value = String(image); choose(); }
      go(at);
    });
  })();
})();
