// Ctrl/Cmd-K opens it; "/" too. `g` then a letter goes to a page, "?" lists the shortcuts.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { useNavigate } from "react-router";

const typing = (element) =>
  element?.closest?.("input, textarea, select, [contenteditable=true]") !== null && element !== document.body;

const here = () => window.location.pathname + window.location.search;

export const CommandPalette = ({ items, labels, ...rest }) => {
  const dialog = useRef(null);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const navigate = useNavigate();

  const open = useCallback((text) => {
    if (dialog.current.open || document.querySelector("dialog[open]")) return;
    setQuery(text);
    setActive(0);
    dialog.current.showModal();
  }, []);
  const go = useCallback(
    (item) => {
      dialog.current.close();
      if (item.document) window.location.assign(item.to);
      else navigate(item.comesBack && !here().startsWith("/alerts/new/") ? `${item.to}&back=${encodeURIComponent(here())}` : item.to);
    },
    [navigate],
  );

  useEffect(() => {
    let pending = 0;
    const onKey = (event) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open("");
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return;
      if (event.key === "/" || event.key === "?") {
        event.preventDefault();
        open("");
      } else if (event.key === "g") {
        pending = Date.now();
      } else if (Date.now() - pending < 900) {
        pending = 0;
        const item = items.find((each) => each.shortcut === `g ${event.key}`);
        if (item) go(item);
      }
    };
    const onOpen = () => open("");
    window.addEventListener("keydown", onKey);
    window.addEventListener("open-palette", onOpen);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("open-palette", onOpen);
    };
  }, [items, open, go]);

  const found = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return items.filter((item) => words.every((word) => `${item.text} ${item.group}`.toLowerCase().includes(word)));
  }, [items, query]);

  const onKeyDown = (event) => {
    if (event.key === "ArrowDown") setActive((at) => Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setActive((at) => Math.max(at - 1, 0));
    else if (event.key === "Enter" && found[active]) go(found[active]);
    else return;
    event.preventDefault();
  };

  return jsxs("dialog", {
    ...rest,
    ref: dialog,
    "aria-label": labels.title,
    onClick: (event) => event.target === dialog.current && dialog.current.close(),
    children: [
      jsx("input", {
        key: "query",
        type: "text",
        role: "combobox",
        className: "palette-input",
        "aria-expanded": true,
        "aria-controls": "palette-list",
        "aria-activedescendant": found[active] ? `palette-${active}` : undefined,
        "aria-label": labels.title,
        placeholder: labels.placeholder,
        autoComplete: "off",
        spellCheck: false,
        value: query,
        onChange: (event) => {
          setQuery(event.target.value);
          setActive(0);
        },
        onKeyDown,
      }),
      jsxs("ul", {
        key: "list",
        id: "palette-list",
        role: "listbox",
        "aria-label": labels.title,
        className: "palette-list",
        children: found.length
          ? found.map((item, index) =>
              jsxs(
                "li",
                {
                  id: `palette-${index}`,
                  role: "option",
                  "aria-selected": index === active,
                  className: "palette-item",
                  onMouseMove: () => setActive(index),
                  onClick: () => go(item),
                  children: [
                    jsx("span", { children: item.text }, "text"),
                    jsx("span", { className: "palette-group", children: item.group }, "group"),
                    item.shortcut ? jsx("kbd", { className: "palette-key", children: item.shortcut }, "key") : null,
                  ],
                },
                item.to + item.text,
              ),
            )
          : jsx("li", { role: "option", "aria-selected": false, "aria-disabled": true, className: "palette-item", children: labels.nothing }),
      }),
    ],
  });
};
