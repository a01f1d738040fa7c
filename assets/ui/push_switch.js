// Push to this browser, on or off. The subscription is made by the browser and sent to the API: it enters no state.
import { useEffect, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const STORED = "push-channel"; // the channel that leads to this browser, so that its row is known among the others

const call = async (path, body) => {
  const answer = await fetch(`/v1/notifications/push/${path}`, {
    method: body ? "POST" : "GET",
    credentials: "same-origin",
    headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error?.message || String(answer.status));
  return said.data;
};

const remembered = () => {
  try {
    return localStorage.getItem(STORED) || "";
  } catch {
    return "";
  }
};

const remember = (id) => {
  try {
    if (id) localStorage.setItem(STORED, id);
    else localStorage.removeItem(STORED);
  } catch {
    // Storage refused: push works, only this switch cannot tell so after a reload.
  }
};

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const isPossible = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
// On an iPhone or iPad push exists in the installed app only.
const needsInstalling = () => /iP(hone|ad|od)/.test(navigator.userAgent) && !matchMedia("(display-mode: standalone)").matches;

async function turnOn() {
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const registration = await navigator.serviceWorker.ready;
  const { publicKey } = await call("key");
  const old = await registration.pushManager.getSubscription();
  const replaces = old?.endpoint || null;
  if (old) await old.unsubscribe(); // it may have been made for another key
  const fresh = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(publicKey) });
  const { channelId } = await call("subscriptions", { ...fresh.toJSON(), replaces });
  remember(channelId);
  return "on";
}

async function turnOff() {
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  remember("");
  if (subscription) {
    await call("subscriptions/remove", { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  return "off";
}

export const PushSwitch = ({ known = [], labels, classes, onChange, ...rest }) => {
  const [state, setState] = useState("checking");
  const [problem, setProblem] = useState("");
  const ids = known.join(" ");
  useEffect(() => {
    const look = async () => {
      if (needsInstalling()) return setState("install");
      if (!isPossible()) return setState("impossible");
      if (Notification.permission === "denied") return setState("denied");
      const registration = await navigator.serviceWorker.getRegistration("/");
      const subscription = await registration?.pushManager.getSubscription();
      setState(subscription && known.includes(remembered()) ? "on" : "off");
    };
    look().catch(() => setState("impossible"));
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [ids]);

  const flip = async () => {
    const before = state;
    setProblem("");
    setState("busy");
    try {
      setState(before === "on" ? await turnOff() : await turnOn());
      onChange?.();
    } catch (error) {
      setState(before);
      // The browser's own words name its push service's trouble; the API's are for people already.
      setProblem(error?.name === "AbortError" ? labels.noService : error?.message || labels.failed);
    }
  };

  const isButton = ["on", "off", "busy"].includes(state);
  return jsxs("div", {
    ...rest,
    "data-push": state,
    children: [
      jsxs("div", {
        key: "text",
        className: classes.text,
        children: [
          jsx("span", { key: "title", className: classes.title, children: labels.title }),
          jsx("span", { key: "state", className: classes.state, "aria-live": "polite", children: labels[state] }),
          jsx("span", { key: "problem", role: "alert", className: classes.problem, children: problem }),
        ],
      }),
      isButton &&
        jsx("button", {
          key: "button",
          type: "button",
          className: state === "on" ? classes.off : classes.on,
          disabled: state === "busy",
          onClick: flip,
          children: state === "on" ? labels.turnOff : labels.turnOn,
        }),
    ],
  });
};
