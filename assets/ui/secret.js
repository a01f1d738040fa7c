// A secret that is fetched only when its owner asks, shown here and kept nowhere else.
import { useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

export const Secret = ({ url, field, masked, showLabel, hideLabel, failedLabel, buttonClass, textClass, ...rest }) => {
  const [secret, setSecret] = useState("");
  const [failed, setFailed] = useState(false);
  const show = async () => {
    setFailed(false);
    try {
      const answer = await fetch(url, { credentials: "same-origin", headers: { accept: "application/json" } });
      const body = await answer.json();
      if (!answer.ok) throw new Error(String(answer.status));
      setSecret(body.data[field]);
    } catch {
      setFailed(true);
    }
  };
  return jsxs("div", {
    ...rest,
    children: [
      jsx("code", { key: "text", className: textClass, "aria-live": "polite", children: failed ? failedLabel : secret || masked }),
      jsx("button", {
        key: "button",
        type: "button",
        className: buttonClass,
        onClick: () => (secret ? setSecret("") : show()),
        children: secret ? hideLabel : showLabel,
      }),
    ],
  });
};
