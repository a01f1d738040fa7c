// Disposals of a tax report, a row each, and the drawer with its lots and how it was computed, step by step.
import { jsx, jsxs } from "react/jsx-runtime";
import { LongList, RowDrawer } from "./long_list.js";

const HEIGHTS = [44, 88]; // a phone shows day, kind, proceeds and cost below what was disposed of

const tone = (name) => (name === "gain" ? "dl-gain" : name === "loss" ? "dl-loss" : "");
// A figure keeps all of its digits: a long one is smaller, and may go on in a second line.
const money = (text) => (text.length > 14 ? jsx("span", { className: "vt-long", children: text }) : text);

const badge = (text) => jsx("span", { className: "toned", "data-tone": "warn", children: text });

const cells = (row, labels) => [
  jsx("td", { key: "date", className: "vt-wide num vt-soft", children: row.day }),
  jsxs("td", { key: "what", className: "vt-wide", children: [row.kind, row.is_taxable ? null : " ", row.is_taxable ? null : badge(row.taxed)] }),
  jsxs("td", {
    key: "sold",
    className: "num",
    title: row.exact,
    children: [
      jsx("span", { key: "amount", className: "vt-cut vt-strong", children: row.amount }),
      jsx("span", { key: "day", className: "vt-phone vt-below", children: [row.day, row.kind, row.taxed].filter(Boolean).join(" \u00b7 ") }),
      jsx("span", { key: "phone", className: "vt-phone vt-below", children: `${labels.proceeds} ${row.proceeds}` }),
      jsx("span", { key: "cost", className: "vt-phone vt-below", children: `${labels.cost} ${row.cost}` }),
    ],
  }),
  jsx("td", { key: "proceeds", className: "vt-wide vt-end num", children: money(row.proceeds) }),
  jsx("td", { key: "cost", className: "vt-wide vt-end num", children: money(row.cost) }),
  jsx("td", { key: "gain", className: `vt-end num vt-strong ${tone(row.tone)}`, children: money(row.gain) }),
  jsx("td", { key: "term", className: "vt-large", children: row.term }),
  jsx("td", { key: "wallet", className: "vt-large", title: row.wallet, children: jsx("span", { className: "vt-cut", children: row.wallet_short }) }),
];

const Lot = ({ lot, labels }) =>
  jsxs("li", {
    children: [
      jsxs("p", {
        key: "amount",
        className: "lg-line num",
        children: [
          jsx("span", { key: "text", className: "vt-strong", title: lot.exact, children: lot.amount }),
          jsx("span", { key: "gain", className: tone(lot.tone), children: lot.gain }),
        ],
      }),
      jsx("p", { key: "acquired", className: "lg-faint", children: [lot.acquired, lot.rule, lot.term].filter(Boolean).join(" \u00b7 ") }),
      jsx("p", { key: "sums", className: "lg-faint num", children: `${labels.proceeds} ${lot.proceeds} \u00b7 ${labels.cost} ${lot.cost}` }),
    ],
  });

const Details = ({ row, labels, onClose }) =>
  jsx(RowDrawer, {
    row,
    labels,
    onClose,
    title: (row) => `${row.kind} ${row.amount}`,
    above: (row) =>
      jsxs("div", {
        className: "lg-body",
        children: [
          jsx("h3", { key: "head", className: "lg-head", children: labels.lots }),
          jsx("ol", { key: "lots", className: "lg-legs", children: row.lots.map((lot) => jsx(Lot, { lot, labels }, lot.key)) }),
          jsx("h3", { key: "steps-head", className: "lg-head", children: labels.steps }),
          jsx("ol", { key: "steps", className: "dl-steps num", children: row.steps.map((text, place) => jsx("li", { children: text }, place)) }),
        ],
      }, "body"),
    lines: (row) => [
      [labels.date, row.day],
      [labels.what, [row.kind, row.taxed].filter(Boolean).join(" \u00b7 ")],
      [labels.sold, jsx("span", { className: "num vt-break", children: row.exact })],
      [labels.proceeds, jsx("span", { className: "num", children: row.proceeds })],
      [labels.cost, jsx("span", { className: "num", children: row.cost })],
      [labels.gain, jsx("span", { className: `num ${tone(row.tone)}`, children: row.gain })],
      [labels.disallowed, row.disallowed && jsx("span", { className: "num", children: row.disallowed })],
      [labels.term, row.term],
      [labels.wallet, row.wallet && jsx("span", { className: "vt-break", children: row.wallet })],
      [labels.transaction, row.transaction && jsx("span", { className: "mono vt-break", children: row.transaction })],
      [labels.number, row.number],
    ],
  });

export const DisposalList = (props) => jsx(LongList, { ...props, dataKey: props.listKey, heights: HEIGHTS, fits: true, cells, Details });
