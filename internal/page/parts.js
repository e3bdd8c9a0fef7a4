// The maps of the images: files with what they weigh, which can be put together by layer, by
// package or by directory.
const maps = JSON.parse(document.getElementById("maps").textContent);

const measures = {
  files: { label: "files (live + waste)", of: p => p.bytes, colours: ["waste"] },
  live: { label: "live", of: p => p.bytes - p.waste },
  waste: { label: "waste", of: p => p.waste },
  transfer: { label: "transfer", of: p => p.transfer, needs: "transfer" },
  tar: { label: "tar", of: p => p.tar, needs: "tar" },
  change: { label: "added and removed", of: p => p.added + p.gone, needs: "added" },
};
const fields = ["bytes", "waste", "files", "tar", "transfer", "read", "looked", "added", "gone"];

// leaves reads a map back: a list of what has no parts, each with the layer, the package or
// class, and the path that it has.
function leaves(image) {
  if (image.leaves) return image.leaves;
  const t = image.tree, list = [];
  let i = 0;
  const read = (level, layer, owner, kind, path) => {
    let name = t[i++], rest = false;
    const kids = t[i++];
    if (name < 0) { rest = true; name = -1 - name; }
    let text = maps.names[name];
    if (level === 2) { const k = maps.names[t[i++]]; if (!rest) { owner = text; kind = k; } }
    if (level === 1 && !rest) layer = text;
    if (level > 2 && !rest) path = path.concat(text.split("/"));
    if (kids) {
      for (let k = 0; k < kids; k++) read(level + 1, layer, owner, kind, path);
      return;
    }
    const p = { layer, owner, kind, path, rest: rest || level < 3, text: rest ? text : "" };
    for (const f of fields) p[f] = 0;
    p.bytes = t[i++]; p.waste = t[i++]; p.files = t[i++];
    for (const h of image.has) {
      if (h === "tar") p.tar = t[i++];
      if (h === "transfer") p.transfer = t[i++];
      if (h === "read") { p.read = t[i++]; p.looked = t[i++]; }
      if (h === "added") { p.added = t[i++]; p.gone = t[i++]; }
    }
    list.push(p);
  };
  read(0, "", "", "", []);
  return image.leaves = list;
}

// The ways to divide an image.
const ways = {
  layer: p => [p.layer || "small layers", ...owned(p), ...p.path],
  package: p => p.kind ? [p.kind + " packages", p.owner, ...p.path] : ["in no package", ...owned(p), ...p.path],
  directory: p => p.path,
};
const owned = p => p.text ? [] : [p.owner || "small parts"];

const sums = () => ({ bytes: 0, waste: 0, files: 0, tar: 0, transfer: 0, read: 0, looked: 0, added: 0, gone: 0, hit: 0 });

// divide puts the leaves together in one of the ways. The parts of a node sum up to it.
function divide(image, by) {
  const root = { name: image.name, kids: new Map(), parent: null, kind: "image", ...sums() };
  for (const p of leaves(image)) {
    let at = root;
    const put = n => { for (const f of fields) n[f] += p[f]; (n.layers ??= new Set()).add(p.layer); (n.owners ??= new Set()).add(p.owner); };
    put(root);
    const names = ways[by](p);
    names.forEach((name, level) => {
      const kind = by === "directory" ? "path" : ["group", "owner", "path"][Math.min(level, 2)];
      const k = "n" + name;
      if (!at.kids.has(k)) at.kids.set(k, { name, kids: new Map(), parent: at, kind, ...sums() });
      at = at.kids.get(k);
      put(at);
    });
    if (p.rest || !names.length) {
      const k = "r" + p.text;
      if (!at.kids.has(k)) at.kids.set(k, { name: p.text, kids: new Map(), parent: at, kind: "rest", ...sums() });
      at = at.kids.get(k);
      put(at);
    }
    p.node = at;
  }
  return tidy(root);
}

// tidy makes a list of the parts, joins a directory with the only one in it, and leaves out
// the rest of a node that has nothing else.
function tidy(n) {
  let kids = [...n.kids.values()];
  if (kids.length === 1 && kids[0].kind === "rest" && !kids[0].name) kids = [];
  n.kids = kids.map(k => {
    while (k.kind === "path" && k.kids.size === 1) {
      const only = [...k.kids.values()][0];
      if (only.kind !== "path") break;
      only.name = k.name + "/" + only.name;
      only.parent = n;
      k = only;
    }
    if (k.kind === "rest" && !k.name) k.name = "small parts" + (k.files ? " (" + k.files + (k.files === 1 ? " file)" : " files)") : "");
    return tidy(k);
  });
  return n;
}

// clip shortens a text at the end of a word.
const clip = (s, n) => s.length <= n ? s : s.slice(0, n).replace(/\s\S*$/, "") + " …";

// The names on the way to a node, and its path in the image: "" where it has none.
const way = n => { const out = []; for (; n.parent; n = n.parent) out.unshift(n.name); return out; };
const pathOf = n => { const out = []; for (; n && n.parent && n.kind !== "owner" && n.kind !== "group"; n = n.parent) if (n.kind === "path") out.unshift(n.name); return out.length ? "/" + out.join("/") : ""; };
