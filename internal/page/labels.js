// fit shortens a label to the room that there is: at the end of a word, never within a
// version.
const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();
function wide(text) {
  if (!widths.has(text)) widths.set(text, pen.measureText(text).width);
  return widths.get(text);
}
function fit(text, room) {
  const fits = s => s.length < room / 2 && wide(s) <= room; // no letter is narrower than two pixels
  if (fits(text)) return text;
  const words = text.slice(0, Math.ceil(room / 2) + 1).split(/(?<=[\s/])/);
  const head = n => words.slice(0, n).join("").replace(/[\s/]+$/, "") + "…";
  let some = 0, many = words.length; // so many words fit, so many do not
  while (many - some > 1) {
    const n = (some + many) >> 1;
    if (fits(head(n))) some = n; else many = n;
  }
  if (some) return head(some);
  // One long word: cut where it joins parts, and before its digits rather than among them.
  const word = words[0].trim();
  for (let n = word.length - 1; n > 2; n--) {
    if (/[\d.]/.test(word[n]) && /[\d.]/.test(word[n - 1])) continue;
    if (/\d/.test(word[n - 1])) continue;
    const part = word.slice(0, n).replace(/[-_.:@+~]+$/, "") + "…";
    if (fits(part)) return part;
  }
  return "";
}

// lined is a label of several lines: they end behind a space or a slash.
const lined = text => text.split(/(?<=[\s/])/).flatMap(word => [element("span", word), element("wbr")]);
