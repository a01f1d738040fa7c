// A PDF of ours shown in the page, where the browser can and there is room; elsewhere (phones) the way to open it.
import { useSyncExternalStore } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const NARROW = "(max-width: 767px)";
const useShows = () =>
  useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(NARROW);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => navigator.pdfViewerEnabled === true && !window.matchMedia(NARROW).matches,
    () => false,
  );

export const PdfPreview = ({ href, title, labels, classes }) => {
  const shows = useShows();
  if (!href) return null;
  if (shows) return jsx("iframe", { src: `${href}#view=FitH&navpanes=0`, title, className: classes.frame }, href);
  return jsxs("div", {
    className: classes.instead,
    children: [
      jsx("p", { key: "text", children: labels.notHere }),
      jsx("a", { key: "link", href, target: "_blank", rel: "noopener", className: classes.link, children: labels.open }),
    ],
  });
};
