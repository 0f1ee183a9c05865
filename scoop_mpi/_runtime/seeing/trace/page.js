"use strict";
// Draws the timeline: a row for each rank, from the data that stands in the page.
const run = JSON.parse(document.getElementById("run").textContent);
const canvas = document.getElementById("timeline");
const tip = document.getElementById("tip");
const LEFT = 62, FOOT = 26;
const many = run.ranks.length > 24;
const rowHeight = many ? Math.max(3, Math.floor(560 / run.ranks.length)) : 26;
const gap = rowHeight > 8 ? 4 : rowHeight > 3 ? 1 : 0;
const height = run.ranks.length * rowHeight + FOOT;
let from = 0, to = run.end;

for (const rank of run.ranks) {  // stored as differences, which are short
  let at = 0;
  rank.at = rank.at.map(step => at += step);
}

function colour(what) {
  const [kind, , shade] = run.names[what];
  const style = getComputedStyle(document.documentElement);
  if (kind === "call") return shade;
  return style.getPropertyValue({program: "--program", wait: "--waits", start: "--starts"}[kind] || "--idle");
}

function first(at, moment) {  // the last slice that begins at or before a moment
  let low = 0, high = at.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at[middle] <= moment) low = middle; else high = middle - 1;
  }
  return low;
}

function time(us, step) {
  const unit = step >= 1e6 ? [1e6, "s"] : step >= 1e3 ? [1e3, "ms"] : [1, "µs"];
  return +(us / unit[0]).toPrecision(6) + " " + unit[1];
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = height + "px";
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const scale = (width - LEFT) / (to - from);
  const colours = run.names.map((_, what) => colour(what));
  pen.font = "12px system-ui, 'DejaVu Sans', sans-serif";
  let step = 10 ** Math.floor(Math.log10((to - from) / 4));
  step *= (to - from) / step > 30 ? 5 : (to - from) / step > 12 ? 2 : 1;
  pen.textBaseline = "middle";
  run.ranks.forEach((rank, row) => {
    const y = row * rowHeight, tall = rowHeight - gap;
    if (!many || row % Math.ceil(16 / rowHeight) === 0) {
      pen.fillStyle = style.getPropertyValue("--soft");
      pen.fillText("rank " + rank.rank, 0, y + tall / 2 + .5);
    }
    pen.fillStyle = style.getPropertyValue("--idle");
    pen.fillRect(LEFT, y, width - LEFT, tall);
    for (let slice = first(rank.at, from); slice < rank.what.length && rank.at[slice] < to; slice++) {
      const what = rank.what[slice];
      if (run.names[what][0] === "idle") continue;
      const x = LEFT + Math.max(0, (rank.at[slice] - from) * scale);
      const end = LEFT + Math.min(width - LEFT, (rank.at[slice + 1] - from) * scale);
      const isCall = run.names[what][0] === "call";
      pen.fillStyle = colours[what];
      pen.fillRect(x, y, end - x - (isCall && end - x > 4 ? .7 : 0), tall);
      if (isCall && tall > 12) {
        const name = run.names[what][1];
        if (end - x > pen.measureText(name).width + 12) {
          pen.fillStyle = "#fff";
          pen.fillText(name, x + 6, y + tall / 2 + .5);
        }
      }
    }
  });
  pen.textBaseline = "alphabetic";
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const x = LEFT + (at - from) * scale;
    pen.fillStyle = style.getPropertyValue("--line");
    pen.fillRect(x, height - FOOT, 1, 6);
    pen.fillStyle = style.getPropertyValue("--soft");
    const text = time(at, step), wide = pen.measureText(text).width;
    pen.fillText(text, Math.min(x - (at ? wide / 2 : 0), width - wide), height - 6);
  }
  document.documentElement.dataset.drawn = run.ranks.length;
}

function look(event) {
  const box = canvas.getBoundingClientRect();
  const row = Math.floor((event.clientY - box.top) / rowHeight);
  const moment = from + (event.clientX - box.left - LEFT) * (to - from) / (box.width - LEFT);
  const rank = run.ranks[row];
  if (!rank || moment < from || moment < rank.at[0] || moment >= rank.at[rank.at.length - 1]) {
    tip.style.display = "none";
    return;
  }
  const slice = first(rank.at, moment);
  const [kind, name] = run.names[rank.what[slice]];
  const words = {call: name, program: "the program", wait: "waits for " + (name || "constants"),
                 idle: "nothing to do", start: "starts"};
  const long = rank.at[slice + 1] - rank.at[slice];
  tip.textContent = `rank ${rank.rank} on ${rank.host}: ${words[kind]}, ${time(Math.round(long), long)} ` +
                    `from ${time(Math.round(rank.at[slice]), rank.at[slice])}`;
  tip.style.display = "block";
  tip.style.left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8) + "px";
  tip.style.top = event.clientY + 16 + "px";
}

function view(start, end) {
  const long = Math.min(run.end, Math.max(5, end - start));
  from = Math.min(Math.max(0, start), run.end - long);
  to = from + long;
  requestAnimationFrame(draw);
}

let held = null;
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  const part = Math.max(0, (event.clientX - box.left - LEFT) / (box.width - LEFT));
  const long = (to - from) * Math.exp(event.deltaY / 400), moment = from + part * (to - from);
  view(moment - part * long, moment + (1 - part) * long);
}, {passive: false});
canvas.addEventListener("pointerdown", event => { held = event.clientX; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener("pointerup", () => { held = null; });
canvas.addEventListener("pointermove", event => {
  if (held === null) return look(event);
  const moved = (held - event.clientX) * (to - from) / (canvas.clientWidth - LEFT);
  held = event.clientX;
  view(from + moved, to + moved);
});
canvas.addEventListener("pointerleave", () => { tip.style.display = "none"; });
canvas.addEventListener("dblclick", () => view(0, run.end));
window.addEventListener("resize", draw);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
