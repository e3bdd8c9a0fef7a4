"use strict";
// What the reader chose stands in the address behind #, so that a link leads to the same
// view: image, by, measure, colours, at (the place), q (the search), sort, pair.
const state = (() => {
  const values = new Map();
  for (const part of location.hash.slice(1).split("&")) {
    const [key, value] = part.split("=");
    try {
      if (key && value !== undefined) values.set(key, decodeURIComponent(value));
    } catch { /* no text that this page wrote */ }
  }
  const write = () => {
    const parts = [];
    for (const [key, value] of values) parts.push(key + "=" + encodeURIComponent(value).replaceAll("%2F", "/"));
    try {
      history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search);
    } catch { /* too often for this browser: the next choice is noted again */ }
  };
  return {
    get: key => values.get(key) ?? "",
    // put notes a choice; what is usual is not written down.
    put(key, value, usual = "") {
      if (String(value) === String(usual)) values.delete(key); else values.set(key, String(value));
      write();
    },
  };
})();
// Somebody who follows another link to this page gets what that says.
addEventListener("hashchange", () => location.reload());

const element = (name, text, className) => {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
};
const bytes = n => {
  const sign = n < 0 ? "−" : "", units = ["B", "kB", "MB", "GB", "TB"];
  let v = Math.abs(n), u = 0;
  while (u < units.length - 1 && Number(v.toPrecision(3)) >= 1000) { v /= 1000; u++; }
  return sign + (u ? Number(v.toPrecision(3)) : Math.round(v)) + units[u];
};
const share = (n, whole) => whole > 0 ? (100 * n / whole).toFixed(1) + "%" : "–";
