// A form that the browser sends to the API itself: what is typed into it, such as a password, enters no state.
import { useEffect, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { tell, valuesOf } from "./secret_form.js";

// `next`: a new document is loaded afterwards, at the address that the answer names or else this one.
// `fragment`: the name under which what stands after the # of the page's address is sent (a mailed token); it is taken
// out of the address, so that it stays in no history.
export const ApiForm = ({ url, method = "POST", labels, classes, next, fragment, onDone, onSent, onCancel, children, ...rest }) => {
  const form = useRef(null);
  const token = useRef("");
  useEffect(() => {
    if (!fragment || !window.location.hash) return;
    token.current = window.location.hash.slice(1);
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }, [fragment]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  const send = async (event) => {
    event.preventDefault();
    if (fragment && !token.current) {
      setProblem(labels.noFragment);
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      const answer = await fetch(url, {
        method,
        credentials: "same-origin",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ ...valuesOf(form.current), ...(fragment ? { [fragment]: token.current } : {}) }),
      });
      const body = await answer.json();
      const details = (!answer.ok && body.error?.details) || {};
      tell(form.current, details);
      if (answer.ok && next) {
        window.location.assign(body.data?.location || next);
        return;
      }
      if (answer.ok) {
        form.current.reset();
        onSent?.(body.data?.email ?? "");
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
    // Only for a press before this script is there: what was typed must never get into an address.
    action: url,
    method: "post",
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
