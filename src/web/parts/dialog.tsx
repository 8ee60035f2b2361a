import { Modal, type ModalProps } from "@mantine/core";
import { useRef } from "react";
import { leaveForms } from "./unsaved.ts";

/**
 * A dialog that is there as long as it is rendered. When it goes, the focus returns to what had it before (`shell/keep-focus.ts`).
 * `onClose` is called by Escape, a press beside it and its cross, after a question if that would lose what was typed.
 */
export function Dialog({ onClose, children, ...props }: Omit<ModalProps, "opened">) {
  const content = useRef<HTMLDivElement>(null);
  return (
    <Modal
      opened
      ref={content}
      {...props}
      onClose={() => (content.current ? leaveForms(content.current, onClose) : onClose())}
    >
      {children}
    </Modal>
  );
}
