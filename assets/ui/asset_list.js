// What a portfolio holds, a row each asset and wallet, and the drawer that says where its numbers are from.
import { useEffect, useRef } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { LongList } from "./long_list.js";
import { RelativeTime } from "./relative_time.js";

const HEIGHTS = [56, 68];

const Source = ({ row }) =>
  row.price_at ? jsxs("span", { className: "vt-below", title: row.price_source, children: [row.price_source, " \u00b7 ", jsx(RelativeTime, { at: row.price_at }, "at")] }) : jsx("span", { className: "vt-below", children: row.price_source });

const Row = ({ row, index, active, height, onOpen, onFocus }) => {
  const shared = { "aria-rowindex": index + 2, "data-index": index, style: { height }, tabIndex: active ? 0 : -1, onFocus };
  if (!row)
    return jsx("tr", { ...shared, "aria-busy": true, children: jsx("td", { colSpan: 2, children: jsx("span", { className: "skeleton vt-wait" }) }) });
  return jsxs("tr", {
    ...shared,
    onClick: () => onOpen(row),
    children: [
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
          jsx("span", { key: "share", className: "vt-below vt-phone", children: row.share }),
        ],
      }),
      jsx("td", { key: "share", className: "vt-wide vt-end num", children: row.share }),
      jsxs("td", { key: "chain", className: "vt-large", children: [row.chain, jsx("span", { className: "vt-below num", children: row.block }, "block")] }),
      jsxs("td", {
        key: "wallet",
        className: "vt-large",
        title: row.wallet,
        children: [jsx("span", { key: "name", className: "vt-cut", children: row.wallet_name }), jsx("span", { key: "short", className: "vt-below mono", children: row.wallet_short })],
      }),
    ],
  });
};

const Details = ({ row, labels, onClose, onHide }) => {
  const dialog = useRef(null);
  useEffect(() => {
    if (row && !dialog.current.open) dialog.current.showModal();
    if (!row && dialog.current.open) dialog.current.close();
  }, [row]);
  const line = (name, value) => (value ? [jsx("dt", { children: name }, `${name}-name`), jsx("dd", { children: value }, name)] : []);
  const moment = (at) => (at ? jsxs("span", { children: [new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" }), " \u00b7 ", jsx(RelativeTime, { at })] }) : "");
  const hide = () => {
    onHide(row.chain_id, row.token);
    onClose();
  };
  return jsx("dialog", {
    ref: dialog,
    className: "panel panel-right",
    "aria-label": labels.details,
    onCancel: (event) => {
      event.preventDefault();
      onClose();
    },
    onClick: (event) => event.target === dialog.current && onClose(),
    children: row
      ? jsxs("div", {
          className: "vt-details",
          children: [
            jsxs("header", {
              children: [jsx("h2", { key: "title", children: row.symbol }), jsx("button", { key: "close", type: "button", onClick: onClose, className: "vt-button", children: labels.close })],
            }, "head"),
            row.why ? jsx("p", { children: row.why }, "why") : null,
            jsxs("dl", {
              children: [
                ...line(labels.amount, row.exact),
                ...line(labels.price, row.price),
                ...line(labels.priceSource, row.price_source),
                ...line(labels.priceAt, moment(row.price_at)),
                ...line(labels.value, row.value),
                ...line(labels.share, row.share),
                ...line(labels.protocol, row.protocol),
                ...line(labels.health, row.health),
                ...line(labels.chain, row.chain),
                ...line(labels.block, row.block),
                ...line(labels.readAt, moment(row.read_at)),
                ...line(labels.contract, row.token ? (row.token_url ? jsx("a", { href: row.token_url, target: "_blank", rel: "noopener noreferrer", className: "mono vt-link vt-break", children: row.token }) : jsx("span", { className: "mono vt-break", children: row.token })) : ""),
                ...line(labels.wallet, [row.wallet_name, jsx("span", { className: "vt-below mono vt-break", children: row.wallet }, "address")]),
              ],
            }, "list"),
            row.can_hide ? jsx("p", { className: "vt-faint", children: labels.hideText }, "hide-text") : null,
            row.can_hide ? jsx("button", { type: "button", className: "vt-button", onClick: hide, children: labels.hide }, "hide") : null,
          ],
        })
      : null,
  });
};

export const AssetList = (props) => jsx(LongList, { ...props, heights: HEIGHTS, fits: true, Row, Details });
