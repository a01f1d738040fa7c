// Tabs that may be wider than the screen: the current one is brought into view, and an end that hides some fades.
import { useEffect, useRef } from "react";
import { jsx } from "react/jsx-runtime";

const SLACK = 4;

export const TabBar = ({ current, children, ...rest }) => {
  const ref = useRef(null);
  useEffect(() => {
    const bar = ref.current;
    const tab = bar.querySelector('[aria-current="page"]');
    if (tab) bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  }, [current]);
  useEffect(() => {
    const bar = ref.current;
    const look = () => {
      const left = bar.scrollWidth - bar.clientWidth - bar.scrollLeft;
      bar.dataset.more = `${bar.scrollLeft > SLACK ? "before" : ""}${left > SLACK ? "after" : ""}`;
    };
    look();
    bar.addEventListener("scroll", look, { passive: true });
    const watching = new ResizeObserver(look);
    watching.observe(bar);
    return () => {
      bar.removeEventListener("scroll", look);
      watching.disconnect();
    };
  }, []);
  return jsx("nav", { ...rest, ref, children });
};
