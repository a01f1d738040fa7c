// A value that flashes its ground once when it changes.
import { useEffect, useRef } from "react";
import { jsx } from "react/jsx-runtime";

export const Flash = ({ value, ...rest }) => {
  const ref = useRef(null);
  const last = useRef(value);
  useEffect(() => {
    const before = last.current;
    last.current = value;
    if (before === value || !before || before === "\u2014") return;
    ref.current.classList.remove("flash");
    void ref.current.offsetWidth; // restarts the animation
    ref.current.classList.add("flash");
  }, [value]);
  return jsx("span", { ...rest, ref, children: value });
};
