// The page's link to central: server-sent events over one stream, and whether that stream is alive.
// htmx reconnects by itself; this shows how it stands, and notices a stream that is open but silent.
const live = document.getElementById("live");
const badge = document.getElementById("link");
const lostBar = document.getElementById("lost");
const patienceMs = Number(live?.dataset.heartbeatS ?? 10) * 2500;
const retryMs = 2000;
const graceMs = 2500;

let connection = null;
let heardAt = performance.now();
let connectedBefore = false;
let losing = null;

function show(state) {
  if (badge.dataset.state === state) return;
  badge.dataset.state = state;
  badge.textContent = badge.dataset[state];
  lostBar.hidden = state !== "lost";
}

function heard() {
  heardAt = performance.now();
  clearTimeout(losing);
  losing = null;
  show("connected");
}

function lost() {
  // A stream is renewed now and then, within a second; and a hidden page may pause its stream on purpose.
  losing ??= setTimeout(() => {
    losing = null;
    if (!document.hidden) show("lost");
  }, graceMs);
}

if (live) {
  live.addEventListener("htmx:sse:after:connection", (event) => {
    connection = event.detail.connection;
    heard();
    if (connectedBefore) live.dispatchEvent(new CustomEvent("relinked", { bubbles: true }));
    connectedBefore = true;
  });
  live.addEventListener("htmx:sse:before:connection", (event) => {
    if (event.detail.connection.attempt > 0) lost();
  });
  live.addEventListener("htmx:sse:after:message", heard);
  live.addEventListener("htmx:sse:error", (event) => {
    const status = event.detail.status;
    if (status === 401 || status === 403) window.location.reload();
    else lost();
  });
  // The first connection is not htmx's to repeat.
  live.addEventListener("htmx:finally:request", () => {
    if (connectedBefore) return;
    lost();
    setTimeout(() => live.dispatchEvent(new CustomEvent("retry")), retryMs);
  });
  setInterval(() => {
    if (document.hidden || !connectedBefore) {
      heardAt = performance.now();
    } else if (performance.now() - heardAt > patienceMs) {
      heardAt = performance.now();
      lost();
      connection?.reader?.cancel();
    }
  }, 1000);
  window.addEventListener("offline", lost);
}
