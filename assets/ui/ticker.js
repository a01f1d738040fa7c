// Calls out every few seconds while it is on the page and somebody looks at the page.
import { useEffect, useRef } from "react";

export const Ticker = ({ everySeconds = 1, onTick }) => {
  const tick = useRef(onTick);
  useEffect(() => {
    tick.current = onTick;
  });
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && tick.current?.(), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return null;
};
