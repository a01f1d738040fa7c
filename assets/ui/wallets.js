// Browser wallets (EIP-6963, and the older window.ethereum): found, connected, and asked to sign in with Ethereum.
import { useEffect, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const MOST = 20;
const PATIENCE = 400; // milliseconds until "none" may be said: wallets announce themselves at once

const nameOf = (value) => (typeof value === "string" && value.trim() ? value.trim().slice(0, 40) : "");
// A wallet's icon is shown as an image and nothing else: scripts in it do not run there.
const iconOf = (value) => (typeof value === "string" && value.startsWith("data:image/") && value.length < 200000 ? value : "");

const useWallets = (plainName) => {
  const [found, setFound] = useState(null);
  useEffect(() => {
    const announced = new Map();
    const show = () => {
      const old = window.ethereum?.providers ?? (window.ethereum ? [window.ethereum] : []);
      const known = new Set([...announced.values()].map(({ provider }) => provider));
      const unannounced = [...old]
        .filter((provider) => typeof provider?.request === "function" && !known.has(provider))
        .map((provider, number) => ({ id: `old-${number}`, name: plainName, icon: "", provider }));
      setFound([...announced.values(), ...unannounced].slice(0, MOST));
    };
    const announce = ({ detail }) => {
      const { info, provider } = detail ?? {};
      if (typeof info?.uuid !== "string" || typeof provider?.request !== "function") return;
      announced.set(info.uuid, { id: info.uuid, name: nameOf(info.name) || plainName, icon: iconOf(info.icon), provider });
      show();
    };
    window.addEventListener("eip6963:announceProvider", announce);
    window.addEventListener("ethereum#initialized", show);
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    const patience = setTimeout(show, PATIENCE);
    return () => {
      clearTimeout(patience);
      window.removeEventListener("eip6963:announceProvider", announce);
      window.removeEventListener("ethereum#initialized", show);
    };
  }, [plainName]);
  return found;
};

class Refused extends Error {
  constructor(error) {
    super(error?.message);
    this.details = error?.details ?? {};
  }
}

const post = async (url, body) => {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const content = await answer.json();
  if (!answer.ok) throw new Refused(content.error);
  return content.data;
};

const hexOf = (text) => `0x${Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

// What went wrong, in our words; a wallet's own are not repeated. `wrongNetwork`: changing it may help.
const problemOf = (error, labels) => {
  if (error instanceof Refused) return { text: error.message || labels.failed, wrongNetwork: "chainId" in error.details };
  if (error instanceof TypeError && error.message.toLowerCase().includes("fetch")) return { text: labels.offline };
  if (error?.code === 4001 || error?.code === "ACTION_REJECTED") return { text: labels.refused };
  if (error?.code === -32002) return { text: labels.pending };
  if (error?.code === 4902) return { text: labels.no_network, wrongNetwork: true };
  return { text: labels.failed };
};

export const Wallets = ({ urls, next, network, labels, classes, onDone, ...rest }) => {
  const wallets = useWallets(labels.plain_name);
  const [busy, setBusy] = useState(null);
  const [problem, setProblem] = useState(null);
  // Each attempt has a number; what belongs to one that was given up is dropped when it comes after all.
  const attempt = useRef(0);
  const tooLate = useRef(0);
  const stop = (what) => {
    attempt.current += 1;
    clearTimeout(tooLate.current);
    setBusy(null);
    setProblem(what);
  };
  useEffect(
    () => () => {
      attempt.current += 1;
      clearTimeout(tooLate.current);
    },
    [],
  );

  const run = async (wallet, before) => {
    const mine = ++attempt.current;
    clearTimeout(tooLate.current);
    const step = (name) => {
      if (attempt.current !== mine) throw new Error("given up");
      setBusy({ wallet, text: labels[name].replace("{wallet}", wallet.name) });
    };
    const ask = (method, params) => wallet.provider.request(params ? { method, params } : { method });
    setProblem(null);
    try {
      step("connecting");
      await before?.(ask);
      const [address] = await ask("eth_requestAccounts");
      const chainId = Number(await ask("eth_chainId"));
      step("preparing");
      const { message, expiresAt } = await post(urls.nonce, { address, chainId });
      step("signing");
      tooLate.current = setTimeout(() => attempt.current === mine && stop({ text: labels.expired }), new Date(expiresAt) - Date.now());
      const signature = await ask("personal_sign", [hexOf(message), address]);
      step("checking");
      clearTimeout(tooLate.current);
      const done = await post(urls.verify, { message, signature, ...(next === undefined ? {} : { next }) });
      if (attempt.current !== mine) return;
      if (done.location) window.location.assign(done.location);
      else {
        stop(null);
        onDone?.();
      }
    } catch (error) {
      if (attempt.current === mine) stop({ wallet, ...problemOf(error, labels) });
    }
  };
  const changeNetwork = (ask) => ask("wallet_switchEthereumChain", [{ chainId: `0x${Number(network.id).toString(16)}` }]);

  const choice = (wallet) =>
    jsx(
      "li",
      {
        children: jsxs("button", {
          type: "button",
          className: classes.wallet,
          "aria-disabled": busy !== null,
          onClick: () => busy === null && run(wallet),
          children: [
            wallet.icon
              ? jsx("img", { key: "icon", src: wallet.icon, alt: "", width: 20, height: 20, className: classes.icon })
              : jsx("span", { key: "icon", "aria-hidden": true, className: classes.monogram, children: wallet.name.slice(0, 1) }),
            jsx("span", { key: "name", className: classes.name, children: wallet.name }),
          ],
        }),
      },
      wallet.id,
    );
  return jsxs("div", {
    ...rest,
    children: [
      wallets?.length ? jsx("ul", { key: "list", className: classes.list, "aria-label": labels.list, children: wallets.map(choice) }) : null,
      jsx("div", {
        key: "status",
        role: "status",
        children: busy
          ? jsxs("div", {
              className: classes.status,
              children: [
                jsx("span", { key: "text", children: busy.text }),
                jsx("button", { key: "cancel", type: "button", className: classes.button, onClick: () => stop(null), children: labels.cancel }),
              ],
            })
          : jsx("p", {
              className: classes.none,
              children: wallets === null ? labels.looking : wallets.length === 0 ? labels.none : "",
            }),
      }),
      jsx("div", {
        key: "problem",
        role: "alert",
        children: problem
          ? jsxs("div", {
              className: classes.problem,
              children: [
                jsx("p", { key: "text", children: problem.text }),
                problem.wallet && problem.wrongNetwork && network
                  ? jsx("button", {
                      key: "network",
                      type: "button",
                      className: classes.button,
                      onClick: () => run(problem.wallet, changeNetwork),
                      children: labels.change_network.replace("{network}", network.name),
                    })
                  : null,
              ],
            })
          : null,
      }),
    ],
  });
};
