// A native <dialog>: the browser traps focus, closes on Escape and gives focus back.
import { useEffect, useRef } from "react";
import { jsx } from "react/jsx-runtime";

export const Modal = ({ open, onClose, children, ...rest }) => {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  const pressed = useRef(false);
  return jsx("dialog", {
    ...rest,
    ref,
    onCancel: (event) => {
      event.preventDefault();
      onClose?.();
    },
    onMouseDown: (event) => {
      pressed.current = event.target === ref.current;
    },
    onClick: (event) => {
      if (pressed.current && event.target === ref.current) onClose?.();
    },
    children,
  });
};
