// A reading over time with its threshold and what fired, drawn by lightweight-charts, which is fetched only when a chart is shown.
import { useEffect, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const MOST_ROWS = 500;

export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--color-${name}`).trim();
export const faded = (hex, alpha) => {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
};

// Points at most one a second, in order, as the library wants them; without a value: nothing was read then.
const ordered = (points) => {
  const bySecond = new Map();
  for (const [time, value] of points) bySecond.set(Math.floor(time), value);
  return [...bySecond].sort((one, other) => one[0] - other[0]).map(([time, value]) => (value === null ? { time } : { time, value }));
};

// Millions are said short, unless what is seen differs by less than that tells.
export const formatter = (unit, largest, span) => {
  const plain = new Intl.NumberFormat(undefined, { maximumSignificantDigits: largest >= 1000 ? 8 : 6, maximumFractionDigits: 8, roundingPriority: "lessPrecision" });
  const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });
  return (value) => {
    const size = Math.abs(value);
    const isTold = span >= 0.06 * 1000 ** Math.floor(Math.log10(Math.max(size, 1)) / 3);
    const text = size >= 1e6 && isTold ? short.format(value) : plain.format(value);
    return unit === "$" ? (value < 0 ? `-$${text.slice(1)}` : `$${text}`) : unit === "%" ? `${text}%` : `${text} ${unit}`.trim();
  };
};

export const stepOf = (largest) => 10 ** Math.min(0, Math.floor(Math.log10(Math.max(largest, 1e-12))) - 5);

export const palette = () => ({
  layout: { background: { color: token("surface") }, textColor: token("ink-3") },
  grid: { vertLines: { visible: false }, horzLines: { color: token("line") } },
  crosshair: { vertLine: { color: token("line-strong"), labelBackgroundColor: token("ink-2") }, horzLine: { color: token("line-strong"), labelBackgroundColor: token("ink-2") } },
});

export const localTime = (seconds, options) => new Date(seconds * 1000).toLocaleString(undefined, options);

// A threshold far from the readings would press them flat: it is then said in words instead.
const near = (threshold, low, high) => {
  const gap = threshold > high ? threshold - high : threshold < low ? low - threshold : 0;
  return gap <= Math.max(2 * (high - low), 0.1 * Math.max(Math.abs(high), Math.abs(low)));
};

export const valuesOf = (data) => data.filter((point) => point.value !== undefined).map((point) => point.value);

// What is seen of the values: columns stand on zero.
const spanOf = (values, look) => [Math.min(...values, ...(look === "bars" ? [0] : [])), Math.max(...values)];

// A line is broken where nothing is known: one series for each stretch without a gap, the first with the times of all.
export const stretches = (data) => {
  const found = [];
  let open = false;
  for (const point of data) {
    if (point.value === undefined) open = false;
    else if (open) found[found.length - 1].push(point);
    else {
      found.push([point]);
      open = true;
    }
  }
  if (found.length === 0) return [data];
  const own = new Set(found[0]);
  return [data.map((point) => (own.has(point) ? point : { time: point.time })), ...found.slice(1)];
};

// A trade stands at the reading nearest to it.
const nearest = (data, time) => data.reduce((best, point) => (Math.abs(point.time - time) < Math.abs(best - time) ? point.time : best), data[0].time);

const build = (library, box, { data, style, unit, thresholds, marks, trades, labels }) => {
  const values = valuesOf(data);
  const [low, high] = spanOf(values, style);
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const shown = thresholds.filter((each) => near(each.value, low, high));
  const chart = library.createChart(box, {
    autoSize: true,
    ...palette(),
    layout: { ...palette().layout, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12, attributionLogo: false },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.12, bottom: style === "bars" ? 0 : 0.1 } },
    timeScale: {
      borderVisible: false,
      timeVisible: true,
      secondsVisible: false,
      tickMarkFormatter: (time, type) =>
        localTime(time, type < 2 ? { month: "short", year: "numeric" } : type === 2 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" }),
    },
    localization: { timeFormatter: (time) => localTime(time, { dateStyle: "medium", timeStyle: "medium" }) },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  const format = { type: "custom", minMove: stepOf(largest), formatter: formatter(unit, largest, high - low) };
  const scaled = (original) => {
    const found = original();
    if (!found?.priceRange) return found;
    for (const each of shown) {
      found.priceRange.minValue = Math.min(found.priceRange.minValue, each.value);
      found.priceRange.maxValue = Math.max(found.priceRange.maxValue, each.value);
    }
    return found;
  };
  const parts = style === "bars" ? [data] : stretches(data);
  const drawn = parts.map((part, place) => {
    const shared = { priceFormat: format, autoscaleInfoProvider: scaled, priceLineVisible: false };
    const alone = valuesOf(part).length === 1;
    const one =
      style === "bars"
        ? chart.addSeries(library.HistogramSeries, { ...shared, lastValueVisible: false })
        : chart.addSeries(library.AreaSeries, { ...shared, lineWidth: 2, lastValueVisible: place === parts.length - 1, pointMarkersVisible: alone });
    one.setData(part);
    return one;
  });
  const series = drawn[0];
  const lines = shown.map((each) => series.createPriceLine({ price: each.value, lineWidth: 1, lineStyle: 2, axisLabelVisible: true, title: labels.threshold }));
  const pins = library.createSeriesMarkers(series, []);
  const paint = () => {
    chart.applyOptions(palette());
    const accent = token("accent");
    const colours = style === "bars" ? { color: accent } : { lineColor: accent, topColor: faded(accent, 0.16), bottomColor: faded(accent, 0.02) };
    drawn.forEach((each) => each.applyOptions(colours));
    lines.forEach((line) => line.applyOptions({ color: token("warn"), axisLabelColor: token("warn"), axisLabelTextColor: token("surface") }));
    const fired = marks.map((time) => ({ time: Math.floor(time), position: "aboveBar", shape: "circle", size: 0.7, color: token("warn") }));
    const traded = trades.map(([time, side]) =>
      side > 0
        ? { time: nearest(data, time), position: "belowBar", shape: "arrowUp", size: 1, color: token("gain"), text: labels.buy }
        : { time: nearest(data, time), position: "aboveBar", shape: "arrowDown", size: 1, color: token("loss"), text: labels.sell },
    );
    pins.setMarkers([...fired, ...traded].sort((one, other) => one.time - other.time));
  };
  paint();
  chart.timeScale().fitContent();
  return { chart, paint };
};

const Rows = ({ data, look, unit, labels }) => {
  const [low, high] = spanOf(valuesOf(data), look);
  const text = formatter(unit, Math.max(Math.abs(low), Math.abs(high)), high - low);
  return jsx("div", {
    className: "chart-rows",
    tabIndex: 0,
    role: "region",
    "aria-label": labels.title,
    children: jsxs("table", {
      children: [
        jsx("thead", { children: jsxs("tr", { children: [jsx("th", { scope: "col", children: labels.time }, "time"), jsx("th", { scope: "col", children: labels.value }, "value")] }) }, "head"),
        jsx("tbody", {
          children: data.filter((point) => look === "line" || point.value !== undefined).slice(-MOST_ROWS).reverse().map((point) =>
            jsxs("tr", { children: [jsx("td", { children: localTime(point.time, { dateStyle: "medium", timeStyle: "medium" }) }, "time"), jsx("td", { children: point.value === undefined ? "\u2014" : text(point.value) }, "value")] }, point.time),
          ),
        }, "body"),
      ],
    }),
  });
};

export const TimeChart = ({ points, thresholds, marks, trades, unit, look, labels, summary, className }) => {
  const box = useRef(null);
  const [asTable, setAsTable] = useState(false);
  const [failed, setFailed] = useState(false);
  const [ready, setReady] = useState(false);
  const data = ordered(points);
  const fingerprint = JSON.stringify([points, thresholds, marks, trades, unit, look]);

  useEffect(() => {
    if (asTable || data.length === 0) return undefined;
    let made = null;
    let gone = false;
    const watcher = new MutationObserver(() => made?.paint());
    import("lightweight-charts").then(
      (library) => {
        if (gone || !box.current) return;
        made = build(library, box.current, { data, style: look, unit, thresholds, marks, trades, labels });
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

  const values = valuesOf(data);
  const far = thresholds.filter((each) => values.length > 0 && !near(each.value, ...spanOf(values, look)));
  return jsxs("div", {
    className: `chart ${className ?? ""}`,
    children: [
      jsxs("div", {
        className: "chart-bar",
        children: [
          jsx("p", { key: "far", className: "chart-far", children: far.map((each) => `${labels.threshold} ${each.label} ${each.value > Math.max(...values) ? labels.above : labels.below}`).join(" · ") }),
          jsx("button", { key: "table", type: "button", className: "chart-switch", "aria-pressed": asTable, onClick: () => setAsTable(!asTable), children: asTable ? labels.asChart : labels.asTable }),
        ],
      }, "bar"),
      asTable || failed
        ? jsx(Rows, { data, look, unit, labels }, "rows")
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
