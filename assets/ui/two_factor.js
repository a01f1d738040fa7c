// Two-step sign-in: the seed, its QR code and the recovery codes go from the API to this component and nowhere else.
import { useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const post = async (url, body) => {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const content = await answer.json();
  return { data: answer.ok ? content.data : null, error: content.error };
};

const Field = ({ id, label, hint, problem, classes, ...rest }) =>
  jsxs("div", {
    children: [
      jsx("label", { key: "label", htmlFor: id, className: classes.label, children: label }),
      jsx("input", { key: "input", id, name: id, className: classes.input, "aria-describedby": `${id}-error`, "aria-invalid": Boolean(problem), ...rest }),
      hint && jsx("p", { key: "hint", className: classes.hint, children: hint }),
      jsx("p", { key: "error", id: `${id}-error`, role: "alert", className: classes.error, children: problem }),
    ],
  });

// One question, one answer from the API; `onAnswer` gets it.
const Question = ({ url, name, field, submit, labels, classes, onAnswer, children }) => {
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const value = name ? form.current.elements[name].value : "";
      const { data, error } = await post(url, value ? { [name]: value } : {});
      if (data) return onAnswer(data);
      setProblem(error?.details?.[name] || error?.message || labels.failed);
      form.current.elements[name]?.focus();
    } catch {
      setProblem(labels.failed);
    }
    setBusy(false);
  };
  return jsxs("form", {
    ref: form,
    // Only for a press before this script is there: what was typed must never get into an address.
    action: url,
    method: "post",
    onSubmit: send,
    noValidate: true,
    className: classes.form,
    children: [
      children,
      name
        ? jsx(Field, { key: "field", id: name, problem, classes, ...field })
        : jsx("p", { key: "problem", role: "alert", className: classes.error, children: problem }),
      jsx("div", {
        key: "buttons",
        className: classes.buttons,
        children: jsx("button", { type: "submit", disabled: busy, className: classes.primary, children: busy ? labels.busy : submit }),
      }),
    ],
  });
};

const Codes = ({ codes, labels, classes, next }) => {
  const [copied, setCopied] = useState(false);
  const text = codes.join("\n");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      window.getSelection().selectAllChildren(document.getElementById("recovery-codes"));
    }
  };
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${labels.codesFile}\n\n${text}\n`], { type: "text/plain" }));
    link.download = "premium-recovery-codes.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return jsxs("div", {
    className: classes.form,
    children: [
      jsx("p", { key: "note", role: "status", className: classes.note, children: labels.codesNote }),
      jsx("ol", {
        key: "codes",
        id: "recovery-codes",
        "aria-label": labels.codes,
        className: classes.codes,
        children: codes.map((code) => jsx("li", { children: code }, code)),
      }),
      jsxs("div", {
        key: "buttons",
        className: classes.buttons,
        children: [
          jsx("button", { key: "save", type: "button", className: classes.button, onClick: save, children: labels.save }),
          jsx("button", { key: "copy", type: "button", className: classes.button, onClick: copy, children: copied ? labels.copied : labels.copy }),
          // The session has another cookie now: the page's socket must be opened anew.
          jsx("button", { key: "done", type: "button", className: classes.primary, onClick: () => window.location.assign(next), children: labels.done }),
        ],
      }),
    ],
  });
};

export const TwoFactorSetup = ({ asksPassword, labels, classes, next, ...rest }) => {
  const [setup, setSetup] = useState(null);
  const [codes, setCodes] = useState(null);
  const code = { label: labels.code, autoComplete: "one-time-code", inputMode: "numeric", maxLength: 10, autoFocus: true };
  let content;
  if (codes) content = jsx(Codes, { codes, labels, classes, next }, "codes");
  else if (setup)
    content = jsxs(
      Question,
      {
        url: "/v1/account/two-factor/enable",
        name: "code",
        field: code,
        submit: labels.enable,
        labels,
        classes,
        onAnswer: (data) => setCodes(data.codes),
        children: [
          jsx("p", { key: "scan", className: classes.note, children: labels.scan }),
          jsx("img", { key: "qr", src: "/v1/account/two-factor/setup/qr.svg", alt: labels.qr, width: 192, height: 192, className: classes.qr }),
          jsxs("p", { key: "or", className: classes.note, children: [labels.type, " ", jsx("code", { className: classes.seed, children: setup.secret.replace(/(.{4})/g, "$1 ").trim() })] }),
        ],
      },
      "enable",
    );
  else
    content = jsx(
      Question,
      {
        url: "/v1/account/two-factor/setup",
        name: asksPassword ? "password" : "",
        field: { label: labels.password, type: "password", autoComplete: "current-password", autoFocus: true },
        submit: labels.begin,
        labels,
        classes,
        onAnswer: setSetup,
        children: jsx("p", { className: classes.note, children: labels.lead }, "lead"),
      },
      "setup",
    );
  return jsx("div", { ...rest, children: content });
};

export const RenewCodes = ({ labels, classes, next, ...rest }) => {
  const [codes, setCodes] = useState(null);
  return jsx("div", {
    ...rest,
    children: codes
      ? jsx(Codes, { codes, labels, classes, next })
      : jsx(Question, {
          url: "/v1/account/two-factor/recovery-codes",
          name: "code",
          field: { label: labels.code, autoComplete: "one-time-code", maxLength: 40, autoFocus: true },
          submit: labels.renew,
          labels,
          classes,
          onAnswer: (data) => setCodes(data.codes),
          children: jsx("p", { className: classes.note, children: labels.renewLead }, "lead"),
        }),
  });
};
