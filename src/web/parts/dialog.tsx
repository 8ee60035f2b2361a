import { Modal, type ModalProps } from "@mantine/core";

/** A dialog that is there as long as it is rendered. When it goes, the focus returns to what had it before (`shell/keep-focus.ts`). */
export const Dialog = (props: Omit<ModalProps, "opened">) => <Modal opened {...props} />;
