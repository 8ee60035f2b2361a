import { ActionIcon } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import classes from "./detail.module.css";
import { firstField } from "./first-field.ts";
import { Icon } from "./icon.tsx";

interface DetailProps {
  title: React.ReactNode;
  /** Status and short facts beside the title. */
  facts?: React.ReactNode;
  actions?: React.ReactNode;
  /** Where closing leads: the list with its filters. */
  closeHref: string;
  /** It is for something new, whose first field has the focus when it opens. */
  isNew?: boolean;
  children: React.ReactNode;
}

/** The pane beside a list. Escape closes it. */
export function Detail({ title, facts, actions, closeHref, isNew = false, children }: DetailProps) {
  const [, navigate] = useLocation();
  const close = () => navigate(closeHref);
  const latest = useRef(close);
  latest.current = close;
  const pane = useRef<HTMLElement>(null);
  const body = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isNew) (firstField(pane.current) ?? body.current)?.focus({ preventScroll: true });
  }, [isNew]);
  /** The field in which somebody has typed last. */
  const typed = useRef<Element>(null);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isElsewhere = (event.target as HTMLElement).closest("input, textarea, select, [role=dialog]");
      // A key must not cost what was typed into a form that is still there.
      if (isElsewhere || typed.current?.isConnected) return;
      if (event.key === "Escape" && !event.defaultPrevented) latest.current();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <article
      ref={pane}
      className={classes.detail}
      onInput={({ target }) => {
        typed.current = target as Element;
      }}
    >
      <header className={classes.head}>
        <div className={classes.line}>
          <h2 className={classes.title}>{title}</h2>
          <ActionIcon aria-label="Close details" onClick={close}>
            <Icon name="X" />
          </ActionIcon>
        </div>
        {facts && <div className={classes.facts}>{facts}</div>}
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
      <section ref={body} className={classes.body} tabIndex={0} aria-label="Details, scrollable">
        {children}
      </section>
    </article>
  );
}
