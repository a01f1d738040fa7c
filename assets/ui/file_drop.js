// A place to drop a file, or to choose one: the browser sends it to the API itself, with its progress. It enters no state.
import { useEffect, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const answerOf = (request) => {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
};

// `onDone` gets the id of what the API made of the file.
export const FileDrop = ({ url, accept, maxBytes, labels, classes, onDone, children, ...rest }) => {
  const input = useRef(null);
  const request = useRef(null);
  const [over, setOver] = useState(false);
  const [sent, setSent] = useState(null); // the share of the file that is there, null while none is on its way
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");
  useEffect(() => () => request.current?.abort(), []);

  const fail = (text) => {
    setSent(null);
    setProblem(text);
  };
  const send = (files) => {
    const [file] = files;
    if (!file || sent !== null) return;
    setProblem("");
    setName(file.name);
    if (files.length > 1) return fail(labels.onlyOne);
    if (file.size > maxBytes) return fail(labels.tooLarge);
    if (file.size === 0) return fail(labels.empty);
    const form = new FormData();
    form.append("file", file);
    const sending = new XMLHttpRequest();
    request.current = sending;
    sending.open("POST", url);
    sending.setRequestHeader("accept", "application/json");
    sending.upload.onprogress = (event) => event.lengthComputable && setSent(event.loaded / event.total);
    sending.onerror = () => fail(labels.failed);
    sending.onload = () => {
      const { data, error } = answerOf(sending);
      if (sending.status < 300 && data?.file?.id) {
        setSent(null);
        onDone?.(data.file.id);
      } else fail(error?.details?.file || error?.message || labels.failed);
    };
    setSent(0);
    sending.send(form);
  };
  // What was chosen before this script was there.
  useEffect(() => send(input.current.files), []);
  const stop = () => {
    request.current?.abort();
    fail("");
    input.current?.focus();
  };
  const onDrop = (event) => {
    event.preventDefault();
    setOver(false);
    send(event.dataTransfer.files);
  };
  const onDragOver = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const percent = Math.round((sent ?? 0) * 100);

  return jsxs("div", {
    ...rest,
    children: [
      jsxs("label", {
        key: "zone",
        className: `${classes.zone} ${over ? classes.over : classes.calm}`,
        onDrop,
        onDragOver,
        onDragLeave: () => setOver(false),
        children: [
          jsx("span", { key: "inside", className: classes.inside, children }),
          jsx("input", {
            key: "input",
            ref: input,
            type: "file",
            accept,
            className: classes.input,
            disabled: sent !== null,
            onChange: (event) => {
              send(event.target.files);
              event.target.value = ""; // the same file can be chosen again
            },
          }),
        ],
      }),
      jsx("div", {
        key: "state",
        role: "status",
        className: classes.state,
        children:
          sent === null
            ? null
            : [
                jsx("progress", { key: "bar", className: "progress w-full", value: percent, max: 100, "aria-label": labels.sending }),
                jsxs("div", {
                  key: "text",
                  className: classes.line,
                  children: [
                    jsx("span", { key: "name", className: classes.name, children: name }),
                    jsx("span", { key: "percent", className: "num", children: percent < 100 ? `${percent} %` : labels.reading }),
                    jsx("button", { key: "stop", type: "button", className: classes.stop, onClick: stop, children: labels.stop }),
                  ],
                }),
              ],
      }),
      jsx("p", { key: "problem", role: "alert", className: classes.problem, children: problem && name ? `${name}: ${problem}` : problem }),
    ],
  });
};
