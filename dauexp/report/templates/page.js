// Charts: each picture becomes a live chart, as wide as the page lets it be.
const config = JSON.parse(document.getElementById("config").textContent);

function widen(spec, change) {
  for (const part of spec.vconcat ?? [spec]) part.width = Math.max(150, part.width + change);
  return spec;
}

function wrap(text, characters) {
  const lines = [""];
  for (const word of [text].flat().join(" ").split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length >= characters) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) && " ") + word;
  }
  return lines;
}

async function draw(chart) {
  const text = chart.querySelector("script").textContent;
  const picture = chart.querySelector(".picture");
  const [full, room] = [picture.firstElementChild.viewBox.baseVal.width, chart.clientWidth];
  const narrow = room < full;
  const columns = room < 480 ? 2 : 6;
  const spec = widen(JSON.parse(text), narrow ? room - full : 0);
  spec.title.text = wrap(spec.title.text, room / 8.5);
  if (spec.title.subtitle) spec.title.subtitle = wrap(spec.title.subtitle, room / 6.5);
  const options = {
    ast: true, // no code is made from text
    actions: false,
    renderer: "svg",
    config: { ...config, legend: { ...config.legend, columns } },
    tooltip: { theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light" },
  };
  const place = chart.querySelector(".place");
  await vegaEmbed(place, spec, options);
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

drawAll();
