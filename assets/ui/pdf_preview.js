// A PDF of ours shown in the page, where the browser can; elsewhere (most phones) the way to open it.
import { useSyncExternalStore } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const never = () => () => {};
const useShows = () => useSyncExternalStore(never, () => navigator.pdfViewerEnabled === true, () => false);

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
