// The duty list's many items, searched on the phone. Without scripts the classes open by a tap.
const matters = document.querySelector("#matters");

const plain = (text) => text.toLowerCase().normalize("NFKC");

function search(typed) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  let left = 0;
  for (const group of matters.querySelectorAll(".class")) {
    const name = group.querySelector("summary").firstChild.textContent;
    let here = 0;
    for (const row of group.querySelectorAll("label")) {
      const text = plain(`${row.textContent} ${name}`);
      const fits = words.every((word) => text.includes(word));
      row.hidden = !fits;
      here += fits ? 1 : 0;
    }
    group.hidden = here === 0;
    group.open = words.length ? here > 0 : group.querySelector(":checked") !== null;
    left += here;
  }
  const says = matters.querySelector("#matter-search [role=status]");
  says.textContent = left ? "" : says.dataset.none;
}

if (matters) {
  const field = matters.querySelector("#matter-words");
  const chosen = matters.querySelector("#matter-chosen");
  matters.querySelector("#matter-search").hidden = false;
  field.addEventListener("input", () => search(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it is a search, not the report
  });
  let tapped = false;
  matters.addEventListener("pointerdown", () => { tapped = true; });
  matters.addEventListener("keydown", () => { tapped = false; });
  matters.closest("form").addEventListener("change", ({ target }) => {
    if (target.name !== "kind") return;
    const own = matters.contains(target);
    chosen.textContent = own ? target.closest("label").textContent.trim() : "";
    if (own && !tapped) return; // whoever walks through the list by keys is not done with the first one
    matters.open = false; // the way on is short again
    if (own) matters.scrollIntoView({ block: "nearest" });
  });
}
