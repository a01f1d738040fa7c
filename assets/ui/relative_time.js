// "2 s ago" (or, of what is to come, "in 2 h") that stays true, with the absolute time in the reader's own zone on hover.
import { jsx } from "react/jsx-runtime";
import { useNow } from "./clock.js";

const STEPS = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86400, 3600, "hour"],
  [86400 * 45, 86400, "day"],
  [86400 * 548, 86400 * 30.44, "month"],
  [Infinity, 86400 * 365.25, "year"],
];

export const ago = (seconds, locale) => {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "narrow" });
  const [, size, unit] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return format.format(-Math.trunc(seconds / size), unit);
};

// Clocks differ: what has happened is never said to be ahead, unless it is meant to be (`ahead`).
export const RelativeTime = ({ at, ahead, ...rest }) => {
  const now = useNow();
  const moment = at ? new Date(at) : null;
  if (!moment || Number.isNaN(moment.getTime())) return jsx("span", { ...rest, children: "\u2014" });
  const locale = typeof navigator === "undefined" ? "en" : document.documentElement.lang || "en";
  const text = now ? ago(Math.max(ahead ? -Infinity : 0, (now - moment.getTime()) / 1000), locale) : "";
  const absolute = now ? moment.toLocaleString(locale, { dateStyle: "medium", timeStyle: "long" }) : at;
  return jsx("time", { ...rest, dateTime: at, title: absolute, suppressHydrationWarning: true, children: text });
};
