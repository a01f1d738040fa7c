// A form that the browser sends to the API itself: what is typed into it, such as a password, enters no state.
import { useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { tell, valuesOf } from "./secret_form.js";

export const ApiForm = ({ url, method = "POST", labels, classes, onDone, onCancel, children, ...rest }) => {
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const answer = await fetch(url, {
        method,
        credentials: "same-origin",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(valuesOf(form.current)),
      });
      const body = await answer.json();
      const details = (!answer.ok && body.error?.details) || {};
      tell(form.current, details);
      if (answer.ok) {
        form.current.reset();
        onDone?.();
      } else {
        // What stands beside its field is not said twice.
        const field = form.current.querySelector(`[name="${CSS.escape(Object.keys(details)[0] ?? "")}"]`);
        if (field) field.focus();
        else setProblem(body.error?.message || labels.failed);
      }
    } catch {
      setProblem(labels.failed);
    }
    setBusy(false);
  };

  return jsxs("form", {
    ...rest,
    ref: form,
    onSubmit: send,
    noValidate: true,
    children: [
      jsx("div", { key: "fields", className: classes.fields, children }),
      jsx("p", { key: "problem", role: "alert", className: classes.problem, children: problem }),
      jsxs("div", {
        key: "buttons",
        className: classes.buttons,
        children: [
          labels.cancel && jsx("button", { key: "cancel", type: "button", className: classes.cancel, onClick: () => onCancel?.(), children: labels.cancel }),
          jsx("button", { key: "submit", type: "submit", disabled: busy, className: classes.button, children: busy ? labels.busy : labels.submit }),
        ],
      }),
    ],
  });
};
