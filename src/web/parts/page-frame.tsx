import { Title } from "@mantine/core";
import { useEffect } from "react";
import classes from "./page-frame.module.css";

interface PageFrameProps {
  title: string;
  /** One sentence: what the page is for. */
  about?: React.ReactNode;
  /** Buttons at the right of the title. */
  actions?: React.ReactNode;
  /** Filters or tabs below the title. */
  bar?: React.ReactNode;
  children: React.ReactNode;
  /** The content fills the height and scrolls inside itself, as lists with a detail pane do. */
  fill?: boolean;
}

/** Title, actions and content of a page; every page has exactly one. */
export function PageFrame({ title, about, actions, bar, children, fill = false }: PageFrameProps) {
  useEffect(() => {
    document.title = `${title} · Heddle`;
  }, [title]);
  return (
    <div className={classes.frame} data-fill={fill || undefined}>
      <header className={classes.header}>
        <div className={classes.titles}>
          <Title order={1}>{title}</Title>
          {about && <p className={classes.about}>{about}</p>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
        {bar && <div className={classes.bar}>{bar}</div>}
      </header>
      <div className={classes.content}>{children}</div>
    </div>
  );
}

/** A titled part of a page or a detail pane. */
export function Section({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: React.ReactNode;
  children: React.ReactNode;
}) {
  return (
    <section className={classes.section}>
      <div className={classes.sectionHead}>
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** A raised panel. */
export function Panel({ children, flush = false }: { children: React.ReactNode; flush?: boolean }) {
  return (
    <div className={classes.panel} data-flush={flush || undefined}>
      {children}
    </div>
  );
}
