// Several series over the same days, each with a name, a colour and a stroke of its own; the library is fetched when it is shown.
import { useEffect, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { faded, formatter, localTime, palette, stepOf, stretches, token } from "./time_chart.js";

const COLOURS = ["accent", "series-2", "series-3", "series-4"];
// Numbers of lightweight-charts: solid, dashed, dotted, long dashes. Colour alone tells nobody apart.
const STROKES = [0, 2, 1, 3];
const DASHES = ["", "6 4", "2 3", "9 4"];
const inDays = { dateStyle: "medium", timeZone: "UTC" };

const column = (rows, place) => rows.map((row) => (row[place] === null ? { time: row[0] } : { time: row[0], value: row[place] }));
const known = (rows) => rows.flatMap((row) => row.slice(1)).filter((value) => value !== null);
const textOf = (rows, unit) => {
  const values = known(rows);
  return formatter(unit, Math.max(...values.map(Math.abs)), Math.max(...values) - Math.min(...values));
};
const lastOf = (rows, place) => rows.findLast((row) => row[place] !== null)?.[place];

const build = (library, box, { names, rows, unit }) => {
  const chart = library.createChart(box, {
    autoSize: true,
    ...palette(),
    layout: { ...palette().layout, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12, attributionLogo: false },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.1, bottom: 0.1 } },
    timeScale: { borderVisible: false, timeVisible: false, tickMarkFormatter: (time, type) => localTime(time, { timeZone: "UTC", ...(type < 2 ? { month: "short", year: "numeric" } : { month: "short", day: "numeric" }) }) },
    localization: { timeFormatter: (time) => localTime(time, inDays) },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  const values = known(rows);
  const priceFormat = { type: "custom", minMove: stepOf(Math.max(...values.map(Math.abs))), formatter: textOf(rows, unit) };
  const drawn = names.flatMap((_, place) => {
    const data = column(rows, place + 1);
    if (!data.some((point) => point.value !== undefined)) return [];
    return stretches(data).map((part) => {
      const alone = part.filter((point) => point.value !== undefined).length === 1;
      const shared = { priceFormat, priceLineVisible: false, lastValueVisible: false, lineWidth: 2, lineStyle: STROKES[place % 4], pointMarkersVisible: alone };
      const series = place === 0 ? chart.addSeries(library.AreaSeries, shared) : chart.addSeries(library.LineSeries, shared);
      series.setData(part);
      return { place, series };
    });
  });
  const zero = drawn[0]?.series.createPriceLine({ price: 0, lineWidth: 1, lineStyle: 2, axisLabelVisible: false, title: "" });
  const paint = () => {
    chart.applyOptions(palette());
    drawn.forEach(({ place, series }) => {
      const colour = token(COLOURS[place % 4]);
      series.applyOptions(place === 0 ? { lineColor: colour, topColor: faded(colour, 0.12), bottomColor: faded(colour, 0.01) } : { color: colour });
    });
    zero?.applyOptions({ color: token("line-strong") });
  };
  paint();
  chart.timeScale().fitContent();
  return { chart, paint };
};

const Legend = ({ names, rows, unit, unknown }) => {
  const text = textOf(rows, unit);
  return jsx("ul", {
    className: "lines-legend",
    children: names.map((name, place) => {
      const last = lastOf(rows, place + 1);
      return jsxs("li", {
        children: [
          jsx("svg", { key: "stroke", width: 24, height: 8, "aria-hidden": true, children: jsx("line", { x1: 0, y1: 4, x2: 24, y2: 4, strokeWidth: 2, strokeDasharray: DASHES[place % 4], stroke: `var(--color-${COLOURS[place % 4]})` }) }),
          jsx("span", { key: "name", children: name }),
          jsx("span", { key: "value", className: "num lines-last", title: last === undefined ? unknown : undefined, children: last === undefined ? "\u2014" : `${last > 0 ? "+" : ""}${text(last)}` }),
        ],
      }, name);
    }),
  });
};

const Rows = ({ names, rows, unit, labels }) => {
  const text = textOf(rows, unit);
  return jsx("div", {
    className: "chart-rows",
    tabIndex: 0,
    role: "region",
    "aria-label": labels.title,
    children: jsxs("table", {
      children: [
        jsx("thead", { children: jsxs("tr", { children: [jsx("th", { scope: "col", children: labels.day }, "day"), ...names.map((name) => jsx("th", { scope: "col", className: "lines-cell", children: name }, name))] }) }, "head"),
        jsx("tbody", {
          children: [...rows].reverse().map((row) =>
            jsxs("tr", { children: [jsx("td", { children: localTime(row[0], inDays) }, "day"), ...names.map((name, place) => jsx("td", { className: "lines-cell", children: row[place + 1] === null ? "\u2014" : text(row[place + 1]) }, name))] }, row[0]),
          ),
        }, "body"),
      ],
    }),
  });
};

export const LinesChart = ({ names, rows, unit, labels, summary, className }) => {
  const box = useRef(null);
  const [asTable, setAsTable] = useState(false);
  const [failed, setFailed] = useState(false);
  const [ready, setReady] = useState(false);
  const fingerprint = JSON.stringify([names, rows, unit]);

  useEffect(() => {
    if (asTable || known(rows).length === 0) return undefined;
    let made = null;
    let gone = false;
    const watcher = new MutationObserver(() => made?.paint());
    import("lightweight-charts").then(
      (library) => {
        if (gone || !box.current) return;
        made = build(library, box.current, { names, rows, unit });
        watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-contrast"] });
        setReady(true);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      watcher.disconnect();
      made?.chart.remove();
    };
  }, [fingerprint, asTable]);

  if (known(rows).length === 0) return null;
  return jsxs("div", {
    className: `chart ${className ?? ""}`,
    children: [
      jsxs("div", {
        className: "chart-bar",
        children: [
          jsx(Legend, { key: "legend", names, rows, unit, unknown: labels.unknown }),
          jsx("button", { key: "table", type: "button", className: "chart-switch", "aria-pressed": asTable, onClick: () => setAsTable(!asTable), children: asTable ? labels.asChart : labels.asTable }),
        ],
      }, "bar"),
      asTable || failed
        ? jsx(Rows, { names, rows, unit, labels }, "rows")
        : jsxs("div", {
            className: "chart-area",
            children: [
              jsx("div", { key: "box", ref: box, role: "img", "aria-label": summary, className: "chart-box" }),
              ready ? null : jsx("span", { key: "wait", className: "skeleton chart-wait" }),
            ],
          }, "area"),
    ],
  });
};
