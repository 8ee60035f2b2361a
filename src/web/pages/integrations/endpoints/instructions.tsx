import { Button, Group } from "@mantine/core";
import { CodeBlock } from "../../../parts/code-block.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import classes from "./endpoints.module.css";
import type { Preset } from "./queries.ts";

interface Props {
  preset: Preset | undefined;
  url: string;
}

/** What to enter at the sender. The secret is named, and not shown. */
export function Instructions({ preset, url }: Props) {
  if (!preset) return null;
  const text = preset.instructions.replaceAll("{url}", url).replaceAll("{secret}", "the secret");
  const [words, ...file] = text.split("\n\n");
  return (
    <div className={classes.instructions}>
      <p>
        <strong>At {preset.label}: </strong>
        {words}
      </p>
      {file.length > 0 && <CodeBlock text={file.join("\n\n")} what="configuration" />}
    </div>
  );
}

/** The one time that a secret can be read. */
export function ShownSecret({ secret, onClose }: { secret: string; onClose(): void }) {
  return (
    <Dialog
      onClose={onClose}
      title="The new secret"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <p>Enter it at the service. It is shown only once and cannot be read again.</p>
      <CodeBlock text={secret} what="secret" wrap />
      <Group justify="flex-end" mt="md">
        <Button onClick={onClose}>I have copied it</Button>
      </Group>
    </Dialog>
  );
}
