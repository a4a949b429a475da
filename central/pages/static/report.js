// Sends photos or a clip by tus while the rest is filled in, then the report itself. A broken line is waited for.
const PIECE_BYTES = 2_000_000;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000, 60_000];
const PHOTO_TYPES = ["image/jpeg", "image/png", "image/webp"];
const CLIP_TYPES = ["video/mp4", "video/quicktime"];
const MAP_ZOOM = 11;
const KEY_USED = "urn:kerbwatch:problem:key-used";

const form = document.getElementById("report");
const said = JSON.parse(form.dataset.said);
const input = document.getElementById("files");
const list = document.getElementById("chosen");
const notice = document.getElementById("notice");
const send = document.getElementById("send");
const sendWords = send.textContent;
const pick = document.getElementById("pick");
const files = new Set();
let here = null;
let map = null;
let began = null;
let unheard = null; // what was sent last, while its answer is not known: it may have come in

const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

function tell(words, tone = "bad") {
  notice.textContent = words;
  notice.className = `notice ${tone}`;
  notice.hidden = !words;
}

class Chosen {
  constructor(file) {
    this.file = file;
    this.clip = CLIP_TYPES.includes(file.type);
    this.row = document.createElement("li");
    const shown = document.createElement(this.clip ? "span" : "img");
    if (!this.clip) {
      shown.alt = "";
      shown.addEventListener("load", () => URL.revokeObjectURL(shown.src));
      shown.addEventListener("error", () => shown.replaceWith(Object.assign(document.createElement("span"), { className: "film", textContent: "?" })));
      shown.src = URL.createObjectURL(file);
    } else {
      shown.className = "film";
      shown.textContent = "▶";
    }
    const middle = document.createElement("div");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = file.name;
    this.bar = document.createElement("progress");
    this.bar.max = 1;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", file.name);
    this.state = document.createElement("span");
    this.state.className = "state";
    this.state.textContent = said.waiting;
    middle.append(name, this.bar, this.state);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "plain";
    remove.textContent = said.remove;
    remove.addEventListener("click", () => this.remove());
    this.row.append(shown, middle, remove);
    list.append(this.row);
    this.done = new Promise((resolve) => { this.settle = resolve; });
  }

  fault() {
    if (![...PHOTO_TYPES, ...CLIP_TYPES].includes(this.file.type)) return said.wrong_type;
    const most = Number(this.clip ? form.dataset.clipBytes : form.dataset.photoBytes);
    return this.file.size > most ? said.too_large : "";
  }

  async begin() {
    const fault = this.fault();
    if (fault) return this.fail(fault);
    this.upload = new globalThis.tus.Upload(this.file, {
      endpoint: "/api/v1/uploads",
      chunkSize: PIECE_BYTES,
      retryDelays: RETRY_MS,
      removeFingerprintOnSuccess: true,
      onProgress: (sent, all) => {
        this.bar.value = sent / all;
        this.state.textContent = fill(said.sent_share, { percent: Math.floor((100 * sent) / all) });
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        const again = status === 0 || status === 409 || status === 423 || status === 408 || status >= 500;
        if (again) this.state.textContent = said.line_lost;
        return again;
      },
      onSuccess: () => {
        this.row.className = "good";
        this.bar.hidden = true;
        this.state.textContent = said.sent;
        this.settle(this.upload.url.split("/").at(-1));
      },
      onError: (error) => this.fail(this.reason(error)),
    });
    // The same file may have been begun before the page was left or the phone went dark.
    const before = await this.upload.findPreviousUploads();
    if (before.length) this.upload.resumeFromPreviousUpload(before.at(-1));
    this.upload.start();
  }

  reason(error) {
    try {
      return JSON.parse(error.originalResponse.getBody()).detail;
    } catch {
      return said.no_line;
    }
  }

  fail(why) {
    this.failed = true;
    this.row.className = "bad";
    this.bar.hidden = true;
    this.state.textContent = fill(said.not_taken, { why });
    this.settle(null);
  }

  remove() {
    files.delete(this);
    this.row.remove();
    this.upload?.abort(true).catch(() => {}); // what stays behind expires
    this.settle(null);
  }
}

input.addEventListener("change", () => {
  tell("");
  for (const file of input.files) {
    const kept = [...files].filter((each) => !each.failed);
    const clip = CLIP_TYPES.includes(file.type);
    const room = clip ? kept.length === 0 : kept.length < Number(form.dataset.mostPhotos) && !kept.some((each) => each.clip);
    if (!room) {
      tell(said.too_many);
      break;
    }
    const chosen = new Chosen(file);
    files.add(chosen);
    chosen.begin();
  }
  input.value = "";
});

function locate() {
  const words = document.getElementById("located");
  words.textContent = said.locating;
  here = null;
  const lost = () => { words.textContent = said.not_located; };
  if (!navigator.geolocation) return lost();
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    here = { lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.min(5000, Math.max(1, coords.accuracy)), method: "gps" };
    words.textContent = fill(said.located, { metres: Math.round(coords.accuracy) });
  }, lost, { enableHighAccuracy: true, timeout: 20_000, maximumAge: 30_000 });
}

async function openMap() {
  pick.hidden = false;
  if (map) return map.resize();
  try {
    const maplibre = await import(pick.dataset.maplibre);
    maplibre.setWorkerUrl(pick.dataset.worker);
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const container = document.createElement("div");
    container.className = "gl";
    pick.append(container);
    map = new maplibre.Map({
      container,
      center: here ? [here.lon, here.lat] : [Number(pick.dataset.lon ?? 0), Number(pick.dataset.lat ?? 0)],
      zoom: pick.dataset.lon ? MAP_ZOOM : 2,
      dragRotate: false,
      attributionControl: { compact: true },
      style: {
        version: 8,
        sources: {
          areas: { type: "geojson", data: new URL(pick.dataset.areas, location.href).href },
          tiles: { type: "raster", tiles: [pick.dataset.tiles], tileSize: 256, attribution: pick.dataset.attribution },
        },
        layers: [
          { id: "ground", type: "background", paint: { "background-color": colour("--sunken") } },
          { id: "tiles", type: "raster", source: "tiles" },
          { id: "areas", type: "fill", source: "areas", paint: { "fill-color": colour("--accent"), "fill-opacity": 0.06 } },
          { id: "borders", type: "line", source: "areas", paint: { "line-color": colour("--line-strong"), "line-width": 1.2 } },
        ],
      },
    });
    began = map.getCenter().wrap();
    for (const { properties } of (await (await fetch(pick.dataset.areas)).json()).features) {
      if (!properties.label_at) continue;
      const element = Object.assign(document.createElement("div"), { className: "area-label", textContent: properties.name });
      new maplibre.Marker({ element }).setLngLat(properties.label_at).addTo(map);
    }
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibre.ScaleControl(), "bottom-left");
  } catch (error) {
    console.warn("no map:", error);
    pick.hidden = true;
    tell(said.no_map);
  }
}

form.addEventListener("change", (event) => {
  if (event.target.name !== "where") return;
  if (event.target.value === "gps") locate();
  if (event.target.value === "map") openMap();
  else if (pick) pick.hidden = true;
});

function place() {
  const where = form.elements.where.value;
  if (where === "gps") return here;
  if (where !== "map") return undefined;
  if (!map) return null;
  const { lng, lat } = map.getCenter().wrap();
  // Where the map began is nobody's choice, unless it began where the phone is.
  if (!here && lng === began.lng && lat === began.lat) return null;
  return { lon: lng, lat, method: "map", datum: pick.dataset.datum };
}

function saidSoFar() {
  const seen = document.getElementById("seen").value;
  const at = place();
  return {
    kind: form.elements.kind.value,
    words: document.getElementById("words").value,
    form_key: form.dataset.formKey,
    ...(at && { place: at }),
    ...(seen && { seen_at: new Date(seen).toISOString() }),
  };
}

// Sends a report; true and its page, or false and the problem.
async function hand(json) {
  const before = unheard;
  unheard = json;
  const asked = { method: "POST", headers: { "Content-Type": "application/json" }, body: json };
  const [status, found] = await fetch("/api/v1/reports", asked)
    .then(async (answer) => [answer.status, await answer.json()])
    .catch(() => { throw new Error(said.no_line); });
  const nothingDone = status === 429 || status >= 500; // says nothing of what was sent before
  unheard = nothingDone ? before : null;
  return [status < 300, found];
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const going = [...files].filter((each) => !each.failed);
  if (!going.length) return tell(said.files_first);
  if (!form.elements.kind.value) return tell(said.kind_first);
  if (place() === null) return tell(said.place_first);
  const body = saidSoFar();
  send.disabled = true;
  send.textContent = said.sending;
  tell(said.waits_for_files, "good");
  try {
    const uploads = (await Promise.all(going.map((each) => each.done))).filter(Boolean);
    if (!uploads.length) throw new Error(said.files_first);
    const json = JSON.stringify({ ...body, uploads });
    if (unheard && unheard !== json) {
      const [came, found] = await hand(unheard);
      if (came) return location.assign(`${found.follow}?sent=first`);
      if (unheard) throw new Error(found.detail);
    }
    const [came, found] = await hand(json);
    if (!came) throw new Error(found.type === KEY_USED ? said.key_used : found.detail);
    location.assign(found.follow);
  } catch (error) {
    tell(fill(said.failed, { why: error.message }));
    send.disabled = false;
    send.textContent = sendWords;
  }
});
