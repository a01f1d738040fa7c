// Choices that live in the browser only: contrast and the folded rail.
import { useEffect, useState } from "react";
import { jsx } from "react/jsx-runtime";

const remember = (key, value) => {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // Storage refused: the choice holds for this page only.
  }
};

// A button that keeps `data-{name}` on <html> at `on` or `off`.
export const RootSwitch = ({ name, on, off, children, ...rest }) => {
  const [active, setActive] = useState(false);
  useEffect(() => setActive(document.documentElement.dataset[name] === on), [name, on]);
  return jsx("button", {
    ...rest,
    type: "button",
    "aria-pressed": active,
    onClick: () => {
      const next = !active;
      if (next) document.documentElement.dataset[name] = on;
      else delete document.documentElement.dataset[name];
      remember(name, next ? on : off);
      setActive(next);
    },
    children,
  });
};
