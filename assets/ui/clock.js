// One clock for every relative time on the page.
import { useSyncExternalStore } from "react";

let now = Date.now();
let timer = null;
const listeners = new Set();

const subscribe = (listener) => {
  listeners.add(listener);
  if (timer === null) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      listeners.forEach((each) => each());
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = null;
    }
  };
};

// Returns the time of the last tick in milliseconds, or 0 while the page is prerendered.
export const useNow = () => useSyncExternalStore(subscribe, () => now, () => 0);
