// Charts: each picture becomes a live chart, as wide as the page lets it be.
const config = JSON.parse(document.getElementById("config").textContent);

function widen(spec, change) {
  const least = spec.usermeta?.least ?? 150;
  for (const part of spec.vconcat ?? [spec.spec ?? spec]) {
    part.width = Math.max(Math.min(least, part.width), part.width + change);
  }
  return spec;
}

// A legend has as many columns as there is room for, whatever its chart was made for.
function relax(part) {
  if (part?.legend?.columns) delete part.legend.columns;
  if (part && typeof part === "object") Object.values(part).forEach(relax);
}

function wrap(text, characters) {
  const lines = [""];
  for (const word of [text].flat().join(" ").split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length >= characters) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) && " ") + word;
  }
  return lines;
}

// Titles and legends of two widths are alike wide, so it may take a second drawing to fit.
async function draw(chart) {
  const text = chart.querySelector("script").textContent;
  const picture = chart.querySelector(".picture");
  const place = chart.querySelector(".place");
  const [full, room] = [picture.firstElementChild.viewBox.baseVal.width, chart.clientWidth];
  const columns = room < 480 ? 2 : 6;
  const options = {
    ast: true, // no code is made from text
    actions: false,
    renderer: "svg",
    config: { ...config, legend: { ...config.legend, columns } },
    tooltip: { theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light" },
  };
  let over = Math.max(0, full - room);
  for (let change = -over, drawn = 0; drawn < 2 && (over > 0 || !drawn); drawn++, change -= over) {
    const spec = widen(JSON.parse(text), change);
    if (spec.columns && room < 480) spec.columns = 1;
    if (change < 0) relax({ ...spec, datasets: {} });
    spec.title.text = wrap(spec.title.text, room / 8.5);
    if (spec.title.subtitle) spec.title.subtitle = wrap(spec.title.subtitle, room / 6.5);
    chart.classList.toggle("scrolls", Boolean(spec.usermeta?.least));
    await vegaEmbed(place, spec, options);
    over = Math.max(0, place.querySelector("svg").width.baseVal.value - room);
  }
  const { width: wide, height: high } = place.querySelector("svg").getBoundingClientRect();
  chart.classList.toggle("tall", high > wide);
  picture.hidden = true;
  chart.classList.add("live");
}

async function drawAll() {
  for (const chart of document.querySelectorAll(".chart")) {
    try {
      await draw(chart);
    } catch (error) {
      console.error(error); // the picture stays
    }
  }
  document.documentElement.dataset.charts = "drawn";
}

let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(drawAll.timer);
  drawAll.timer = setTimeout(drawAll, 200);
});

// Tables: a click on a heading sorts by its column, another the other way round.
function compare(left, right) {
  const [a, b] = [left.dataset.value, right.dataset.value];
  if (a === "" || b === "") return (a === "") - (b === "");
  return isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
}

function sortBy(heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const column = heading.cellIndex;
  const body = heading.closest("table").tBodies[0];
  const rows = [...body.rows].sort((one, other) => compare(one.cells[column], other.cells[column]));
  body.append(...(descending ? rows.reverse() : rows));
  for (const each of heading.parentElement.cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortBy(button.parentElement));
}

// On paper all is open but long tables, which are in the files beside the page, too: who wants them
// on paper opens them before.
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details:not(.rows)")) folded.open = true;
});

drawAll();
