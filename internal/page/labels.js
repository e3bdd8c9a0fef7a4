// fit shortens a label to the room that there is: at the end of a word, never within a
// version.
const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();
function wide(text) {
  if (!widths.has(text)) widths.set(text, pen.measureText(text).width);
  return widths.get(text);
}
function fit(text, room) {
  if (wide(text) <= room) return text;
  const words = text.split(/(?<=[\s/])/);
  for (let n = words.length - 1; n > 0; n--) {
    const head = words.slice(0, n).join("").replace(/[\s/]+$/, "") + "…";
    if (wide(head) <= room) return head;
  }
  // One long word: cut where it joins parts, and before its digits rather than among them.
  const word = words[0].trim();
  for (let n = word.length - 1; n > 2; n--) {
    if (/[\d.]/.test(word[n]) && /[\d.]/.test(word[n - 1])) continue;
    if (/\d/.test(word[n - 1])) continue;
    const head = word.slice(0, n).replace(/[-_.:@+~]+$/, "") + "…";
    if (wide(head) <= room) return head;
  }
  return "";
}
