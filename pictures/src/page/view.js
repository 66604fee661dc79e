// What is looked at: the axis, the stretch in sight, the chosen event, what is looked for.

const LABELS = 62, RULER = 24, MAP = 40, LANE_LEAST = 15, LANE_MOST = 84;
const view = {
  axis: "elastic",
  left: 0, // the place at the left edge
  scale: 1, // pixels for one unit of place
  top: 0, // pixels that are scrolled away above
  width: 0,
  height: 0,
  chosen: -1,
  hovered: -1,
  off: new Set(), // groups that are hidden
  only: false,
};
const place = new Float64Array(count);
const matches = new Uint8Array(count);
const shown = new Uint8Array(count).fill(1);
let matchCount = 0;
let causeSet = new Set(), effectSet = new Set();
const past = [];

function layOut() {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const gap = i > 0 ? time[i] - time[i - 1] : 0;
    if (view.axis === "time") at = time[i] - origin;
    else if (i > 0) at += view.axis === "order" ? 1 : 1 + 1.6 * Math.log10(1 + gap / 60);
    place[i] = at;
  }
}
const extent = () => Math.max(count > 0 ? place[count - 1] : 1, 1e-9);
const stageWidth = () => Math.max(view.width - LABELS, 10);
const xOf = (i) => LABELS + (place[i] - view.left) * view.scale;
const placeAt = (x) => view.left + (x - LABELS) / view.scale;

// The first event at or behind a place.
function indexAt(at) {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
const laneHeight = () => Math.min(LANE_MOST, Math.max(LANE_LEAST, (view.height - RULER - MAP) / Math.max(lanes.length, 1)));
const yOf = (l) => RULER + (l + 0.5) * laneHeight() - view.top;

const leastScale = () => (stageWidth() * 0.96) / extent();
function settle() {
  const most = view.axis === "time" ? 60 : 160;
  view.scale = Math.min(Math.max(view.scale, Math.min(leastScale(), most)), most);
  const room = stageWidth() / view.scale, margin = room * 0.5;
  view.left = Math.min(Math.max(view.left, -margin), Math.max(extent() - room + margin, -margin));
  const hidden = lanes.length * laneHeight() - (view.height - RULER - MAP);
  view.top = Math.min(Math.max(view.top, 0), Math.max(hidden, 0));
}
function zoom(factor, x = LABELS + stageWidth() / 2) {
  const fixed = placeAt(x);
  view.scale *= factor;
  settle();
  view.left = fixed - (x - LABELS) / view.scale;
  settle();
  redraw();
}
function fit() {
  view.scale = leastScale();
  view.left = (extent() - stageWidth() / view.scale) / 2;
  settle();
  redraw();
}
function centre(i) {
  view.left = place[i] - stageWidth() / view.scale / 2;
  const y = (lane[i] + 0.5) * laneHeight(), room = view.height - RULER - MAP;
  if (y < view.top + laneHeight() || y > view.top + room - laneHeight()) view.top = y - room / 2;
  settle();
}
// So close that about so many events are in sight around one.
function closeUp(i, events) {
  const from = Math.max(i - Math.round(events * 0.7), 0), to = Math.min(from + events, count - 1);
  view.scale = stageWidth() / Math.max(place[to] - place[from], 1e-9);
  settle();
  centre(i);
}

function choose(i, how = {}) {
  if (i < 0 || i >= count) return;
  if (view.chosen >= 0 && view.chosen !== i && !how.back) past.push(view.chosen);
  view.chosen = i;
  causeSet = new Set(causesOf(i, 2000));
  effectSet = new Set(consequencesOf(i, 500).map(([effect]) => effect));
  const x = xOf(i), y = yOf(lane[i]);
  const away = x < LABELS + 20 || x > view.width - 20 || y < RULER || y > view.height - MAP;
  if (how.centre || away) centre(i);
  try { history.replaceState(null, "", `#${seqOf(i)}`); } catch { /* some viewers have no history */ }
  showPanel();
  showRow(i);
  redraw();
}
function unchoose() {
  view.chosen = -1;
  causeSet = new Set();
  effectSet = new Set();
  showPanel();
  redraw();
}

// Words that are all to be found in an event: in its kind, its text, its lane, its actor; `#7` is
// its number, `=n0.1` a lane as a whole.
function look(query, who) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const texts = head.texts.map((words) => words.toLowerCase()), kinds = head.kinds.map((name) => name.toLowerCase());
  const tests = words.map((word) => {
    if (/^#\d+$/.test(word)) return (i) => seqOf(i) === Number(word.slice(1));
    const inText = texts.map((other) => other.includes(word)), inKind = kinds.map((other) => other.includes(word));
    const inLane = lanes.map(({ label }) => label === word || label.startsWith(`${word}.`) || word === `=${label}`);
    return (i) => inText[text[i]] || inKind[kind[i]] || inLane[lane[i]];
  });
  if (who > 0) tests.push((i) => actor[i] === who);
  const asked = tests.length > 0;
  matchCount = 0;
  for (let i = 0; i < count; i++) {
    matches[i] = asked && tests.every((test) => test(i)) ? 1 : 0;
    matchCount += matches[i];
  }
  return asked;
}
// Decides what is shown, once what is looked for or hidden has changed.
function sift(asked) {
  const on = groupOfKind.map((group) => !view.off.has(group));
  for (let i = 0; i < count; i++) shown[i] = on[kind[i]] && (!view.only || !asked || matches[i]) ? 1 : 0;
}
// The next event that passes, either way; -1 when there is none.
function step(from, way, passes) {
  for (let i = from + way; i >= 0 && i < count; i += way) if (passes(i)) return i;
  return -1;
}
