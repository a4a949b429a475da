// Puts a point on a map of the city's areas into the form's longitude and latitude, and the other way round.
const CITY_ZOOM = 10.5;
const STREET_ZOOM = 16;
const DECIMALS = 6;

const pick = document.getElementById("pick");
const lon = document.getElementById("lon");
const lat = document.getElementById("lat");
const datum = document.getElementById("datum");

function typed() {
  const at = [Number(lon.value), Number(lat.value)];
  return lon.value && lat.value && at.every(Number.isFinite) && Math.abs(at[1]) <= 90 ? at : null;
}

function sources() {
  const found = { areas: { type: "geojson", data: new URL(pick.dataset.areas, location.href).href } };
  if (pick.dataset.tiles) {
    found.tiles = { type: "raster", tiles: [pick.dataset.tiles], tileSize: 256, attribution: pick.dataset.attribution };
  }
  return found;
}

async function openMap() {
  const maplibre = await import(pick.dataset.maplibre);
  maplibre.setWorkerUrl(pick.dataset.worker);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const before = datum.value === pick.dataset.datum ? typed() : null;
  const container = document.createElement("div");
  container.className = "gl";
  pick.append(container);
  const map = new maplibre.Map({
    container,
    center: before ?? [Number(pick.dataset.lon ?? 0), Number(pick.dataset.lat ?? 0)],
    zoom: before ? STREET_ZOOM : pick.dataset.lon ? CITY_ZOOM : 2,
    dragRotate: false,
    attributionControl: pick.dataset.tiles ? { compact: true } : false,
    style: {
      version: 8,
      sources: sources(),
      layers: [
        { id: "ground", type: "background", paint: { "background-color": colour("--sunken") } },
        ...(pick.dataset.tiles ? [{ id: "tiles", type: "raster", source: "tiles" }] : []),
        { id: "areas", type: "fill", source: "areas", paint: { "fill-color": colour("--accent"), "fill-opacity": 0.06 } },
        { id: "borders", type: "line", source: "areas", paint: { "line-color": colour("--line-strong"), "line-width": 1.2 } },
      ],
    },
  });
  map.once("load", () => map.resize());
  const marker = new maplibre.Marker({ color: colour("--accent") });
  if (before) marker.setLngLat(before).addTo(map);
  map.on("click", ({ lngLat }) => {
    const { lng, lat: north } = lngLat.wrap();
    marker.setLngLat([lng, north]).addTo(map);
    lon.value = lng.toFixed(DECIMALS);
    lat.value = north.toFixed(DECIMALS);
    datum.value = pick.dataset.datum;
  });
  const follow = () => {
    datum.value = "WGS-84"; // what people type is as satellites say it
    const at = typed();
    if (!at) return;
    if (pick.dataset.datum !== "WGS-84") return marker.remove(); // the map lies elsewhere by some hundred metres
    marker.setLngLat(at).addTo(map);
    map.easeTo({ center: at, zoom: Math.max(map.getZoom(), STREET_ZOOM - 2) });
  };
  lon.addEventListener("change", follow);
  lat.addEventListener("change", follow);
  for (const { properties } of (await (await fetch(pick.dataset.areas)).json()).features) {
    if (!properties.label_at) continue;
    const element = Object.assign(document.createElement("div"), { className: "area-label", textContent: properties.name });
    new maplibre.Marker({ element }).setLngLat(properties.label_at).addTo(map);
  }
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
}

openMap().catch((error) => {
  console.warn("no map:", error);
  pick.textContent = pick.dataset.noMap;
  pick.classList.add("none");
});
