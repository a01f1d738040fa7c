// Tax transactions, a row each. Opening one is told to the page, which has the drawer with what can be said about it.
import { useEffect } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { LongList } from "./long_list.js";

const HEIGHTS = [56, 84]; // a phone shows value and wallet below what moved

const badge = (text, tone, key) => jsx("span", { className: "toned", "data-tone": tone, children: text }, key);
const amounts = (row) => [
  row.went ? jsx("span", { className: "vt-cut", children: row.went }, "went") : null,
  row.came ? jsx("span", { className: "vt-cut", children: row.came }, "came") : null,
];

const cells = (row) => [
  jsxs("td", {
    key: "when",
    className: "num",
    children: [jsx("span", { className: "vt-soft", children: row.day }, "day"), jsx("span", { className: "vt-below", children: row.time }, "time")],
  }),
  jsxs("td", {
    key: "kind",
    children: [
      badge(row.kind_label, row.tone, "kind"),
      " ",
      row.status ? badge(row.status, row.status_tone, "status") : null,
      jsx("span", { className: "vt-below", children: row.below }, "below"),
    ],
  }),
  jsxs("td", {
    key: "moved",
    className: "vt-mobile num",
    children: [...amounts(row), row.went || row.came ? null : jsx("span", { className: "vt-cut", children: row.fee_note }, "paid"), jsx("span", { className: "vt-below", children: [row.value || row.fee, row.wallet_name].filter(Boolean).join(" \u00b7 ") }, "more")],
  }),
  jsx("td", { key: "went", className: "vt-wide num", title: row.went, children: jsx("span", { className: "vt-cut", children: row.went }) }),
  jsx("td", { key: "came", className: "vt-wide num", title: row.came, children: jsx("span", { className: "vt-cut", children: row.came }) }),
  jsx("td", { key: "value", className: "vt-wide vt-end num", title: row.value_note, children: jsx("span", { className: "vt-strong", children: row.value }) }),
  jsx("td", { key: "fee", className: "vt-large vt-end num", title: row.fee_note, children: row.fee }),
  jsxs("td", {
    key: "wallet",
    className: "vt-large",
    title: row.wallet,
    children: [jsx("span", { className: "vt-cut", children: row.wallet_name }, "name"), jsx("span", { className: "vt-below", children: row.source }, "source")],
  }),
];

// The page's own drawer shows it: the address names the transaction.
const Opened = ({ row, onClose, onOpenRow }) => {
  useEffect(() => {
    if (!row) return;
    onOpenRow(row.id);
    onClose();
  }, [row]);
  return null;
};

export const TaxList = (props) => jsx(LongList, { ...props, heights: HEIGHTS, fits: true, cells, Details: Opened });
