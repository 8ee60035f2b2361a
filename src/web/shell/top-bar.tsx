import { ActionIcon } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { Link } from "wouter";
import { useConnection } from "../api/live.ts";
import { Icon } from "../parts/icon.tsx";
import { LiveDot } from "../parts/live-dot.tsx";
import { Logo } from "./logo.tsx";
import classes from "./top-bar.module.css";

/** On narrow screens, instead of the sidebar. */
export function TopBar({ onMenu }: { onMenu(): void }) {
  const connection = useConnection((state) => state.state);
  return (
    <header className={classes.bar}>
      <ActionIcon size="lg" aria-label="Menu" onClick={onMenu}>
        <Icon name="Menu" size={20} />
      </ActionIcon>
      <Link href="/" className={classes.brand}>
        <Logo size={20} />
        Heddle
      </Link>
      <LiveDot state={connection} labelled={false} />
      <ActionIcon size="lg" aria-label="Search and act" onClick={spotlight.open}>
        <Icon name="Search" size={18} />
      </ActionIcon>
    </header>
  );
}
