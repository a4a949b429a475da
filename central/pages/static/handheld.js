// What only the phone knows: where it is. Distances stay on the phone; nothing is sent but a form's own fields.
const EARTH_RADIUS_M = 6_371_008.8;
const here = { maximumAge: 60_000, timeout: 20_000, enableHighAccuracy: true };

function distanceM(a, b) {
  const rad = Math.PI / 180;
  const dLat = (b.lat - a.lat) * rad;
  const dLon = (b.lon - a.lon) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

const inWords = (metres) => (metres < 950 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`);

const locate = () => new Promise((found, failed) => navigator.geolocation.getCurrentPosition(found, failed, here));

function showDistances({ coords }) {
  const me = { lon: coords.longitude, lat: coords.latitude };
  for (const each of document.querySelectorAll("[data-lon]")) {
    const metres = distanceM(me, { lon: Number(each.dataset.lon), lat: Number(each.dataset.lat) });
    each.dataset.metres = metres;
    const words = each.querySelector(".away");
    words.textContent = words.dataset.words.replace("{distance}", inWords(metres));
    words.hidden = false;
  }
}

function sortRows(list, key) {
  list.append(...[...list.children].sort((a, b) => key(a) - key(b)));
}

function offerNearest() {
  const button = document.querySelector("#nearest");
  const list = document.querySelector("#todo");
  if (!button || !list) return;
  [...list.children].forEach((row, index) => { row.dataset.order = index; });
  button.hidden = false;
  button.addEventListener("click", async () => {
    const nearest = button.getAttribute("aria-pressed") !== "true";
    if (nearest) {
      button.disabled = true;
      try {
        showDistances(await locate());
      } catch {
        button.hidden = true;
        return;
      } finally {
        button.disabled = false;
      }
    }
    button.setAttribute("aria-pressed", String(nearest));
    sortRows(list, (row) => Number(nearest ? row.dataset.metres : row.dataset.order));
  });
}

function offerPlace() {
  const button = document.querySelector("#locate");
  if (!button) return;
  const [lon, lat, accuracy, says] = ["#lon", "#lat", "#accuracy", "#locating"].map((name) => document.querySelector(name));
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    says.textContent = says.dataset.busy;
    try {
      const { coords } = await locate();
      [lon.value, lat.value] = [coords.longitude.toFixed(6), coords.latitude.toFixed(6)];
      accuracy.value = coords.accuracy.toFixed(1);
      says.textContent = says.dataset.done.replace("{metres}", Math.round(coords.accuracy));
    } catch {
      says.textContent = says.dataset.failed;
      document.querySelector("#typed").open = true;
    } finally {
      button.disabled = false;
    }
  });
  for (const field of [lon, lat]) field.addEventListener("input", () => { accuracy.value = ""; });
}

// New tickets and reminders appear by themselves while the page is looked at.
function keepFresh() {
  const seconds = Number(document.querySelector("#tickets")?.dataset.freshS);
  if (!seconds) return;
  setInterval(async () => {
    if (document.hidden) return;
    const nearest = document.querySelector("#nearest")?.getAttribute("aria-pressed") === "true";
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#tickets");
      const old = document.querySelector("#tickets");
      if (!fresh || old.contains(document.activeElement)) return;
      old.replaceWith(fresh);
    } catch {
      return; // no network now: the next round asks again
    }
    if (!navigator.geolocation) return;
    offerNearest();
    if (nearest) document.querySelector("#nearest")?.click();
  }, seconds * 1000);
}

keepFresh();
if (navigator.geolocation) {
  offerNearest();
  offerPlace();
  const known = await navigator.permissions?.query({ name: "geolocation" });
  if (known?.state === "granted" && document.querySelector("[data-lon]")) locate().then(showDistances, () => {});
}
