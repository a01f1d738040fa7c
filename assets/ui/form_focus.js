// Where the writer is in a form: a new one begins at its first blank; after a refusal the first thing blamed is in focus.
import { useEffect, useRef } from "react";
import { jsx } from "react/jsx-runtime";

const BLANKS = ".sentence input, .sentence textarea";
const BLAMED = '[aria-invalid="true"], [role="alert"]:not(:empty)';

const focus = (form, selector, wanted) => {
  const found = [...form.querySelectorAll(selector)].find((node) => node.offsetParent && wanted(node));
  if (found?.matches("[role=alert]")) found.tabIndex = -1;
  found?.focus();
};

export const FormFocus = ({ refused }) => {
  const ref = useRef(null);
  const seen = useRef(refused);
  useEffect(() => focus(ref.current.form, BLANKS, (node) => !node.value), []);
  useEffect(() => {
    if (seen.current === refused) return;
    seen.current = refused;
    focus(ref.current.form, BLAMED, () => true);
  }, [refused]);
  return jsx("input", { ref, type: "hidden" });
};
