// Draws counted days so that a person can zoom in and read each. Nothing is loaded before the button is pressed, and everything
// else works without this file.
"use strict";

(() => {
  const button = document.querySelector("[data-explore]");
  if (!button) return;
  const place = document.querySelector("[data-explore-here]");
  const names = new Map([...document.querySelectorAll("[data-explore-name]")].map((one) => [one.dataset.exploreName, one.textContent]));
  button.hidden = false;

  const load = (source) => new Promise((done, fail) => {
    if (window.vegaEmbed) return done();
    const script = document.createElement("script");
    script.src = source;
    script.addEventListener("load", done);
    script.addEventListener("error", fail);
    document.head.append(script);
  });

  // The table: one line of where it is from, one of heads, then a day with a number for each direction and kind of passenger.
  const read = (text) => {
    const [, head, ...lines] = text.trim().split(/\r?\n/).map((line) => line.split(","));
    const wanted = head.map((name, column) => ({ name, column })).slice(1);
    const whole = wanted.filter((one) => one.name.endsWith(" total"));
    return lines.flatMap((cells) => (whole.length ? whole : wanted).filter(({ column }) => cells[column]).map(({ name, column }) => {
      const direction = name.split(" ")[0];
      return { day: cells[0], passengers: Number(cells[column]), direction: names.get(direction) || direction };
    }));
  };

  const described = (values) => {
    const soft = "var(--ink-soft)";
    const directions = [...new Set(values.map((one) => one.direction))];
    const series = (range) => ({ field: "direction", type: "nominal", title: null, sort: directions, scale: { domain: directions, range }, legend: { orient: "top" } });
    return {
      width: "container",
      height: 280,
      background: null,
      description: button.dataset.description,
      data: { values },
      params: [{ name: "zoom", bind: "scales", select: { type: "interval", encodings: ["x"] } }],
      mark: { type: "line", strokeWidth: 1.5, point: { size: 14 } },
      encoding: {
        x: { field: "day", type: "temporal", title: null, axis: { format: "%Y-%m-%d", labelOverlap: true, tickCount: 6 } },
        y: { field: "passengers", type: "quantitative", title: null },
        color: series(["var(--chart-1)", "var(--chart-2)"]),
        strokeDash: series([[1, 0], [6, 3]]),
        shape: series(["circle", "square"]),
        tooltip: [
          { field: "day", type: "temporal", format: "%Y-%m-%d", title: button.dataset.day },
          { field: "passengers", type: "quantitative", format: ",", title: button.dataset.passengers },
          { field: "direction", type: "nominal", title: button.dataset.direction },
        ],
      },
      config: {
        font: getComputedStyle(document.body).fontFamily,
        view: { stroke: null },
        axis: { labelColor: soft, gridColor: "var(--line)", domainColor: "var(--line-strong)", tickColor: "var(--line-strong)", labelFontSize: 12 },
        legend: { labelColor: soft, labelFontSize: 13 },
      },
    };
  };

  button.addEventListener("click", async () => {
    button.disabled = true;
    place.setAttribute("aria-busy", "true");
    try {
      const [answer] = await Promise.all([fetch(button.dataset.rows), load(button.dataset.bundle)]);
      if (!answer.ok) throw new Error(answer.statusText);
      const values = read(await answer.text());
      // Interpreted and unstyled, since the page's policy allows neither code made from text nor styles of others.
      await window.vegaEmbed(place, described(values), {
        ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true },
      });
      button.hidden = true;
    } catch {
      place.textContent = button.dataset.failed;
      button.disabled = false;
    }
    place.removeAttribute("aria-busy");
  });
})();
