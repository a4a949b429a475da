// Whether a key belongs to a field or to the browser, and not to the page.
export function isTyping(event) {
  return (
    event.repeat ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.defaultPrevented ||
    event.target.closest?.("input, select, textarea, video, .maplibregl-map") !== null
  );
}
