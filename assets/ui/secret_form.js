// A form that asks the API for a secret, and shows the answer once: the secret never leaves this component.
import { useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

// Text as text, [data-number] as numbers, checkboxes as lists by name; what is empty is left out.
export const valuesOf = (form) => {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled) continue;
    if (field.type === "checkbox") {
      body[field.name] ??= [];
      if (field.checked) body[field.name].push(field.value);
    } else if (field.value !== "") {
      body[field.name] = "number" in field.dataset ? Number(field.value) : field.value;
    }
  }
  return body;
};

export const tell = (form, details) => {
  for (const place of form.querySelectorAll("[role=alert][id$='-error']")) {
    const name = place.id.slice(0, -"-error".length);
    const found = Object.entries(details).find(([field]) => field === name || field.startsWith(`${name}[`));
    place.textContent = found ? found[1] : "";
    form.elements[name]?.setAttribute?.("aria-invalid", found ? "true" : "false"); // (boxes of one name are a list)
  }
};

export const SecretForm = ({ url, labels, classes, onDone, children, ...rest }) => {
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [secret, setSecret] = useState("");
  const [copied, setCopied] = useState(false);

  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const answer = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(valuesOf(form.current)),
      });
      const body = await answer.json();
      tell(form.current, (!answer.ok && body.error?.details) || {});
      if (answer.ok) setSecret(body.data.secret);
      else setProblem(body.error?.message || labels.failed);
    } catch {
      setProblem(labels.failed);
    }
    setBusy(false);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      setCopied(true);
    } catch {
      window.getSelection().selectAllChildren(document.getElementById("new-secret"));
    }
  };

  if (secret) {
    return jsxs("div", {
      ...rest,
      children: [
        jsx("p", { key: "once", className: classes.note, role: "status", children: labels.once }),
        jsx("code", { key: "secret", id: "new-secret", className: classes.secret, tabIndex: 0, children: secret }),
        jsxs("div", {
          key: "buttons",
          className: classes.buttons,
          children: [
            jsx("button", { key: "copy", type: "button", className: classes.button, onClick: copy, autoFocus: true, children: copied ? labels.copied : labels.copy }),
            jsx("button", { key: "done", type: "button", className: classes.primary, onClick: () => onDone?.(), children: labels.done }),
          ],
        }),
      ],
    });
  }
  return jsxs("form", {
    ...rest,
    ref: form,
    onSubmit: send,
    noValidate: true,
    children: [
      children,
      jsx("p", { key: "problem", role: "alert", className: classes.problem, children: problem }),
      jsx("div", {
        key: "buttons",
        className: classes.buttons,
        children: jsx("button", { type: "submit", disabled: busy, className: classes.primary, children: busy ? labels.busy : labels.submit }),
      }),
    ],
  });
};
