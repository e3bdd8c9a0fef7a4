// The waterfall of the chosen pair and measure.
const falls = [...document.querySelectorAll("figure.wf")];
if (falls.length) {
  const selects = ["from", "to", "measure"].map(k => document.getElementById("wf-" + k));
  const seen = (falls.find(f => !f.hidden) || falls[0]).dataset;
  const draw = () => {
    const [from, to, measure] = selects.map(s => s.value);
    let any = false;
    for (const f of falls) {
      f.hidden = f.dataset.from !== from || f.dataset.to !== to || f.dataset.measure !== measure;
      any ||= !f.hidden;
    }
    document.getElementById("wf-none").hidden = any;
  };
  [seen.from, seen.to, seen.measure].forEach((v, i) => {
    const wanted = state.get(["from", "to", "why"][i]) || v;
    if ([...selects[i].options].some(o => o.value === wanted)) selects[i].value = wanted;
    selects[i].addEventListener("change", () => { state.put(["from", "to", "why"][i], selects[i].value, v); draw(); });
  });
  draw();
}
