import { Link } from "wouter";
import classes from "./short-list.module.css";

export interface ShortRow {
  key: string;
  href: string;
  lead?: React.ReactNode;
  title: React.ReactNode;
  end?: React.ReactNode;
}

interface ShortListProps {
  rows: readonly ShortRow[];
  /** Shown when there are none. */
  none?: string;
}

/** A few rows within a page, each a link; the whole list is elsewhere. */
export function ShortList({ rows, none }: ShortListProps) {
  if (rows.length === 0) return <p className={classes.none}>{none}</p>;
  return (
    <ul className={classes.rows}>
      {rows.map(({ key, href, lead, title, end }) => (
        <li key={key}>
          <Link href={href} className={classes.row}>
            {lead && <span className={classes.lead}>{lead}</span>}
            <span className={classes.title}>{title}</span>
            <span className={classes.end}>{end}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
