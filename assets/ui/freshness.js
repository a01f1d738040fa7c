// Which block the page shows and how old it is; amber once it is older than the chain should ever be.
import { jsx, jsxs } from "react/jsx-runtime";
import { useNow } from "./clock.js";
import { ago } from "./relative_time.js";

export const Freshness = ({ block, at, staleAfter, blockLabel, staleLabel, unknownLabel, ...rest }) => {
  const now = useNow();
  const taken = at ? new Date(at).getTime() : NaN;
  if (!block || Number.isNaN(taken)) {
    return jsx("span", { ...rest, "data-stale": "unknown", children: unknownLabel });
  }
  const seconds = now ? Math.max(0, (now - taken) / 1000) : 0;
  const stale = seconds > staleAfter;
  return jsxs("span", {
    ...rest,
    "data-stale": stale ? "yes" : "no",
    title: stale ? staleLabel : new Date(taken).toISOString(),
    children: [
      jsx("span", { className: "freshness-dot", "aria-hidden": true }),
      jsx("span", { className: "freshness-block", children: `${blockLabel} ${block} · ` }),
      jsx("span", { children: now ? ago(seconds, "en") : "" }),
    ],
  });
};
