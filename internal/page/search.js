// The search: what has the words in its path, package or layer keeps its colour in the map,
// and long tables show the rows that have them.
const search = {
  wanted: "",
  hits: [],
  mark() {
    this.hits = [];
    const clear = n => { n.hit = 0; n.kids.forEach(clear); };
    clear(root());
    if (!this.wanted) return;
    for (const p of leaves(image())) {
      const text = (p.layer + "\n" + p.kind + " " + p.owner + "\n/" + p.path.join("/")).toLowerCase();
      if (!text.includes(this.wanted)) continue;
      this.hits.push(p);
      for (let n = p.node; n; n = n.parent) n.hit += p.bytes + p.gone;
    }
  },
  list() {
    const box = document.getElementById("found");
    box.replaceChildren();
    if (!this.wanted) return;
    const sum = this.hits.reduce((s, p) => s + value(p), 0);
    box.append(element("p", (this.hits.length || "No") + (this.hits.length === 1 ? " part" : " parts") + " of the map with “" + this.wanted + "”: " + bytes(sum) + " " + measures[view.measure].label));
    const best = this.hits.filter(p => value(p) > 0).sort((a, b) => value(b) - value(a)).slice(0, 8);
    box.append(...best.map(p => {
      const b = element("button", (p.path.length ? "/" + p.path.join("/") : p.owner || p.layer) + " " + bytes(value(p)));
      b.type = "button";
      b.addEventListener("click", () => {
        let n = p.node;
        while (n.parent && !n.parent.kids.includes(n)) n = n.parent;
        go(n.parent || n, n);
      });
      return b;
    }));
  },
};
const field = document.getElementById("search");
if (field) {
  field.value = state.get("q");
  const look = () => { search.wanted = field.value.trim().toLowerCase(); state.put("q", field.value.trim()); search.mark(); search.list(); long.forEach(show); };
  let wait;
  field.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => { look(); draw(); }, 120); });
  if (maps.images.length) {
    begin();
    look();
    draw();
  }
}
