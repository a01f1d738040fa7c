// What a portfolio holds, a row each asset and wallet, and the drawer that says where its numbers are from.
import { jsx, jsxs } from "react/jsx-runtime";
import { Link } from "react-router";
import { LongList, Moment, RowDrawer } from "./long_list.js";
import { RelativeTime } from "./relative_time.js";

const HEIGHTS = [56, 68];

const Source = ({ row }) =>
  row.price_at ? jsxs("span", { className: "vt-below", title: row.price_detail || row.price_source, children: [row.price_source, " \u00b7 ", jsx(RelativeTime, { at: row.price_at }, "at")] }) : jsx("span", { className: "vt-below", children: row.price_source });

const cells = (row) => [
  jsxs("td", {
    key: "asset",
    children: [
      jsx("span", { key: "symbol", className: "vt-strong vt-cut", children: row.symbol }),
      jsx("span", { key: "category", className: "vt-below vt-desk", children: row.protocol || row.category }),
      jsxs("span", { key: "phone", className: "vt-below vt-phone num", children: [row.amount, " \u00b7 ", row.protocol || row.chain] }),
    ],
  }),
  jsx("td", { key: "amount", className: "vt-wide vt-end num", title: row.exact, children: row.amount }),
  jsxs("td", { key: "price", className: "vt-wide vt-end num", children: [jsx("span", { key: "price", children: row.price }), jsx(Source, { row }, "source")] }),
  jsxs("td", {
    key: "value",
    className: "vt-end num",
    title: row.why,
    children: [
      jsx("span", { key: "usd", className: "vt-strong", children: row.value }),
      jsx("span", { key: "share", className: "vt-below", children: row.share }),
    ],
  }),
  jsx("td", { key: "cost", className: "vt-xl vt-end num", title: row.gain_why, children: row.cost }),
  jsxs("td", {
    key: "gain",
    className: "vt-large vt-end num",
    title: row.gain_why,
    children: [
      jsx("span", { key: "usd", className: row.gain_tone && `text-${row.gain_tone}`, children: row.gain }),
      jsx("span", { key: "pct", className: "vt-below", children: row.gain_pct }),
    ],
  }),
  jsxs("td", { key: "chain", className: "vt-large", children: [row.chain, jsx("span", { className: "vt-below num", children: row.block }, "block")] }),
  jsxs("td", {
    key: "wallet",
    className: "vt-xl",
    title: row.wallet,
    children: [jsx("span", { key: "name", className: "vt-cut", children: row.wallet_name }), jsx("span", { key: "short", className: "vt-below mono", children: row.wallet_short })],
  }),
];

const Contract = ({ row }) =>
  row.token_url
    ? jsx("a", { href: row.token_url, target: "_blank", rel: "noopener noreferrer", className: "mono vt-link vt-break", children: row.token })
    : jsx("span", { className: "mono vt-break", children: row.token });

const Hide = ({ row, labels, onHide, onClose }) => {
  const hide = () => {
    onHide(row.chain_id, row.token);
    onClose();
  };
  return [
    jsx("p", { className: "vt-faint", children: labels.hideText }, "hide-text"),
    jsx("button", { type: "button", className: "vt-button", onClick: hide, children: labels.hide }, "hide"),
  ];
};

const Details = ({ row, labels, onClose, onHide }) =>
  jsx(RowDrawer, {
    row,
    labels,
    onClose,
    title: (row) => row.symbol,
    above: (row) => (row.why ? jsx("p", { children: row.why }, "why") : null),
    lines: (row) => [
      [labels.amount, row.exact],
      [labels.price, row.price],
      [labels.priceSource, [row.price_source, row.price_detail].filter(Boolean).join(": ")],
      [labels.priceAt, row.price_at && jsx(Moment, { at: row.price_at })],
      [labels.value, row.value],
      [labels.share, row.share],
      [labels.cost, row.cost],
      [labels.gain, [row.gain, row.gain_pct].filter(Boolean).join(" \u00b7 ")],
      [labels.protocol, row.protocol],
      [labels.health, row.health],
      [labels.chain, row.chain],
      [labels.block, row.block],
      [labels.readAt, row.read_at && jsx(Moment, { at: row.read_at })],
      [labels.contract, row.token && jsx(Contract, { row })],
      [labels.wallet, [row.wallet_name, jsx("span", { className: "vt-below mono vt-break", children: row.wallet }, "address")]],
    ],
    below: (row) => [
      jsx(Link, { to: row.page_to, className: "vt-link", children: labels.openAsset }, "page"),
      row.can_hide ? jsx(Hide, { row, labels, onHide, onClose }, "hide") : null,
    ],
  });

export const AssetList = (props) => jsx(LongList, { ...props, heights: HEIGHTS, fits: true, cells, Details });
