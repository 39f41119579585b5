"use strict";
// Headings of sortable tables become buttons: numbers begin with the largest, texts with the first.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  const order = (cell) => (cell.dataset.value === undefined ? null : Number(cell.dataset.value));
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const numbers = heading.classList.contains("number");
      const before = heading.getAttribute("aria-sort");
      const direction = (before ?? (numbers ? "ascending" : "descending")) === "ascending" ? "descending" : "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      const compare = (a, b) => {
        const [x, y] = [a.cells[column], b.cells[column]];
        return sign * (numbers ? (order(x) ?? -Infinity) - (order(y) ?? -Infinity) || 0 : x.textContent.localeCompare(y.textContent, "en"));
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(compare));
    });
  });
}
// A graph that is wider than the page begins with its first input in the middle.
const centre = (graph) => {
  const [box, frame] = [graph.querySelector(".node").getBoundingClientRect(), graph.getBoundingClientRect()];
  graph.scrollLeft += box.left + box.width / 2 - (frame.left + frame.width / 2);
};
for (const graph of document.querySelectorAll(".graph")) {
  centre(graph);
  graph.closest("details").addEventListener("toggle", () => centre(graph), { once: true });
}
