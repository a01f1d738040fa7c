// A one-time code that links a chat: fetched when asked for, shown here, and kept in no state.
import { useEffect, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

export const BotCode = ({ bot, known = [], labels, classes, onLinked, ...rest }) => {
  const [offer, setOffer] = useState(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [copied, setCopied] = useState(false);

  // While a code is good the page looks whether it was used: coming back from the chat shows the new channel.
  useEffect(() => {
    if (!offer) return undefined;
    const look = setInterval(() => (Date.parse(offer.expiresAt) < Date.now() ? setOffer(null) : onLinked?.()), 4000);
    return () => clearInterval(look);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [offer]);

  // Another channel is there: the code was used.
  const ids = known.join(" ");
  useEffect(() => setOffer(null), [ids]);

  const ask = async () => {
    setBusy(true);
    setProblem("");
    setCopied(false);
    try {
      const answer = await fetch("/v1/notifications/bots/codes", {
        method: "POST",
        credentials: "same-origin",
        headers: { accept: "application/json", "content-type": "application/json" },
        body: JSON.stringify({ bot }),
      });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.error?.message);
      setOffer(said.data);
    } catch (error) {
      setProblem(error?.message || labels.failed);
    }
    setBusy(false);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(offer.send);
      setCopied(true);
    } catch {
      // Not allowed here: the text stands there to be marked.
    }
  };

  return jsxs("div", {
    ...rest,
    children: [
      offer &&
        jsxs("div", {
          key: "offer",
          className: classes.offer,
          children: [
            jsx("p", { key: "how", className: classes.how, children: labels.how }),
            jsxs("div", {
              key: "line",
              className: classes.line,
              children: [
                jsx("code", { key: "send", className: classes.code, children: offer.send }),
                jsx("button", { key: "copy", type: "button", className: classes.button, onClick: copy, children: copied ? labels.copied : labels.copy }),
                offer.link && jsx("a", { key: "open", className: classes.button, href: offer.link, target: "_blank", rel: "noreferrer", children: labels.open }),
              ],
            }),
            jsx("p", { key: "until", className: classes.note, role: "status", children: labels.until }),
          ],
        }),
      jsx("button", { key: "ask", type: "button", className: offer ? classes.again : classes.button, disabled: busy, onClick: ask, children: busy ? labels.busy : offer ? labels.again : labels.ask }),
      jsx("p", { key: "problem", role: "alert", className: classes.problem, children: problem }),
    ],
  });
};
