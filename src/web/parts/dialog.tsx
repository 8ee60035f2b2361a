import { Modal, type ModalProps } from "@mantine/core";
import { useEffect, useRef } from "react";

/** The element outside of dialogs that had the focus last. A button that is busy until its dialog opens has lost it by then. */
let last: Element | null = null;
addEventListener("focusin", ({ target }) => {
  if (target instanceof Element && !target.closest('[role="dialog"]')) last = target;
});

const isNowhere = (): boolean => document.activeElement === null || document.activeElement === document.body;

/**
 * A dialog that is there as long as it is rendered. When it goes, the focus returns to what had it before: Mantine does that only for
 * a dialog that stays and is closed.
 */
export function Dialog(props: Omit<ModalProps, "opened">) {
  const before = useRef(isNowhere() ? last : document.activeElement);
  useEffect(() => {
    const { current: element } = before;
    return () => {
      // After the dialog's own elements are gone, and unless something else has taken the focus meanwhile.
      setTimeout(() => {
        if (isNowhere() && element instanceof HTMLElement && element.isConnected) element.focus();
      });
    };
  }, []);
  return <Modal opened {...props} />;
}
