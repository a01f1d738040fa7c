// What happened to wallets, a row each event, and the drawer with everything that moved and where it is from.
import { jsx, jsxs } from "react/jsx-runtime";
import { LongList, Moment, RowDrawer } from "./long_list.js";
import { RelativeTime } from "./relative_time.js";

const HEIGHTS = [56, 84]; // a phone shows what came, worth and wallet below what went

const badge = (text, tone, title) => jsx("span", { className: "toned", "data-tone": tone, title, children: text });
const state = (row) => (row.status_tone === "neutral" ? null : badge(row.status, row.status_tone, row.why));

const cells = (row) => [
  jsx("td", { key: "when", children: jsx(RelativeTime, { at: row.at, className: "num vt-soft" }) }),
  jsxs("td", {
    key: "kind",
    children: [badge(row.kind_label, row.tone), " ", state(row), jsx("span", { className: "vt-below", children: row.protocol }, "protocol")],
  }),
  jsxs("td", {
    key: "moved",
    className: "vt-mobile num",
    children: [
      row.went ? jsx("span", { key: "went", className: "vt-cut", children: row.went }) : null,
      row.came ? jsx("span", { key: "came", className: "vt-cut", children: row.came }) : null,
      row.went || row.came ? null : jsx("span", { key: "allowed", className: "vt-cut", children: row.moved }),
      jsx("span", { key: "more", className: "vt-below", children: [row.value, row.wallet_name].filter(Boolean).join(" \u00b7 ") }),
    ],
  }),
  jsxs("td", {
    key: "went",
    className: "vt-wide num",
    title: row.went || row.approvals.join("\n"),
    children: [
      row.went ? jsx("span", { key: "went", className: "vt-cut", children: row.went }) : null,
      row.approvals.length ? jsx("span", { key: "allowed", className: "vt-below", children: row.approvals[0] }) : null,
    ],
  }),
  jsx("td", { key: "came", className: "vt-wide num", title: row.came, children: jsx("span", { className: "vt-cut", children: row.came }) }),
  jsx("td", { key: "value", className: "vt-wide vt-end num", children: jsx("span", { className: "vt-strong", children: row.value }) }),
  jsxs("td", {
    key: "fee",
    className: "vt-large vt-end num",
    children: [row.fee_usd, jsx("span", { className: "vt-below", children: row.fee }, "native")],
  }),
  jsxs("td", {
    key: "wallet",
    className: "vt-large",
    title: row.wallet,
    children: [
      jsx("span", { key: "name", className: "vt-cut", children: row.wallet_name }),
      jsxs("span", { key: "chain", className: "vt-below num", children: [row.chain, " \u00b7 ", row.block] }),
    ],
  }),
];

const Account = ({ address, url }) =>
  url
    ? jsx("a", { href: url, target: "_blank", rel: "noopener noreferrer", className: "mono vt-link vt-break", children: address })
    : jsx("span", { className: "mono vt-break", children: address });

const Leg = ({ leg, labels }) =>
  jsxs("li", {
    children: [
      jsxs("p", {
        key: "amount",
        className: "lg-line num",
        children: [jsx("span", { key: "text", className: "vt-strong", title: leg.exact, children: leg.text }), jsx("span", { key: "value", children: leg.value })],
      }),
      jsxs("p", { key: "exact", className: "lg-faint num vt-break", children: [leg.exact, leg.role ? ` \u00b7 ${leg.role}` : ""] }),
      jsxs("p", {
        key: "price",
        className: "lg-faint num",
        children: leg.price
          ? [`${labels.price} ${leg.price}`, leg.price_source ? ` \u00b7 ${leg.price_source}` : "", leg.price_at ? " \u00b7 " : "", leg.price_at ? jsx(RelativeTime, { at: leg.price_at }, "at") : null]
          : [labels.priceUnknown],
      }),
      jsxs("p", {
        key: "way",
        className: "lg-faint",
        children: [leg.way, leg.other ? " " : "", leg.other ? jsx(Account, { address: leg.other, url: leg.other_url }, "other") : null, leg.way ? " \u00b7 " : "", leg.where],
      }),
    ],
  });

const Legs = ({ row, labels }) => [
  jsx("h3", { className: "lg-head", children: labels.legs }, "head"),
  row.legs.length
    ? jsx("ol", { className: "lg-legs", children: row.legs.map((leg) => jsx(Leg, { leg, labels }, leg.key)) }, "legs")
    : jsx("p", { className: "lg-faint", children: labels.nothing }, "none"),
  row.approvals.length ? jsx("h3", { className: "lg-head", children: labels.approvals }, "allowed") : null,
  row.approvals.length ? jsx("ul", { className: "lg-legs", children: row.approvals.map((text) => jsx("li", { children: text }, text)) }, "approvals") : null,
];

const Details = ({ row, labels, onClose }) =>
  jsx(RowDrawer, {
    row,
    labels,
    onClose,
    title: (row) => [row.kind_label, row.protocol].filter(Boolean).join(" \u00b7 "),
    above: (row) => jsx("div", { className: "lg-body", children: jsx(Legs, { row, labels }) }, "legs"),
    lines: (row) => [
      [labels.problem, row.why],
      [labels.status, row.status],
      [labels.when, jsx(Moment, { at: row.at })],
      [labels.value, row.value],
      [labels.fee, [row.fee, row.fee_usd].filter(Boolean).join(" \u00b7 ")],
      [labels.wallet, [row.wallet_name, jsx("span", { className: "vt-below mono vt-break", children: row.wallet }, "address")]],
      [labels.chain, row.chain],
      [labels.block, jsx("span", { className: "num", children: row.block })],
      [labels.tx, jsx(Account, { address: row.tx, url: row.tx_url })],
      [labels.position, row.position && jsx("span", { className: "vt-break", children: row.position })],
      [labels.method, row.method && jsx("span", { className: "mono", children: row.method })],
      [labels.source, row.source],
    ],
  });

export const LedgerList = (props) => jsx(LongList, { ...props, dataKey: props.listKey, heights: HEIGHTS, fits: true, cells, Details });
