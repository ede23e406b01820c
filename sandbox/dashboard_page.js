// Draws the charts into the page, and sets the labels of their thresholds apart.
(() => {
  "use strict";

  const MARGIN = { t: 6, b: 30, l: 44, r: 10 };
  const LABEL_HEIGHT = 15;
  const OFF_LINE = LABEL_HEIGHT / 2 + 2;
  const FONT_SIZE = 11;
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const color = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Whether a label above its line would read as that of the next line, and there is
  // room below it. `lines` are pixels from the top of the plot, from the lowest line up.
  const isBelow = (lines, index, height) => {
    const [under, line, over] = [lines[index - 1], lines[index], lines[index + 1]];
    const room = under === undefined ? height - line : under - line - LABEL_HEIGHT;
    return line - over < 2 * LABEL_HEIGHT && room >= LABEL_HEIGHT;
  };

  // The middle of each label in pixels from the top of the plot: just above its line,
  // or below it, as far as the others leave room.
  const placed = (lines, height) => {
    const middles = [];
    let above = height + LABEL_HEIGHT / 2;
    lines.forEach((line, index) => {
      const side = isBelow(lines, index, height) ? OFF_LINE : -OFF_LINE;
      above = Math.min(line + side, above - LABEL_HEIGHT);
      middles.push(above);
    });
    let below = LABEL_HEIGHT / 2 - LABEL_HEIGHT;
    for (let index = middles.length - 1; index >= 0; index -= 1) {
      middles[index] = Math.max(middles[index], below + LABEL_HEIGHT);
      below = middles[index];
    }
    return middles;
  };

  const labels = (chart, height) => {
    const fromTop = ({ value, axis }) => {
      const [least, most] = chart.layout[axis === "y2" ? "yaxis2" : "yaxis"].range;
      return height * (1 - (value - least) / (most - least));
    };
    const sorted = [...chart.thresholds].sort((a, b) => fromTop(b) - fromTop(a));
    const lines = sorted.map(fromTop);
    const middles = placed(lines, height);
    return sorted.map((threshold, index) => {
      const moved = Math.abs(lines[index] - middles[index]) - OFF_LINE;
      return {
        text: threshold.label.replace(/&/g, "&amp;").replace(/</g, "&lt;"),
        xref: "paper",
        x: 1,
        xanchor: "right",
        yref: "paper",
        y: 1 - middles[index] / height,
        yanchor: "middle",
        showarrow: false,
        borderpad: 0,
        bgcolor: color("--card"),
        opacity: 0.9,
        font: { size: FONT_SIZE, color: color("--text") },
        captureevents: false,
        // A label that had to leave its line is led back to it.
        ...(moved > LABEL_HEIGHT / 2 && { leads: lines[index] }),
      };
    });
  };

  const shapes = (chart, height, annotations) => [
    ...chart.thresholds.map((threshold) => ({
      type: "line",
      xref: "paper",
      x0: 0,
      x1: 1,
      yref: threshold.axis,
      y0: threshold.value,
      y1: threshold.value,
      line: { color: threshold.color, width: 1.5, dash: "dash" },
    })),
    ...annotations
      .filter((label) => label.leads !== undefined)
      .map((label) => ({
        type: "line",
        xref: "paper",
        x0: 1,
        x1: 1,
        yref: "paper",
        y0: label.y,
        y1: 1 - label.leads / height,
        line: { color: color("--soft"), width: 1 },
      })),
  ];

  const draw = (chart, index) => {
    const element = document.getElementById(`chart-${index}`);
    const height = element.clientHeight - MARGIN.t - MARGIN.b;
    const annotations = labels(chart, height);
    const axis = {
      gridcolor: color("--line"),
      linecolor: color("--line"),
      zerolinecolor: color("--line"),
      tickfont: { size: FONT_SIZE, color: color("--soft") },
      exponentformat: "none",
      separatethousands: true,
      fixedrange: true,
      automargin: true,
      nticks: 6,
    };
    const time = { ...axis, automargin: false, showgrid: false, showline: true,
      ticks: "outside", ticklen: 6, tickcolor: color("--line") };
    const layout = {
      margin: MARGIN,
      showlegend: false,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily },
      hovermode: "x unified",
      hoverlabel: { bgcolor: color("--card"), font: { color: color("--text") } },
      xaxis: {
        ...time,
        nticks: Math.max(2, Math.floor(element.clientWidth / 75)),
        ...chart.layout.xaxis,
      },
      yaxis: { ...axis, ...chart.layout.yaxis },
      ...(chart.layout.yaxis2 && { yaxis2: { ...axis, ...chart.layout.yaxis2 } }),
      shapes: shapes(chart, height, annotations),
      annotations: annotations.map(({ leads, ...label }) => label),
    };
    return Plotly.react(element, chart.traces, layout, {
      displayModeBar: false,
      responsive: false,
    });
  };

  const drawAll = async () => {
    await Promise.all(charts.map(draw));
    document.documentElement.dataset.drawn = "true";
  };

  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 100);
  });
  dark.addEventListener("change", drawAll);
  drawAll();
})();
