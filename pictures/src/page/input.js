// What the reader does, and how the page begins.

const KEYS = [
  ["\u2190 \u2192", "event before, next event"],
  ["Shift \u2190 \u2192", "the same on this lane"],
  ["\u2191 \u2193", "what led to it, what it led to first"],
  ["b", "back to the event chosen before"],
  ["/", "find; n and N for the next match and the one before"],
  ["g", "the failure"],
  ["+ \u2212 0", "closer, farther, the whole run"],
  ["PgUp PgDn", "a page to the left, to the right"],
  ["Home End", "first event, last event"],
  ["a t", "another axis, light or dark"],
  ["Esc", "choose nothing"],
];

function search() {
  const asked = look($("find").value, Number($("actor").value || 0));
  $("found").textContent = asked ? `${matchCount.toLocaleString("en")} found` : "";
  sift(asked);
  listEvents();
  redraw();
}
function toMatch(way) {
  const from = view.chosen >= 0 ? view.chosen : indexAt(view.left) - 1;
  let found = step(from, way, (i) => matches[i] && shown[i]);
  // Round the end.
  if (found < 0) found = step(way > 0 ? -1 : count, way, (i) => matches[i] && shown[i]);
  if (found >= 0) choose(found, { centre: true });
}
function toFailure() {
  if (failedAt < 0) return;
  closeUp(failedAt, 48);
  choose(failedAt, { centre: true });
}
function setAxis(axis) {
  const fixed = view.chosen >= 0 ? view.chosen : Math.min(Math.max(indexAt(placeAt(LABELS + stageWidth() / 2)), 0), count - 1);
  const from = Math.max(indexAt(placeAt(LABELS)), 0), events = Math.max(Math.min(indexAt(placeAt(view.width)), count) - from, 2);
  view.axis = axis;
  $("axis").value = axis;
  layOut();
  if (count > 0) closeUp(fixed, Math.min(events, count));
  redraw();
}
function setDark(dark) {
  document.documentElement.classList.toggle("dark", dark);
  readColours();
  redraw();
}

// The event under the pointer: the nearest of the lane within some pixels.
function eventAt(x, y) {
  const l = Math.floor((y - RULER + view.top) / laneHeight());
  if (x < LABELS || y < RULER || y > view.height - MAP || l < 0 || l >= lanes.length) return -1;
  const from = indexAt(placeAt(x - 10)), to = indexAt(placeAt(x + 10));
  let best = -1, least = 11;
  for (let i = from; i < to && i < count; i++) {
    const away = Math.abs(xOf(i) - x);
    if (shown[i] && lane[i] === l && away < least) [best, least] = [i, away];
  }
  return best;
}
function hover(x, y) {
  const i = eventAt(x, y), tip = $("tip");
  if (i !== view.hovered) {
    view.hovered = i;
    redraw();
  }
  tip.hidden = i < 0;
  if (i < 0) return;
  const at = cause[i];
  const because = at >= 0 ? `because of #${seqOf(at)} ${head.kinds[kind[at]]} on ${lanes[lane[at]].label}` : "";
  tip.replaceChildren(`${head.kinds[kind[i]]} ${head.texts[text[i]]}`, element("small", {}, `#${seqOf(i)} ${lanes[lane[i]].label} +${span(time[i] - origin)}  ${because}`));
  tip.style.left = `${Math.min(x + 14, view.width - tip.offsetWidth - 6)}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > view.height ? y - tip.offsetHeight - 8 : y + 16}px`;
}

let drag = null;
canvas.onpointerdown = (event) => {
  const { offsetX: x, offsetY: y } = event;
  drag = { x, y, left: view.left, top: view.top, moved: false, onMap: y > view.height - MAP };
  canvas.setPointerCapture(event.pointerId);
  if (drag.onMap) moveOnMap(x);
};
canvas.onpointermove = ({ offsetX: x, offsetY: y }) => {
  if (!drag) return hover(x, y);
  if (drag.onMap) return moveOnMap(x);
  drag.moved ||= Math.hypot(x - drag.x, y - drag.y) > 3;
  if (!drag.moved) return;
  $("tip").hidden = true;
  view.left = drag.left - (x - drag.x) / view.scale;
  view.top = drag.top - (y - drag.y);
  settle();
  redraw();
};
canvas.onpointerup = ({ offsetX: x, offsetY: y }) => {
  if (drag && !drag.moved && !drag.onMap) {
    const i = eventAt(x, y);
    if (i >= 0) choose(i);
    else unchoose();
  }
  drag = null;
};
canvas.onpointerleave = () => { $("tip").hidden = true; view.hovered = -1; redraw(); };
canvas.ondblclick = ({ offsetX: x }) => zoom(3, x);
function moveOnMap(x) {
  view.left = ((x - LABELS) / stageWidth()) * extent() - stageWidth() / view.scale / 2;
  settle();
  redraw();
}
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  const unit = event.deltaMode === 1 ? 16 : 1;
  if (sideways) {
    view.left += sideways * unit / view.scale;
    settle();
    redraw();
  } else if (event.offsetX < LABELS || event.altKey) {
    view.top += event.deltaY * unit;
    settle();
    redraw();
  } else {
    zoom(Math.exp(-event.deltaY * unit * 0.0022), event.offsetX);
  }
}, { passive: false });

const ACTIONS = {
  ArrowLeft: (shift) => along(-1, shift),
  ArrowRight: (shift) => along(1, shift),
  ArrowUp: () => view.chosen >= 0 && choose(cause[view.chosen]),
  ArrowDown: () => view.chosen >= 0 && effectsOf(view.chosen).length && choose(effectsOf(view.chosen)[0]),
  Home: () => choose(step(-1, 1, (i) => shown[i])),
  End: () => choose(step(count, -1, (i) => shown[i])),
  PageUp: () => pan(-0.8),
  PageDown: () => pan(0.8),
  Escape: unchoose,
  "/": () => { $("find").focus(); $("find").select(); },
  n: () => toMatch(1),
  N: () => toMatch(-1),
  g: toFailure,
  b: () => past.length && choose(past.pop(), { back: true }),
  "+": () => zoom(1.5),
  "=": () => zoom(1.5),
  "-": () => zoom(1 / 1.5),
  0: fit,
  a: () => setAxis({ elastic: "order", order: "time", time: "elastic" }[view.axis]),
  t: () => setDark(!document.documentElement.classList.contains("dark")),
  "?": () => $("help").showModal(),
};
function along(way, sameLane) {
  const from = view.chosen >= 0 ? view.chosen : indexAt(placeAt(LABELS + stageWidth() / 2)) - way;
  choose(step(from, way, (i) => shown[i] && (!sameLane || view.chosen < 0 || lane[i] === lane[view.chosen])));
}
function pan(part) {
  view.left += part * stageWidth() / view.scale;
  settle();
  redraw();
}
addEventListener("keydown", (event) => {
  if (event.target === $("find")) {
    if (event.key === "Enter") toMatch(event.shiftKey ? -1 : 1);
    else if (event.key !== "Escape") return;
    else canvas.focus();
    event.preventDefault();
    return;
  }
  const typing = ["SELECT", "INPUT"].includes(event.target.tagName) || $("help").open;
  const action = Object.hasOwn(ACTIONS, event.key) ? ACTIONS[event.key] : null;
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !action) return;
  event.preventDefault();
  action(event.shiftKey);
});

$("find").oninput = search;
$("actor").onchange = search;
$("only").onchange = () => { view.only = $("only").checked; search(); };
$("before").onclick = () => toMatch(-1);
$("after").onclick = () => toMatch(1);
$("axis").onchange = () => setAxis($("axis").value);
$("closer").onclick = () => zoom(1.5);
$("farther").onclick = () => zoom(1 / 1.5);
$("fit").onclick = fit;
$("theme").onclick = () => ACTIONS.t();
$("about").onclick = () => $("help").showModal();
$("to-failure").onclick = toFailure;
$("log").onscroll = drawRows;

function resize() {
  const { clientWidth, clientHeight } = $("stage"), sharp = devicePixelRatio || 1;
  const first = view.width === 0;
  [view.width, view.height] = [clientWidth, clientHeight];
  [canvas.width, canvas.height] = [clientWidth * sharp, clientHeight * sharp];
  [canvas.style.width, canvas.style.height] = [`${clientWidth}px`, `${clientHeight}px`];
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  if (!first) settle();
  draw();
  drawRows();
}

function begin() {
  $("test").textContent = head.test || "a run";
  const { seed, policy, events } = head;
  const took = count > 0 ? span(time[count - 1] - origin) : "no time";
  const part = count < events ? `, of which ${count.toLocaleString("en")} are here` : "";
  $("facts").append("seed ", element("b", {}, seed), ", policy ", element("b", {}, policy), `, ${events.toLocaleString("en")} events${part} in `, element("b", {}, took), ` of virtual time, hash ${head.hash}`);
  if (head.failed) {
    const [first, ...more] = head.failed.message.split("\n");
    $("message").append(element("b", {}, first), ...more.map((words) => `\n${words}`));
    $("failure").hidden = false;
  }
  const used = new Set(groupOfKind);
  GROUPS.forEach((group, number) => {
    if (!used.has(number)) return;
    const chip = element("button", { className: "chip", title: `Show or hide: ${group.kinds.join(", ") || "everything else"}` }, element("i"), group.name);
    chip.style.setProperty("--c", `var(--${group.id})`);
    chip.setAttribute("aria-pressed", "true");
    chip.onclick = () => {
      const hidden = !view.off.delete(number) && Boolean(view.off.add(number));
      chip.setAttribute("aria-pressed", String(!hidden));
      search();
    };
    $("groups").append(chip);
  });
  const names = head.actors.map((name, number) => [name, number]).slice(1).sort(([a], [b]) => (a < b ? -1 : 1));
  names.forEach(([name, number]) => $("actor").append(element("option", { value: number }, name)));
  $("actor").hidden = names.length === 0;
  $("keys").append(...KEYS.flatMap(([key, what]) => [element("dt", {}, key), element("dd", {}, what)]));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.onchange = () => setDark(dark.matches);
  setDark(dark.matches);
  layOut();
  resize();
  $("find").value = head.find;
  search();
  const asked = /^#\d+$/.test(location.hash) ? Number(location.hash.slice(1)) - head.first : -1;
  showPanel();
  if (asked >= 0 && asked < count) {
    closeUp(asked, 48);
    choose(asked, { centre: true });
  } else if (failedAt >= 0) toFailure();
  else fit();
  new ResizeObserver(resize).observe($("stage"));
  canvas.focus();
}
begin();
