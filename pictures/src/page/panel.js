// The chosen event beside the timeline, and all events as lines below it.

function element(name, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}
const cssColour = (i) => `var(--${GROUPS[groupOf(i)].id})`;

// An event as a line that chooses it.
function stepLine(i, since) {
  const words = head.texts[text[i]];
  const line = element(
    "button", { className: "step", title: `#${seqOf(i)} ${lanes[lane[i]].label} ${head.kinds[kind[i]]} ${words}` },
    element("i"), element("b", {}, head.kinds[kind[i]]), element("span", {}, words),
    element("small", {}, `${lanes[lane[i]].label} ${time[i] === since ? "" : span(time[i] - since)}`),
  );
  line.style.setProperty("--c", cssColour(i));
  line.onclick = () => choose(i);
  return element("li", {}, line);
}

function showPanel() {
  const panel = $("panel"), i = view.chosen;
  panel.replaceChildren();
  if (i < 0) {
    panel.append(element("p", {}, "Click an event, or step with \u2190 and \u2192: here are the events that led to it, and those it led to."));
    return;
  }
  const words = head.texts[text[i]], after = i > 0 ? time[i] - time[i - 1] : 0;
  panel.append(
    element("h2", {}, `${head.kinds[kind[i]]}${words ? `: ${words}` : ""}`),
    element("p", { className: "time" }, `#${seqOf(i)} on ${lanes[lane[i]].label}, at ${seconds(time[i])} s`),
    element("p", { className: "time" }, `+${span(time[i] - origin)} into the run${after ? `, ${span(after)} after the event before` : ""}`),
  );
  if (i === failedAt) {
    const failed = element("p", {}, "The run failed right behind this event.");
    failed.style.color = "var(--bad)";
    panel.append(failed);
  }
  const causes = causesOf(i, 60);
  panel.append(element("h3", {}, causes.length ? "Because of" : "Its cause is not known"));
  panel.append(element("ol", { className: "causes" }, ...causes.map((at) => stepLine(at, time[i]))));
  const effects = consequencesOf(i, 60);
  panel.append(element("h3", {}, effects.length ? "Led to" : "It led to nothing"));
  const lines = effects.map(([at, depth]) => {
    const line = stepLine(at, time[i]);
    line.style.marginLeft = `${Math.min(depth - 1, 8) * 9}px`;
    return line;
  });
  panel.append(element("ol", { className: "effects" }, ...lines));
  panel.scrollTop = 0;
}

// Lines of all events that are shown; only those in sight are made.
const ROW = 20;
let listed = new Uint32Array(0);
function listEvents() {
  let length = 0;
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) if (shown[i]) all[length++] = i;
  listed = all.slice(0, length);
  $("rows").style.height = `${length * ROW}px`;
  drawRows();
}
// Where an event is among the lines, or where it would be.
function rowOf(i) {
  let low = 0, high = listed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (listed[middle] < i) low = middle + 1;
    else high = middle;
  }
  return low;
}
function drawRows() {
  const log = $("log"), first = Math.max(Math.floor(log.scrollTop / ROW) - 4, 0);
  const last = Math.min(first + Math.ceil(log.clientHeight / ROW) + 8, listed.length);
  const rows = [];
  for (let number = first; number < last; number++) {
    const i = listed[number], classes = ["row"];
    if (matches[i]) classes.push("match");
    if (i === failedAt) classes.push("failing");
    if (i === view.chosen) classes.push("chosen");
    const at = cause[i], because = at >= 0 && at !== i - 1 ? `\u2190 #${seqOf(at)} ${head.kinds[kind[at]]}` : "";
    const cells = [["seq", seqOf(i)], ["at", seconds(time[i])], ["lane", lanes[lane[i]].label], ["kind", head.kinds[kind[i]]], ["text", head.texts[text[i]]], ["because", because]];
    const row = element("div", { className: classes.join(" ") }, ...cells.map(([name, words]) => element("span", { className: name }, String(words))));
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(i === view.chosen));
    row.style.top = `${number * ROW}px`;
    row.style.setProperty("--c", cssColour(i));
    row.onclick = () => choose(i, { centre: true });
    rows.push(row);
  }
  $("rows").replaceChildren(...rows);
}
function showRow(i) {
  const log = $("log"), y = rowOf(i) * ROW;
  if (y < log.scrollTop || y > log.scrollTop + log.clientHeight - ROW) log.scrollTop = Math.max(y - log.clientHeight / 2, 0);
  drawRows();
}
