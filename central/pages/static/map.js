// Lays a MapLibre map over the drawn one. A browser without WebGL keeps the drawing, and nothing is said.
const NEAR_ZOOM = 14.5;
const maps = new Map();

function hasWebGl() {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

function styleOf(element, areas) {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const own = ["==", ["get", "id"], element.dataset.ownArea];
  const point = [Number(element.dataset.lon), Number(element.dataset.lat)];
  const tiles = element.dataset.tiles;
  return {
    version: 8,
    sources: {
      areas: { type: "geojson", data: areas },
      spot: { type: "geojson", data: { type: "Point", coordinates: point } },
      ...(tiles && { tiles: { type: "raster", tiles: [tiles], tileSize: 256, attribution: element.dataset.attribution } }),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("--sunken") } },
      ...(tiles ? [{ id: "tiles", type: "raster", source: "tiles" }] : []),
      { id: "areas", type: "fill", source: "areas",
        paint: { "fill-color": colour("--accent"), "fill-opacity": ["case", own, 0.16, 0.05] } },
      { id: "borders", type: "line", source: "areas",
        paint: { "line-color": ["case", own, colour("--accent"), colour("--line-strong")], "line-width": ["case", own, 2, 1.2] } },
      { id: "halo", type: "circle", source: "spot",
        paint: { "circle-radius": 16, "circle-color": colour("--bad"), "circle-opacity": 0.22 } },
      { id: "spot", type: "circle", source: "spot",
        paint: { "circle-radius": 7, "circle-color": colour("--bad"), "circle-stroke-color": "#fff", "circle-stroke-width": 2 } },
    ],
  };
}

function label(maplibre, map, areas) {
  for (const { properties } of areas.features) {
    if (!properties.label_at) continue;
    const element = document.createElement("div");
    element.className = "area-label";
    element.textContent = properties.name;
    new maplibre.Marker({ element }).setLngLat(properties.label_at).addTo(map);
  }
}

async function draw(element) {
  const maplibre = await import(element.dataset.maplibre);
  maplibre.setWorkerUrl(element.dataset.worker);
  const areas = await (await fetch(element.dataset.areas)).json();
  if (!element.isConnected) return;
  const container = document.createElement("div");
  container.className = "gl";
  element.append(container);
  const map = new maplibre.Map({
    container,
    style: styleOf(element, areas),
    center: [Number(element.dataset.lon), Number(element.dataset.lat)],
    zoom: NEAR_ZOOM,
    attributionControl: element.dataset.tiles ? { compact: true } : false,
    cooperativeGestures: window.matchMedia("(pointer: coarse)").matches,
    dragRotate: false,
  });
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl(), "bottom-left");
  map.once("load", () => {
    element.dataset.drawn = "gl";
    element.querySelector("svg").setAttribute("hidden", "");
  });
  label(maplibre, map, areas);
  maps.set(element, { map, areas });
}

function scan() {
  for (const [element, { map }] of maps) {
    if (element.isConnected) continue;
    map.remove();
    maps.delete(element);
  }
  for (const element of document.querySelectorAll(".map:not([data-drawn])")) {
    element.dataset.drawn = "svg";
    if (!webGl) continue;
    draw(element).catch((error) => console.warn("map stays a drawing:", error));
  }
}

const webGl = hasWebGl();
document.addEventListener("htmx:after:swap", scan);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [element, { map, areas }] of maps) map.setStyle(styleOf(element, areas));
});
scan();
