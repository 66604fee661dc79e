// The timeline on its canvas.

const canvas = $("canvas"), pen = canvas.getContext("2d");
let colours = {}, waiting = false;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ground", "raised", "sunk", "line", "ink", "faint", "fainter", "band", "bad", "cause", "effect", "chosen"];
  colours = Object.fromEntries([...names, ...GROUPS.map((group) => group.id)].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
const colourOf = (i) => colours[GROUPS[groupOf(i)].id];

function redraw() {
  if (!waiting) {
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  }
}

function draw() {
  const { width, height } = view;
  pen.clearRect(0, 0, width, height);
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  pen.textBaseline = "middle";
  const from = Math.max(indexAt(placeAt(LABELS)) - 1, 0);
  const to = Math.min(indexAt(placeAt(width)) + 1, count);
  pen.save();
  pen.beginPath();
  pen.rect(LABELS, RULER, width - LABELS, height - RULER - MAP);
  pen.clip();
  drawLanes();
  if (to - from > stageWidth() * 1.5) drawDensity(from, to);
  else drawEvents(from, to);
  drawChain();
  drawFailure();
  pen.restore();
  drawRuler();
  drawLabels();
  drawMap();
}

// Ground of the lanes: nodes apart, sleeping dotted, down hatched.
function drawLanes() {
  const high = laneHeight();
  lanes.forEach(({ node, shard }, l) => {
    const y = yOf(l);
    if (y < RULER - high || y > view.height) return;
    pen.fillStyle = node % 2 ? colours.raised : colours.band;
    pen.fillRect(LABELS, y - high / 2, view.width, high);
    if (shard === null) {
      pen.fillStyle = colours.line;
      pen.fillRect(0, Math.round(y - high / 2), view.width, 1);
      return;
    }
    pen.strokeStyle = colours.fainter;
    line(Math.max(xOf(0), LABELS), y, Math.min(xOf(count - 1), view.width), y);
    // Sleep is where the line is not.
    pen.fillStyle = node % 2 ? colours.raised : colours.band;
    spans(sleeps[l], (x1, x2) => {
      pen.fillRect(x1, y - 1.5, x2 - x1, 3);
      pen.strokeStyle = colours.fainter;
      pen.setLineDash([1, 5]);
      line(x1, y, x2, y);
      pen.setLineDash([]);
    });
    spans(downs[l], (x1, x2) => {
      pen.globalAlpha = 0.16;
      pen.fillStyle = colours.fault;
      pen.fillRect(x1, y - high / 2, x2 - x1, high);
      pen.globalAlpha = 1;
      if (x2 - x1 > 60) label("down", Math.max(x1, LABELS) + 6, y, colours.fault, 60);
    });
  });
}
// Those of a lane's stretches that are in sight.
function spans(all, each) {
  let low = 0, high = all.length;
  const left = placeAt(LABELS);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place[all[middle][1]] < left) low = middle + 1;
    else high = middle;
  }
  for (let next = low; next < all.length; next++) {
    const [start, end] = all[next], x1 = xOf(start), x2 = xOf(end);
    if (x1 > view.width) return;
    if (x2 - x1 > 1) each(Math.max(x1, LABELS - 9), Math.min(x2, view.width + 9));
  }
}
function line(x1, y1, x2, y2) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}
function label(words, x, y, colour, room) {
  if (room < 18) return;
  pen.fillStyle = colour;
  let shown = words;
  if (pen.measureText(shown).width > room) {
    let keep = Math.max(Math.floor((room / pen.measureText(shown).width) * shown.length) - 1, 1);
    shown = `${shown.slice(0, keep)}\u2026`;
    if (pen.measureText(shown).width > room + 6) return;
  }
  pen.fillText(shown, x, y);
}

// From afar: per lane and column how much happened, and of what; on top of it, through the whole
// lane, what is looked for and what must not be overlooked.
const GRAVE = ["end", "refusal", "fault"];
function drawDensity(from, to) {
  const step = 2, columns = Math.ceil(stageWidth() / step) + 1, groups = GROUPS.length;
  const sums = new Uint32Array(columns * lanes.length * groups), marks = new Uint8Array(columns * lanes.length);
  const grave = GROUPS.map((group) => GRAVE.indexOf(group.id) + 1);
  for (let i = from; i < to; i++) {
    if (!shown[i]) continue;
    const column = ((place[i] - view.left) * view.scale / step) | 0;
    if (column < 0 || column >= columns) continue;
    const cell = lane[i] * columns + column, group = groupOf(i);
    sums[cell * groups + group]++;
    marks[cell] = Math.max(marks[cell], matches[i] ? 9 : grave[group]);
  }
  const all = new Uint32Array(marks.length);
  for (let at = 0; at < sums.length; at++) all[(at / groups) | 0] += sums[at];
  const high = laneHeight(), most = Math.max(all.reduce((a, b) => Math.max(a, b), 0), 1);
  lanes.forEach((_, l) => {
    const y = yOf(l);
    if (y < RULER - high || y > view.height) return;
    for (let column = 0; column < columns; column++) {
      const cell = l * columns + column, x = LABELS + column * step;
      if (all[cell] === 0) continue;
      const tall = Math.max((high - 6) * (0.3 + 0.7 * Math.log1p(all[cell]) / Math.log1p(most)), 2);
      let bottom = y + tall / 2;
      pen.globalAlpha = 0.8;
      for (let group = 0; group < groups; group++) {
        const part = sums[cell * groups + group] / all[cell] * tall;
        if (part === 0) continue;
        pen.fillStyle = colours[GROUPS[group].id];
        pen.fillRect(x, bottom - part, step, part);
        bottom -= part;
      }
      if (marks[cell] === 0) continue;
      pen.globalAlpha = 1;
      pen.fillStyle = marks[cell] === 9 ? colours.cause : colours[GRAVE[marks[cell] - 1]];
      pen.fillRect(x - 0.5, y - high / 2 + 1, step + 1, high - 2);
    }
  });
  pen.globalAlpha = 1;
}

function drawEvents(from, to) {
  const dense = ((to - from) / stageWidth()) > 0.2;
  const turn = kindNumber("Turn"), tall = Math.min(laneHeight() * 0.62, 24);
  // A turn that began out of sight may reach into it.
  for (let i = Math.max(from - 300, 0); i < to; i++) {
    if (kind[i] !== turn || !shown[i]) continue;
    const x = xOf(i), wide = Math.max(xOf(turnEnd[i]) - x, 0) + (dense ? 2 : 9);
    pen.globalAlpha = 0.2;
    pen.fillStyle = colours.run;
    pen.beginPath();
    pen.roundRect(x - (dense ? 1 : 4), yOf(lane[i]) - tall / 2, wide, tall, 3);
    pen.fill();
  }
  pen.globalAlpha = 1;
  drawArrows(from, to, dense);
  for (let i = from; i < to; i++) if (shown[i]) drawEvent(i, dense);
}

// Kinds whose cause is drawn as an arrow when it is on another lane.
function drawArrows(from, to, dense) {
  const end = Math.min(to + 3000, count);
  pen.lineWidth = 1;
  for (let i = from; i < end; i++) {
    const at = cause[i];
    if (at < 0 || !shown[i] || lane[at] === lane[i] || (i >= to && at >= to)) continue;
    pen.globalAlpha = dense ? 0.25 : 0.5;
    arrow(at, i, colourOf(i), !dense);
  }
  pen.globalAlpha = 1;
}
function arrow(start, end, colour, pointed) {
  const x1 = xOf(start), y1 = yOf(lane[start]), x2 = xOf(end), y2 = yOf(lane[end]);
  const bend = lane[start] === lane[end] ? 0 : Math.min(Math.abs(x2 - x1) * 0.5, 60);
  pen.strokeStyle = colour;
  pen.beginPath();
  pen.moveTo(x1, y1);
  if (lane[start] === lane[end]) {
    const lift = Math.min(laneHeight() * 0.45, 6 + Math.abs(x2 - x1) * 0.1);
    pen.quadraticCurveTo((x1 + x2) / 2, y1 - 2 * lift, x2, y2);
  } else {
    pen.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
  }
  pen.stroke();
  if (pointed && lane[start] !== lane[end]) {
    const down = Math.sign(y2 - y1), from = bend < 8 ? [0, -down] : [-1, 0];
    const x = x2 + from[0] * 5, y = y2 + from[1] * 5;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x + from[0] * 6 - from[1] * 3, y + from[1] * 6 - from[0] * 3);
    pen.lineTo(x + from[0] * 6 + from[1] * 3, y + from[1] * 6 + from[0] * 3);
    pen.fill();
  }
}

function drawEvent(i, dense) {
  const x = xOf(i), y = yOf(lane[i]), group = GROUPS[groupOf(i)].id, name = head.kinds[kind[i]];
  const reach = Math.min(laneHeight() * 0.3, 9), colour = colourOf(i);
  pen.fillStyle = colour;
  pen.strokeStyle = colour;
  if (group === "fault" || group === "refusal") {
    pen.beginPath();
    pen.moveTo(x, y - reach);
    pen.lineTo(x + reach * 0.8, y);
    pen.lineTo(x, y + reach);
    pen.lineTo(x - reach * 0.8, y);
    pen.fill();
  } else if (dense) {
    pen.fillRect(x - 0.5, y - reach, 1.5, reach * 2);
  } else if (name === "Pushed" || name === "Submitted") {
    pen.beginPath();
    pen.moveTo(x - 4, y - 4.5);
    pen.lineTo(x + 5, y);
    pen.lineTo(x - 4, y + 4.5);
    pen.fill();
  } else if (name === "Polled" || name === "Turn") {
    pen.fillRect(x - 1.5, y - reach, 3, reach * 2);
  } else if (group === "sleep") {
    disc(x, y, 3.2);
    pen.fillStyle = colours.raised;
    disc(x, y, 1.8);
  } else if (group === "time") {
    pen.fillRect(x - 1, y - laneHeight() / 2 + 2, 2, laneHeight() - 4);
  } else {
    disc(x, y, group === "end" ? 5 : 3.8);
  }
  if (matches[i]) {
    pen.strokeStyle = colours.cause;
    pen.lineWidth = 1.5;
    ring(x, y, 7);
    pen.lineWidth = 1;
  }
  if (!dense && laneHeight() >= 30) nameEvent(i, x, y);
}
const disc = (x, y, r) => { pen.beginPath(); pen.arc(x, y, r, 0, 7); pen.fill(); };
const ring = (x, y, r) => { pen.beginPath(); pen.arc(x, y, r, 0, 7); pen.stroke(); };

// Beside an event what it is, as far as there is room before the next one of the lane.
function nameEvent(i, x, y) {
  const next = nextInLane[i], room = (next < 0 ? view.width : xOf(next)) - x - 12;
  const who = head.actors[actor[i]];
  const short = who && who.slice(who.lastIndexOf("::") + 1).replace(/^:+/, "");
  const fault = head.kinds[kind[i]] === "Fault";
  const words = fault ? head.texts[text[i]] : short ? `${head.kinds[kind[i]]} ${short}` : head.kinds[kind[i]];
  label(words, x + 8, y - Math.min(laneHeight() * 0.32, 13), fault ? colours.fault : colours.faint, room);
}

// The chosen event with its causes and effects, above all else.
function drawChain() {
  const { chosen, hovered } = view;
  if (hovered >= 0 && hovered !== chosen) {
    pen.strokeStyle = colours.faint;
    ring(xOf(hovered), yOf(lane[hovered]), 8);
  }
  if (chosen < 0) return;
  // From afar the rings would hide everything.
  const far = view.scale * extent() / count < 5, size = far ? 2.5 : 6;
  pen.lineWidth = far ? 1 : 2;
  const linked = (set, colour) => {
    for (const i of set) {
      const at = cause[i];
      if (at >= 0 && (at === chosen || set.has(at))) arrow(at, i, colour, true);
    }
  };
  linked(effectSet, colours.effect);
  linked(causeSet, colours.cause);
  if (cause[chosen] >= 0) arrow(cause[chosen], chosen, colours.cause, true);
  for (const [set, colour] of [[effectSet, colours.effect], [causeSet, colours.cause]]) {
    pen.strokeStyle = colour;
    for (const i of set) {
      const x = xOf(i);
      if (x > LABELS - 9 && x < view.width + 9) ring(x, yOf(lane[i]), size);
    }
  }
  pen.lineWidth = 2;
  const x = xOf(chosen), y = yOf(lane[chosen]);
  pen.strokeStyle = colours.chosen;
  ring(x, y, 9);
  pen.lineWidth = 1;
  pen.globalAlpha = 0.35;
  line(x, RULER, x, y - 9);
  line(x, y + 9, x, view.height);
  pen.globalAlpha = 1;
}
function drawFailure() {
  if (failedAt < 0) return;
  const x = xOf(failedAt);
  pen.fillStyle = colours.bad;
  pen.globalAlpha = 0.9;
  pen.fillRect(x - 1, RULER, 2, view.height);
  pen.globalAlpha = 1;
}

function drawRuler() {
  pen.fillStyle = colours.ground;
  pen.fillRect(0, 0, view.width, RULER);
  pen.fillStyle = colours.line;
  pen.fillRect(0, RULER - 1, view.width, 1);
  pen.textAlign = "center";
  for (let x = LABELS + 60; x < view.width - 40; x += 120) {
    const i = Math.min(indexAt(placeAt(x)), count - 1);
    if (i < 0 || placeAt(x) < 0 || placeAt(x) > extent()) continue;
    if (failedAt >= 0 && Math.abs(xOf(failedAt) - x) < 66) continue;
    const at = view.axis === "time" ? Math.round(placeAt(x)) : time[i] - origin;
    pen.fillStyle = colours.faint;
    pen.fillText(`+${span(at)}`, x, RULER / 2);
    pen.fillRect(x, RULER - 5, 1, 4);
  }
  if (failedAt >= 0 && xOf(failedAt) > LABELS && xOf(failedAt) < view.width) {
    const x = xOf(failedAt);
    pen.fillStyle = colours.bad;
    pen.beginPath();
    pen.roundRect(x - 26, 3, 52, RULER - 7, 4);
    pen.fill();
    pen.fillStyle = colours.ground;
    pen.fillText("failed", x, RULER / 2 - 0.5);
  }
  pen.textAlign = "left";
}
function drawLabels() {
  pen.fillStyle = colours.ground;
  pen.fillRect(0, RULER, LABELS, view.height - RULER - MAP);
  pen.save();
  pen.beginPath();
  pen.rect(0, RULER, LABELS, view.height - RULER - MAP);
  pen.clip();
  lanes.forEach(({ label: words, shard }, l) => {
    pen.fillStyle = shard === null ? colours.faint : colours.ink;
    pen.font = `${shard === null ? "" : "600 "}11px system-ui, "DejaVu Sans", sans-serif`;
    pen.fillText(shard === null ? `node ${words.slice(1)}` : words, 10, yOf(l));
  });
  pen.restore();
  pen.fillStyle = colours.line;
  pen.fillRect(LABELS - 1, RULER, 1, view.height - RULER);
}

// The whole run at the bottom, with what is in sight, faults, and the failure.
let mapped = null;
function drawMap() {
  const top = view.height - MAP, wide = stageWidth(), key = `${wide} ${view.axis}`;
  if (mapped?.key !== key) mapped = { key, ...mapOf(wide) };
  pen.fillStyle = colours.sunk;
  pen.fillRect(0, top, view.width, MAP);
  for (let x = 0; x < mapped.sum.length; x++) {
    if (mapped.sum[x] === 0) continue;
    const tall = 3 + (MAP - 14) * Math.log1p(mapped.sum[x]) / Math.log1p(mapped.most);
    pen.fillStyle = colours.fainter;
    pen.fillRect(LABELS + x, view.height - 3 - tall, 1, tall);
  }
  for (let x = 0; x < mapped.sum.length; x++) {
    if (mapped.bad[x] === 0) continue;
    pen.fillStyle = mapped.bad[x] === 2 ? colours.fault : colours.refusal;
    pen.fillRect(LABELS + x - 0.5, top + 4, 2, MAP - 8);
  }
  const at = (i) => LABELS + (place[i] / extent()) * (wide - 1);
  for (const set of [causeSet, effectSet]) {
    pen.fillStyle = set === causeSet ? colours.cause : colours.effect;
    for (const i of set) pen.fillRect(at(i), view.height - 4, 2, 3);
  }
  if (view.chosen >= 0) {
    pen.fillStyle = colours.chosen;
    pen.fillRect(at(view.chosen) - 1, top + 2, 2, MAP - 4);
  }
  if (failedAt >= 0) {
    pen.fillStyle = colours.bad;
    pen.fillRect(at(failedAt) - 1, top, 3, MAP);
  }
  const x1 = LABELS + (view.left / extent()) * wide, x2 = x1 + (stageWidth() / view.scale / extent()) * wide;
  pen.fillStyle = colours.effect;
  pen.globalAlpha = 0.13;
  pen.fillRect(Math.max(x1, LABELS), top, Math.max(Math.min(x2, view.width) - Math.max(x1, LABELS), 3), MAP);
  pen.globalAlpha = 1;
  pen.strokeStyle = colours.effect;
  pen.strokeRect(Math.max(x1, LABELS) + 0.5, top + 0.5, Math.max(Math.min(x2, view.width - 1) - Math.max(x1, LABELS), 3), MAP - 1);
  pen.fillStyle = colours.faint;
  pen.fillText("run", 10, top + MAP / 2);
}
function mapOf(wide) {
  const sum = new Uint32Array(Math.ceil(wide)), bad = new Uint8Array(sum.length);
  for (let i = 0; i < count; i++) {
    const x = Math.min(Math.floor((place[i] / extent()) * wide), sum.length - 1);
    sum[x]++;
    const group = GROUPS[groupOf(i)].id;
    if (group === "fault") bad[x] = 2;
    else if (group === "refusal" && bad[x] === 0) bad[x] = 1;
  }
  return { sum, bad, most: Math.max(sum.reduce((a, b) => Math.max(a, b), 0), 1) };
}
