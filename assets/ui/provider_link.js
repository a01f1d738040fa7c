// A button that asks the API for another provider's address and goes there.
import { useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

export const ProviderLink = ({ url, label, name, labels, classes, ...rest }) => {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const go = async () => {
    setBusy(true);
    setProblem("");
    try {
      const answer = await fetch(url, { method: "POST", credentials: "same-origin", headers: { accept: "application/json" } });
      const body = await answer.json();
      if (answer.ok && /^https?:\/\//.test(body.data.url)) {
        window.location.assign(body.data.url);
        return;
      }
      setProblem(body.error?.message || labels.failed);
    } catch {
      setProblem(labels.failed);
    }
    setBusy(false);
  };
  return jsxs("div", {
    ...rest,
    children: [
      jsx("button", { key: "go", type: "button", disabled: busy, className: classes.button, onClick: go, "aria-label": `${label} ${name}`, children: busy ? labels.busy : label }),
      jsx("p", { key: "problem", role: "alert", className: classes.problem, children: problem }),
    ],
  });
};
