// A long list of alerts of which only the rows in view exist; the others are asked for as they come near.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { Link } from "react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { RelativeTime } from "./relative_time.js";

const ROW_HEIGHT = 56;
const TALL_ROW_HEIGHT = 104; // a phone shows type, value and state below the sentence
const HEAD_HEIGHT = 36;
const ASK_AGAIN_MS = 6000;
const PHONE = "(max-width: 767px)";

const usePhone = () =>
  useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(PHONE);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => window.matchMedia(PHONE).matches,
    () => false,
  );

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

const Row = ({ row, index, active, labels, height, onOpen, onFocus, measure }) => {
  const tabIndex = active ? 0 : -1;
  const shared = { ref: measure, "aria-rowindex": index + 2, "data-index": index, style: { height }, tabIndex, onFocus };
  if (!row)
    return jsx("tr", {
      ...shared,
      "aria-busy": true,
      children: jsx("td", { colSpan: 2, children: jsx("span", { className: "skeleton vt-wait" }) }),
    });
  return jsxs("tr", {
    ...shared,
    onClick: (event) => !event.target.closest("a, button") && onOpen(row),
    children: [
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
    ],
  });
};

const Details = ({ row, labels, onClose }) => {
  const dialog = useRef(null);
  useEffect(() => {
    if (row && !dialog.current.open) dialog.current.showModal();
    if (!row && dialog.current.open) dialog.current.close();
  }, [row]);
  const line = (name, value) => (value ? [jsx("dt", { children: name }, `${name}-name`), jsx("dd", { children: value }, name)] : []);
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
              children: [
                jsx("h2", { key: "title", children: labels.details }),
                jsx("button", { key: "close", type: "button", onClick: onClose, className: "vt-button", children: labels.close }),
              ],
            }, "head"),
            jsx("p", { className: row.withdrawn ? "vt-struck" : "", children: row.message }, "message"),
            jsxs("dl", {
              children: [
                ...line(labels.when, jsxs("span", { children: [new Date(row.at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" }), " · ", jsx(RelativeTime, { at: row.at })] })),
                ...line(labels.kind, row.kind_label),
                ...line(labels.rule, jsx(Link, { to: `/alerts/rules/${row.rule_id}/`, className: "vt-link", children: row.rule_name })),
                ...line(labels.value, row.value === "\u2014" ? "" : `${row.value}${row.exact ? ` (${row.exact})` : ""}`),
                ...line(labels.chain, [row.chain, row.block].filter(Boolean).join(" · ")),
                ...line(labels.tx, row.tx ? jsx("span", { className: "mono vt-break", children: row.tx }) : ""),
                ...line(labels.status, `${row.status}${row.status_why ? ` · ${row.status_why}` : ""}`),
              ],
            }, "list"),
          ],
        })
      : null,
  });
};

const Head = ({ heads, sort }) =>
  jsx("thead", {
    children: jsx("tr", {
      "aria-rowindex": 1,
      children: heads.map((head) => {
        const [name, way] = sort.startsWith("-") ? [sort.slice(1), "descending"] : [sort, "ascending"];
        const sorted = head.sort && head.sort === name;
        const next = sorted && way === head.first ? head.other_to : head.first_to;
        return jsx("th", {
          scope: "col",
          className: head.css,
          "aria-sort": head.sort ? (sorted ? way : "none") : undefined,
          children: head.sort
            ? jsxs(Link, { to: next, className: "vt-sort", children: [head.text, sorted ? jsx("span", { "aria-hidden": true, children: way === "ascending" ? " \u2191" : " \u2193" }, "way") : null] })
            : head.text,
        }, head.key);
      }),
    }),
  });

export const HistoryList = ({ listKey, total, pageSize, page, pageKey, rows, sort, heads, labels, onNeed, className }) => {
  const box = useRef(null);
  const body = useRef(null);
  const cache = useRef({ key: "", pages: new Map() });
  const asked = useRef({ page: 0, at: 0 });
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(null);
  const [beat, setBeat] = useState(0);
  const height = usePhone() ? TALL_ROW_HEIGHT : ROW_HEIGHT;

  if (cache.current.key !== listKey) {
    cache.current = { key: listKey, pages: new Map() };
    asked.current = { page: 0, at: 0 };
  }
  if (pageKey === listKey && page > 0) {
    cache.current.pages.set(page, rows);
    if (asked.current.page === page) asked.current = { page: 0, at: 0 };
  }
  const pages = cache.current.pages;
  const list = useVirtualizer({
    count: total,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 12,
    scrollPaddingEnd: HEAD_HEIGHT,
  });
  useEffect(() => list.measure(), [height]);
  useEffect(() => {
    box.current?.scrollTo({ top: 0 });
    setActive(0);
    setOpen(null);
  }, [listKey]);

  const shown = list.getVirtualItems();
  const missing = [...new Set(shown.map((item) => Math.floor(item.index / pageSize) + 1))].filter((each) => !pages.has(each));
  const wanted = missing[0] ?? 0;
  useEffect(() => {
    if (!wanted) return undefined;
    const isWaiting = asked.current.page && Date.now() - asked.current.at < ASK_AGAIN_MS;
    if (!isWaiting) {
      // A fast scroll passes pages that nobody looks at: ask for where it comes to rest.
      const soon = setTimeout(() => {
        asked.current = { page: wanted, at: Date.now() };
        onNeed(wanted);
      }, 60);
      return () => clearTimeout(soon);
    }
    const later = setTimeout(() => setBeat(beat + 1), ASK_AGAIN_MS);
    return () => clearTimeout(later);
  }, [wanted, page, pageKey, listKey, beat]);

  const rowAt = (index) => pages.get(Math.floor(index / pageSize) + 1)?.[index % pageSize];
  const move = (index) => {
    const next = Math.max(0, Math.min(total - 1, index));
    setActive(next);
    list.scrollToIndex(next);
    const focus = (tries) => {
      const row = body.current?.querySelector(`tr[data-index="${next}"]`);
      if (row) row.focus({ preventScroll: true });
      else if (tries) requestAnimationFrame(() => focus(tries - 1));
    };
    requestAnimationFrame(() => focus(10));
  };
  const onKeyDown = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.tagName !== "TR") return;
    const step = Math.max(1, Math.floor((box.current.clientHeight - HEAD_HEIGHT) / height) - 1);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + step, PageUp: active - step, Home: 0, End: total - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === "Enter" && rowAt(active)) {
      event.preventDefault(); // else the same press goes on to the button that has the focus then
      setOpen(rowAt(active));
    }
  };

  const above = shown.length ? shown[0].start : 0;
  const below = shown.length ? list.getTotalSize() - shown[shown.length - 1].end : 0;
  const space = (key, size) => (size > 0 ? jsx("tr", { "aria-hidden": true, style: { height: size }, children: jsx("td", {}) }, key) : null);
  // The active row may have scrolled away; then the first in view is the one that Tab reaches.
  const reachable = shown.some((item) => item.index === active) ? active : (shown[0]?.index ?? 0);
  return jsxs("div", {
    className,
    children: [
      jsx("div", {
        ref: box,
        className: "vt-box",
        children: jsxs("table", {
          className: "vt-table",
          "aria-rowcount": total + 1,
          "aria-label": labels.caption,
          onKeyDown,
          children: [
            jsx(Head, { heads, sort }, "head"),
            jsxs("tbody", {
              ref: body,
              children: [
                space("above", above),
                ...shown.map((item) =>
                  jsx(Row, { row: rowAt(item.index), index: item.index, active: item.index === reachable, labels, height, onOpen: setOpen, onFocus: () => setActive(item.index) }, item.index),
                ),
                space("below", below),
              ],
            }, "body"),
          ],
        }),
      }, "box"),
      jsx(Details, { row: open, labels, onClose: () => setOpen(null) }, "details"),
    ],
  });
};
