// A long list of which only the rows in view exist; the others are asked for as they come near.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { Link } from "react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { RelativeTime } from "./relative_time.js";

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

// A moment in full, and how long ago that is.
export const Moment = ({ at }) => jsxs("span", { children: [new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" }), " \u00b7 ", jsx(RelativeTime, { at })] });

// The drawer that says more of a row: `lines` are names and values, and what has no value is left out. Closed without a `row`.
export const RowDrawer = ({ row, title, labels, lines, above, below, onClose }) => {
  const dialog = useRef(null);
  useEffect(() => {
    if (row && !dialog.current.open) dialog.current.showModal();
    if (!row && dialog.current.open) dialog.current.close();
  }, [row]);
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
              children: [jsx("h2", { key: "title", children: title(row) }), jsx("button", { key: "close", type: "button", onClick: onClose, className: "vt-button", children: labels.close })],
            }, "head"),
            above(row),
            jsx("dl", {
              children: lines(row)
                .filter(([, value]) => value)
                .flatMap(([name, value]) => [jsx("dt", { children: name }, `${name}-name`), jsx("dd", { children: value }, name)]),
            }, "list"),
            below?.(row),
          ],
        })
      : null,
  });
};

// A row: what `cells` makes of it, or a grey bar until it is there.
const Row = ({ row, index, active, height, labels, cells, onOpen, onFocus }) =>
  jsx("tr", {
    "aria-rowindex": index + 2,
    "aria-busy": row ? undefined : true,
    "data-index": index,
    style: { height },
    tabIndex: active ? 0 : -1,
    onFocus,
    onClick: row && ((event) => !event.target.closest("a, button") && onOpen(row)),
    children: row ? cells(row, labels, active ? 0 : -1) : jsx("td", { colSpan: 2, children: jsx("span", { className: "skeleton vt-wait" }) }),
  });

// `listKey`: which list it is; another one begins at the top. `dataKey`: as of when; newer rows take the place of older ones where they
// stand. A page of rows counts when its `pageKey` is the `dataKey`. `heights` of a row: on a desk, on a phone. `fits`: no higher than its rows.
export const LongList = ({ listKey, dataKey, total, pageSize, page, pageKey, rows, sort, heads, labels, heights, fits, onNeed, className, cells, Details, ...rest }) => {
  const box = useRef(null);
  const body = useRef(null);
  const cache = useRef({ key: "", data: "", pages: new Map() });
  const asked = useRef({ page: 0, at: 0 });
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(null);
  const [beat, setBeat] = useState(0);
  const height = heights[usePhone() ? 1 : 0];

  if (cache.current.key !== listKey) {
    cache.current = { key: listKey, data: dataKey, pages: new Map() };
    asked.current = { page: 0, at: 0 };
  } else if (cache.current.data !== dataKey) {
    cache.current.data = dataKey;
    asked.current = { page: 0, at: 0 };
  }
  if (pageKey === dataKey && page > 0) {
    cache.current.pages.set(page, { of: dataKey, rows });
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
  const missing = [...new Set(shown.map((item) => Math.floor(item.index / pageSize) + 1))].filter((each) => pages.get(each)?.of !== dataKey);
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
  }, [wanted, page, pageKey, listKey, dataKey, beat]);

  const rowAt = (index) => pages.get(Math.floor(index / pageSize) + 1)?.rows[index % pageSize];
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
        style: fits ? { maxHeight: HEAD_HEIGHT + total * height + 2 } : undefined,
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
                  jsx(Row, { row: rowAt(item.index), index: item.index, active: item.index === reachable, labels, cells, height, onOpen: setOpen, onFocus: () => setActive(item.index) }, item.index),
                ),
                space("below", below),
              ],
            }, "body"),
          ],
        }),
      }, "box"),
      jsx(Details, { ...rest, row: open, labels, onClose: () => setOpen(null) }, "details"),
    ],
  });
};
