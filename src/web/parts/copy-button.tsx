import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { Icon } from "./icon.tsx";

interface CopyProps {
  text: string | (() => string);
  /** What is copied: "webhook URL". */
  what: string;
  /** With words, instead of the icon alone. */
  labelled?: boolean;
}

/** Copies the text and says so. */
export function CopyButton({ text, what, labelled = false }: CopyProps) {
  const clipboard = useClipboard({ timeout: 1_500 });
  const copy = () => clipboard.copy(typeof text === "string" ? text : text());
  const icon = <Icon name={clipboard.copied ? "Check" : "Copy"} size={14} />;
  if (labelled) {
    return (
      <Button variant="default" size="xs" leftSection={icon} onClick={copy}>
        {clipboard.copied ? "Copied" : `Copy ${what}`}
      </Button>
    );
  }
  return (
    <Tooltip label={clipboard.copied ? "Copied" : `Copy ${what}`}>
      <ActionIcon size="sm" aria-label={clipboard.copied ? "Copied" : `Copy ${what}`} onClick={copy}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
