import { Kbd } from "@mantine/core";
import { usePages } from "../pages.tsx";
import { Dialog } from "../parts/dialog.tsx";
import classes from "./shortcuts-help.module.css";

const EVERYWHERE: [keys: string[], meaning: string][] = [
  [["Ctrl", "K"], "Go to anything, do anything"],
  [["?"], "Show this list"],
  [["Esc"], "Close what is open"],
];

const IN_LISTS: [keys: string[], meaning: string][] = [
  [["↓", "j"], "Next row"],
  [["↑", "k"], "Previous row"],
  [["Enter"], "Open the row"],
  [["Home", "End"], "First and last row"],
  [["←", "→"], "On the border of two panes: move it"],
];

const IN_CHAT: [keys: string[], meaning: string][] = [
  [["Enter"], "Send"],
  [["Shift", "Enter"], "Begin a new line"],
  [["Esc"], "Stop the run"],
  [["Alt", "↑"], "Conversation above"],
  [["Alt", "↓"], "Conversation below"],
];

export function ShortcutsHelp({ onClose }: { onClose(): void }) {
  const pages = usePages();
  return (
    <Dialog onClose={onClose} title="Keyboard shortcuts" size="lg">
      <div className={classes.columns}>
        <Group title="Everywhere" entries={EVERYWHERE} />
        <Group title="In lists" entries={IN_LISTS} />
        <Group title="In the chat" entries={IN_CHAT} />
        <Group
          title="Pages"
          entries={pages.map(({ label, shortcut }) => [["g", shortcut], label] as [string[], string])}
        />
      </div>
    </Dialog>
  );
}

function Group({ title, entries }: { title: string; entries: [keys: string[], meaning: string][] }) {
  return (
    <section>
      <h3 className={classes.title}>{title}</h3>
      <dl className={classes.list}>
        {entries.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
