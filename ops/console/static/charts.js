// Draws the charts of the page with uPlot and asks for new values every minute. The tables say the same without it.
(() => {
  const EVERY_MS = 60_000, HEIGHT = 200;
  // Lines differ by their dashes as well as by their colours.
  const DASHES = [[], [8, 4], [2, 3], [12, 4, 2, 4], [5, 2], [1, 6]];
  const COLOURS = 6, SVG = "http://www.w3.org/2000/svg";
  const root = document.getElementById("charts");
  let drawn = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function options(chart, width, legend) {
    const axis = {stroke: colour("--quiet"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line")}};
    return {
      width, height: HEIGHT,
      legend: {show: false},
      cursor: {y: false, drag: {setScale: false, x: false, y: false}},
      scales: {y: {range: (_plot, _least, most) => [0, Math.max(1, (most || 0) * 1.05)]}},
      axes: [axis, {...axis, size: 60}],
      series: [{}, ...chart.series.map((line, number) => ({
        stroke: colour(`--line-${number % COLOURS}`), dash: DASHES[number % DASHES.length], width: 1.5,
        points: {show: chart.times.length < 3},
      }))],
      hooks: {setCursor: [(plot) => showValues(chart, legend, plot.cursor.idx)]},
    };
  }

  // A line of the legend: the stroke as it is drawn, its name, and the value that is pointed at, or the newest.
  function legendOf(chart) {
    const legend = document.createElement("ul");
    legend.className = "legend";
    chart.series.forEach((line, number) => {
      const item = legend.appendChild(document.createElement("li"));
      const svg = item.appendChild(document.createElementNS(SVG, "svg"));
      for (const [name, value] of [["width", 32], ["height", 8], ["aria-hidden", true]]) svg.setAttribute(name, value);
      const stroke = svg.appendChild(document.createElementNS(SVG, "line"));
      const look = {
        x1: 0, x2: 32, y1: 4, y2: 4, "stroke-width": 2, stroke: colour(`--line-${number % COLOURS}`),
        "stroke-dasharray": DASHES[number % DASHES.length].join(" "),
      };
      for (const [name, value] of Object.entries(look)) stroke.setAttribute(name, value);
      item.append(line.name, " ", document.createElement("strong"));
    });
    legend.appendChild(document.createElement("li")).className = "quiet";
    showValues(chart, legend, null);
    return legend;
  }

  function showValues(chart, legend, pointedAt) {
    const at = pointedAt ?? chart.times.length - 1;
    legend.querySelectorAll("strong").forEach((place, number) => {
      const value = chart.series[number].values[at];
      place.textContent = value == null ? "unknown" : `${value.toLocaleString()} ${chart.unit}`;
    });
    legend.lastChild.textContent = `at ${new Date(chart.times[at] * 1000).toLocaleString()}`;
  }

  function draw(charts) {
    for (const plot of drawn) plot.destroy();
    drawn = [];
    for (const chart of charts) {
      const place = root.querySelector(`[data-chart="${CSS.escape(chart.name)}"]`);
      if (!place || !chart.times.length) continue;
      const values = [chart.times, ...chart.series.map((line) => line.values)];
      const legend = legendOf(chart);
      drawn.push(new uPlot(options(chart, place.clientWidth, legend), values, place));
      place.parentElement.querySelector(".legend")?.remove();
      place.after(legend);
    }
  }

  let last = [];
  async function refresh() {
    const answered = await fetch(root.dataset.url, {headers: {Accept: "application/json"}}).catch(() => null);
    if (answered?.status === 401) { location.reload(); return; }
    if (!answered?.ok) return;  // what is drawn stays, and the next try may be answered
    last = (await answered.json()).charts;
    draw(last);
  }

  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    for (const plot of drawn) plot.setSize({width: plot.root.parentElement.clientWidth, height: HEIGHT});
  }).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(last));
  refresh();
  setInterval(refresh, EVERY_MS);
})();
