// The live list: which case is chosen, what is new since it was last drawn, and the keys J, K and Enter.
import { isTyping } from "./keys.js";

const queue = document.getElementById("queue");
const desk = document.getElementById("desk");
const announce = document.getElementById("announce");
const wide = window.matchMedia("(min-width: 1001px)");
const title = document.title;

let chosen = window.location.hash.slice(1) || null;
let place = 0;
let before = null;

const rows = () => [...queue.querySelectorAll(".row")];
const rowOf = (id) => document.getElementById(`row-${id}`);

function mark() {
  rows().forEach((row, index) => {
    const here = row.dataset.id === chosen;
    row.classList.toggle("chosen", here);
    row.firstElementChild.toggleAttribute("aria-current", here);
    if (here) place = index;
  });
  const waiting = queue.querySelector(".tabs a[aria-current] .n")?.textContent;
  document.title = waiting ? `(${waiting}) ${title}` : title;
}

function choose(id) {
  chosen = id;
  history.replaceState(null, "", `#${id}`);
  mark();
  // Until it is here, the keys C and R mean nothing: what is still shown is another case.
  desk.dataset.wanted = id;
  htmx.ajax("GET", `/cases/${id}/panel`, { source: desk, target: desk, swap: "innerHTML" });
  desk.scrollTop = 0;
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  // A case that has left the list leaves its place to the next one.
  const present = chosen && rowOf(chosen);
  const target = present ? place + step : chosen && step > 0 ? place : place + Math.min(step, 0);
  const row = all[Math.max(0, Math.min(all.length - 1, target))];
  row.firstElementChild.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (wide.matches) {
    choose(row.dataset.id);
  } else {
    chosen = row.dataset.id;
    mark();
  }
}

function tell(fresh) {
  if (!fresh.length) return;
  for (const row of fresh) row.classList.add("arrived");
  announce.textContent =
    fresh.length === 1
      ? queue.dataset.newOne.replace("{what}", fresh[0].dataset.what)
      : queue.dataset.newMany.replace("{count}", fresh.length);
}

queue.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!row || !plain || !wide.matches) return;
  event.preventDefault();
  choose(row.dataset.id);
});

document.getElementById("filters").addEventListener("change", (event) => {
  if (event.target.tagName === "SELECT") event.target.form.requestSubmit();
});

queue.addEventListener("htmx:before:swap", () => {
  before = new Set(rows().map((row) => row.dataset.id));
});
queue.addEventListener("htmx:after:swap", (event) => {
  if (!before) return;
  const seen = before;
  before = null;
  tell(rows().filter((row) => !seen.has(row.dataset.id)));
  mark();
});

document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
});

mark();
if (chosen && rowOf(chosen) && wide.matches) choose(chosen);
else chosen = null;
