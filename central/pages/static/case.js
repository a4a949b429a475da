// One case: the keys C and R, and staying true while others work on it.
import { isTyping } from "./keys.js";

const opened = () => document.getElementById("case");
const desk = document.getElementById("desk");

// Whether the case that was asked for is here, and htmx has taken up its forms.
function isReady() {
  const here = opened();
  return here?.hasAttribute("data-htmx-powered") && (desk.dataset.wanted ?? here.dataset.id) === here.dataset.id;
}
const rejecting = () => document.getElementById("reject");

function openReject() {
  const details = rejecting();
  if (!details) return;
  details.open = true;
  document.getElementById("reason").focus();
  details.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && rejecting()?.open) {
    rejecting().open = false;
    rejecting().querySelector("summary").focus();
    return;
  }
  if (isTyping(event) || !isReady()) return;
  if (event.key === "c") {
    const button = document.getElementById("confirm");
    if (button && !button.disabled) button.form.requestSubmit();
  } else if (event.key === "r") {
    event.preventDefault();
    openReject();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#reject > summary") && !rejecting().open) {
    // After the browser has opened it.
    setTimeout(openReject);
  }
});

// One press is one decision.
document.addEventListener("htmx:before:request", (event) => {
  const button = event.target.closest?.(".decide form")?.querySelector("button[type=submit]");
  if (button) button.disabled = true;
});
document.addEventListener("htmx:finally:request", (event) => {
  const button = event.target.closest?.(".decide form")?.querySelector("button[type=submit]");
  if (button) button.disabled = false;
});

// Someone else, or the street, changed this case. Words half written are left alone: the version tells.
function refresh(event) {
  const here = opened();
  if (!here || rejecting()?.open || here.querySelector("details.original[open]")) return;
  if (event.type === "case") {
    const known = Number(event.detail.id) <= Number(here.dataset.seen);
    if (known || JSON.parse(event.detail.data).case_id !== here.dataset.id) return;
  }
  here.dispatchEvent(new CustomEvent("stale"));
}
document.body.addEventListener("case", refresh);
document.body.addEventListener("relinked", refresh);

// A redraw neither takes away what the person was just told, nor goes back behind what is already shown: the answer to
// a decision may overtake a redraw that was asked for before it.
document.addEventListener("htmx:before:swap", (event) => {
  const here = opened();
  if (!here || event.detail.ctx.sourceElement !== here) return;
  const fresh = event.detail.tasks.map((task) => task.fragment?.querySelector?.("#case")).find(Boolean);
  if (!fresh || fresh.dataset.id !== here.dataset.id) return;
  if (Number(fresh.dataset.seen) < Number(here.dataset.seen)) {
    event.preventDefault();
    return;
  }
  const notice = document.getElementById("notice");
  if (notice && !fresh.querySelector("#notice")) fresh.prepend(notice.cloneNode(true));
});

// The button that was pressed is gone: whoever works by keyboard goes on from the heading.
document.addEventListener("htmx:after:swap", () => {
  if (document.getElementById("notice") && document.activeElement === document.body) {
    document.getElementById("case-title").focus({ preventScroll: true });
  }
});
