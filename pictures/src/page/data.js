// The run: what is on the page, unpacked, and who led to whom.

const $ = (id) => document.getElementById(id);
const head = JSON.parse($("head").textContent);
const count = head.count;

// Groups of kinds, each with a colour of the style sheet. Kinds that are not named are "other".
const GROUPS = [
  { id: "run", name: "turns", kinds: ["Turn", "Polled", "Spawned"] },
  { id: "message", name: "messages", kinds: ["Pushed", "Visible", "Delivered", "Queued", "Replied", "RingFull"] },
  { id: "io", name: "I/O", kinds: ["Submitted", "Completed", "Completion", "Net", "Disk", "Job", "Injected"] },
  { id: "time", name: "time", kinds: ["TimersFired", "TimeAdvanced"] },
  { id: "sleep", name: "sleep", kinds: ["BellRung", "BellHeard", "Woken", "Announced", "Parked"] },
  { id: "end", name: "ends", kinds: ["Exited"] },
  { id: "refusal", name: "refusals", kinds: ["Refused", "Undelivered", "CallExpired", "CycleFound"] },
  { id: "fault", name: "faults", kinds: ["Fault"] },
  { id: "other", name: "other", kinds: [] },
];
const groupOfKind = head.kinds.map((kind) => {
  const found = GROUPS.findIndex((group) => group.kinds.includes(kind));
  return found < 0 ? GROUPS.length - 1 : found;
});
const kindNumber = (name) => head.kinds.indexOf(name);

// Columns of the events. `cause` is an index, -1 for none; times are nanoseconds.
const time = new Float64Array(count);
const text = new Uint32Array(count);
const cause = new Int32Array(count);
const actor = new Uint32Array(count);
const lane = new Uint16Array(count);
const kind = new Uint16Array(count);

(() => {
  const packed = atob($("events").textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  for (let i = 0, at = 0; i < count; i++, at += 24) {
    time[i] = view.getUint32(at + 4, true) * 4294967296 + view.getUint32(at, true);
    text[i] = view.getUint32(at + 8, true);
    const back = view.getUint32(at + 12, true);
    cause[i] = back > 0 && back <= i ? i - back : -1;
    actor[i] = view.getUint32(at + 16, true);
    lane[i] = view.getUint16(at + 20, true);
    kind[i] = view.getUint16(at + 22, true);
  }
  $("events").textContent = "";
})();

const lanes = head.lanes.map(([node, shard]) => ({
  node,
  shard,
  label: shard === null ? `n${node}` : `n${node}.${shard}`,
}));
const seqOf = (i) => head.first + i;
const groupOf = (i) => groupOfKind[kind[i]];
const origin = count > 0 ? time[0] : 0;
// -1 where the run passed, and where the page does not hold the event behind which it failed.
const failedAt = head.failed ? head.failed.place : -1;

// Effects: those of event i are effects[effectsFrom[i] .. effectsFrom[i + 1]].
const effectsFrom = new Uint32Array(count + 1);
const effects = (() => {
  for (let i = 0; i < count; i++) if (cause[i] >= 0) effectsFrom[cause[i] + 1]++;
  for (let i = 0; i < count; i++) effectsFrom[i + 1] += effectsFrom[i];
  const next = effectsFrom.slice(0, count);
  const all = new Uint32Array(effectsFrom[count] || 0);
  for (let i = 0; i < count; i++) if (cause[i] >= 0) all[next[cause[i]]++] = i;
  return all;
})();
const effectsOf = (i) => effects.subarray(effectsFrom[i], effectsFrom[i + 1]);

// The next event of the same lane, where a turn ends, and when each lane sleeps or is down.
const nextInLane = new Int32Array(count).fill(-1);
const turnEnd = new Int32Array(count);
const sleeps = lanes.map(() => []);
const downs = lanes.map(() => []);
(() => {
  const names = Object.fromEntries(head.kinds.map((name, number) => [name, number]));
  const apart = new Set(["Woken", "BellHeard", "Completion", "Injected", "Announced", "Parked", "Turn", "Fault", "Net", "Disk", "Job"].map((name) => names[name]));
  const last = lanes.map(() => -1), turn = lanes.map(() => -1), parked = lanes.map((l) => (l.shard === null ? -1 : 0));
  const down = lanes.map(() => -1);
  for (let i = 0; i < count; i++) {
    const l = lane[i], k = kind[i];
    if (last[l] >= 0) nextInLane[last[l]] = i;
    last[l] = i;
    turnEnd[i] = i;
    if (parked[l] >= 0 && k !== names.BellHeard) {
      if (i > parked[l]) sleeps[l].push([parked[l], i]);
      parked[l] = -1;
    }
    if (down[l] >= 0 && lanes[l].shard !== null) {
      // The node is back, and what of it does nothing yet sleeps.
      lanes.forEach((other, number) => {
        if (other.node !== lanes[l].node || down[number] < 0) return;
        downs[number].push([down[number], i]);
        down[number] = -1;
        if (number !== l) parked[number] = i;
      });
    }
    if (k === names.Turn) turn[l] = i;
    else if (apart.has(k)) turn[l] = -1;
    else if (turn[l] >= 0) turnEnd[turn[l]] = i;
    if (k === names.Parked) parked[l] = i;
    if (k === names.Fault && /^(PowerLoss|ProcessKill)$/.test(head.texts[text[i]])) {
      lanes.forEach((other, number) => {
        if (other.node !== lanes[l].node || other.shard === null) return;
        if (parked[number] >= 0) sleeps[number].push([parked[number], i]);
        [down[number], parked[number]] = [i, -1];
      });
    }
  }
  lanes.forEach((_, l) => {
    if (parked[l] >= 0) sleeps[l].push([parked[l], count - 1]);
    if (down[l] >= 0) downs[l].push([down[l], count - 1]);
  });
})();

// The causes of an event, nearest first.
function causesOf(i, most) {
  const chain = [];
  for (let at = cause[i]; at >= 0 && chain.length < most; at = cause[at]) chain.push(at);
  return chain;
}

// What an event leads to, breadth first, with how many steps away each is.
function consequencesOf(i, most) {
  const found = [], queue = [[i, 0]];
  for (let next = 0; next < queue.length && found.length < most; next++) {
    const [at, depth] = queue[next];
    for (const effect of effectsOf(at)) {
      if (found.length >= most) break;
      found.push([effect, depth + 1]);
      queue.push([effect, depth + 1]);
    }
  }
  return found.sort((a, b) => a[0] - b[0]);
}

// A stretch of time for people: four digits and a unit.
function span(nanos) {
  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "\u00b5s"]];
  for (const [size, unit] of units) {
    if (Math.abs(nanos) >= size) return `${+(nanos / size).toPrecision(5)} ${unit}`;
  }
  return `${nanos} ns`;
}
const seconds = (nanos) => `${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, "0")}`;
