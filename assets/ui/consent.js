// Analytics only with consent: nothing is loaded, and nobody is asked, unless the installation has analytics at all.
import { useEffect, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const NAME = "premium_consent=";
const ASKED = "premium-no-analytics"; // this tab was told that there is nothing to ask

// true, false, or null when this browser has not answered.
const choice = () => {
  const found = document.cookie.split("; ").find((part) => part.startsWith(NAME));
  return found ? found === `${NAME}yes` : null;
};

const call = async (method, body) => {
  const answer = await fetch("/v1/consent", {
    method,
    credentials: "same-origin",
    headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).data;
};

const load = (script) => {
  if (!script || document.querySelector("script[data-analytics]")) return;
  const element = document.createElement("script");
  element.src = script;
  element.defer = true;
  element.dataset.analytics = "";
  document.head.append(element);
};

const decide = async (analytics, script) => {
  await call("PUT", { analytics });
  if (analytics) load(script);
  // What runs already cannot be called back: a new document starts without it.
  else if (document.querySelector("script[data-analytics]")) location.reload();
};

const remembered = () => {
  try {
    return sessionStorage.getItem(ASKED) !== null;
  } catch {
    return false;
  }
};

export const ConsentNotice = ({ labels, classes, ...rest }) => {
  const [script, setScript] = useState("");
  useEffect(() => {
    if (choice() === false || remembered()) return undefined;
    const later = setTimeout(async () => {
      try {
        const { analytics, script: found } = await call("GET");
        if (!found) sessionStorage.setItem(ASKED, "");
        else if (analytics) load(found);
        else if (analytics === null) setScript(found);
      } catch {
        // Not answered, or storage refused: no consent, so nothing is loaded; asked again with the next document.
      }
    }, 1000);
    return () => clearTimeout(later);
  }, []);
  const answer = (analytics) => async () => {
    setScript("");
    try {
      await decide(analytics, script);
    } catch {
      setScript(script);
    }
  };
  if (!script) return null;
  return jsxs("aside", {
    ...rest,
    "aria-label": labels.title,
    children: [
      jsx("p", { key: "text", className: classes.text, children: labels.text }),
      jsxs("div", {
        key: "buttons",
        className: classes.buttons,
        children: [
          jsx("button", { key: "no", type: "button", className: classes.button, onClick: answer(false), children: labels.refuse }),
          jsx("button", { key: "yes", type: "button", className: classes.button, onClick: answer(true), children: labels.allow }),
        ],
      }),
    ],
  });
};

// The same answer as a switch; `on` is what the account says, this browser's own answer goes before it.
export const ConsentSwitch = ({ on, labels, classes, onChange, ...rest }) => {
  const [active, setActive] = useState(on === true);
  const [problem, setProblem] = useState("");
  useEffect(() => setActive(choice() ?? on === true), [on]);
  const flip = async () => {
    const wanted = !active;
    setActive(wanted);
    setProblem("");
    try {
      await decide(wanted, wanted ? (await call("GET")).script : "");
      onChange?.();
    } catch {
      setActive(!wanted);
      setProblem(labels.failed);
    }
  };
  return jsxs("div", {
    ...rest,
    children: [
      jsxs("button", {
        key: "switch",
        type: "button",
        role: "switch",
        "aria-checked": active,
        className: classes.switch,
        onClick: flip,
        children: [
          jsx("span", { key: "track", className: active ? classes.trackOn : classes.track, "aria-hidden": true, children: jsx("span", { className: active ? classes.knobOn : classes.knob }) }),
          jsx("span", { key: "label", children: labels.label }),
        ],
      }),
      jsx("p", { key: "problem", role: "alert", className: classes.problem, children: problem }),
    ],
  });
};
