// Keeps "3 min. ago" true, by central's clock and not by this machine's.
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "short" });
let skewMs = Date.now() - Date.parse(document.body.dataset.now);

function ago(then) {
  const seconds = Math.max(0, (Date.now() - skewMs - then) / 1000);
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? units.at(-1);
  return words.format(-Math.floor(seconds / length), unit);
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const text = ago(Date.parse(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

document.body.addEventListener("heartbeat", (event) => {
  const now = Date.parse(event.detail.data);
  if (now) skewMs = Date.now() - now;
});
document.body.addEventListener("htmx:after:swap", refresh);
setInterval(refresh, 1000);
refresh();
