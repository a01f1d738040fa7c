// The lines of a file, a row each: what it becomes, whether that is new, and in the drawer every cell of it.
import { jsx, jsxs } from "react/jsx-runtime";
import { LongList, RowDrawer } from "./long_list.js";

const HEIGHTS = [52, 76];

const badge = (row) => jsx("span", { className: "toned", "data-tone": row.tone, children: row.status }, "badge");

const cells = (row) => [
  jsx("td", { key: "line", className: "num vt-soft", children: row.line }),
  jsxs("td", {
    key: "says",
    title: row.problem || row.says,
    children: [
      jsx("span", { key: "says", className: "vt-cut vt-strong", children: row.says }),
      jsx("span", { key: "more", className: row.problem ? "vt-below text-warn" : "vt-below il-text", children: row.problem || row.text }),
      jsx("span", { key: "phone", className: "vt-phone", children: badge(row) }),
    ],
  }),
  jsx("td", { key: "text", className: "vt-large", title: row.text, children: jsx("span", { className: "vt-cut vt-faint", children: row.text }) }),
  jsx("td", { key: "status", className: "vt-wide", children: badge(row) }),
];

const Details = ({ row, labels, onClose }) =>
  jsx(RowDrawer, {
    row,
    labels,
    onClose,
    title: (row) => `${labels.line} ${row.line}`,
    above: (row) => [
      jsxs("p", { children: [badge(row), " ", row.says] }, "says"),
      row.problem ? jsx("p", { className: "text-warn", children: row.problem }, "problem") : null,
    ],
    lines: (row) => row.cells.map((cell) => [cell.name, jsx("span", { className: "vt-break", children: cell.value })]),
  });

export const ImportList = (props) => jsx(LongList, { ...props, dataKey: props.listKey, heights: HEIGHTS, fits: true, cells, Details });
