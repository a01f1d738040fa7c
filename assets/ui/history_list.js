// The rows of the history of alerts, and what the drawer says of one.
import { jsx, jsxs } from "react/jsx-runtime";
import { Link } from "react-router";
import { LongList, Moment, RowDrawer } from "./long_list.js";
import { RelativeTime } from "./relative_time.js";

const HEIGHTS = [56, 104]; // a phone shows type, value and state below the sentence

const badge = (text, tone, title) => jsx("span", { className: "toned", "data-tone": tone, title, children: text });

const Hash = ({ row, labels, tabIndex }) =>
  row.tx
    ? jsxs("span", {
        className: "mono",
        title: row.tx,
        children: [
          row.tx_url
            ? jsx("a", { key: "link", href: row.tx_url, target: "_blank", rel: "noopener noreferrer", tabIndex, className: "vt-link", children: row.tx_short, "aria-label": `${labels.explorer} ${row.tx_short}` })
            : jsx("span", { key: "text", children: row.tx_short }),
        ],
      })
    : jsx("span", { className: "vt-faint", children: "\u2014" });

const cells = (row, labels, tabIndex) => [
  jsx("td", { key: "when", children: jsx(RelativeTime, { at: row.at, className: "num vt-soft" }) }),
  jsx("td", { key: "kind", className: "vt-wide", children: badge(row.kind_label, row.kind === "price" ? "accent" : "neutral") }),
  jsxs("td", {
    key: "what",
    children: [
      jsx("span", { key: "message", className: row.withdrawn ? "vt-message vt-struck" : "vt-message", title: row.message, children: row.message }),
      jsx(Link, { key: "rule", to: `/alerts/rules/${row.rule_id}/`, tabIndex, className: "vt-rule", children: row.rule_name }),
      jsxs("span", {
        key: "more",
        className: "vt-narrow",
        children: [badge(row.kind_label, "neutral"), " ", row.status_why ? badge(row.status, row.status_tone) : null, jsx("span", { className: "num", children: row.value === "\u2014" ? "" : ` ${row.value}` })],
      }),
    ],
  }),
  jsxs("td", {
    key: "value",
    className: "vt-wide vt-end num",
    title: row.exact,
    children: [jsx("span", { key: "usd", className: "vt-strong", children: row.value }), jsx("span", { key: "detail", className: "vt-below", children: row.detail })],
  }),
  jsxs("td", {
    key: "chain",
    className: "vt-large",
    children: [row.chain, jsxs("span", { className: "vt-below num", children: [row.block, " ", jsx(Hash, { row, labels, tabIndex })] }, "block")],
  }),
  jsxs("td", {
    key: "status",
    className: "vt-wide",
    title: row.status_why,
    children: [badge(row.status, row.status_tone), row.status_why ? jsx("span", { className: "vt-below vt-clip", children: row.status_why }, "why") : null],
  }),
];

const Details = ({ row, labels, onClose }) =>
  jsx(RowDrawer, {
    row,
    labels,
    onClose,
    title: () => labels.details,
    above: (row) => jsx("p", { className: row.withdrawn ? "vt-struck" : "", children: row.message }, "message"),
    lines: (row) => [
      [labels.when, jsx(Moment, { at: row.at })],
      [labels.kind, row.kind_label],
      [labels.rule, jsx(Link, { to: `/alerts/rules/${row.rule_id}/`, className: "vt-link", children: row.rule_name })],
      [labels.value, row.value === "\u2014" ? "" : `${row.value}${row.exact ? ` (${row.exact})` : ""}`],
      [labels.chain, [row.chain, row.block].filter(Boolean).join(" \u00b7 ")],
      [labels.tx, row.tx ? jsx("span", { className: "mono vt-break", children: row.tx }) : ""],
      [labels.status, `${row.status}${row.status_why ? ` \u00b7 ${row.status_why}` : ""}`],
    ],
  });

export const HistoryList = (props) => jsx(LongList, { ...props, dataKey: props.listKey, heights: HEIGHTS, cells, Details });
