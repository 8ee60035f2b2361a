import { Link } from "wouter";
import classes from "./names.module.css";

interface NamesProps {
  /** Ids or patterns: "github_get_pr", "github_*". */
  of: readonly string[];
  /** Where each leads; without it they are plain. */
  hrefOf?: (name: string) => string;
  /** What follows a name: "pinned". */
  noteOf?: (name: string) => string | undefined;
  /** Shown when there are none. */
  none?: string;
}

/** Names of tools, skills or carapaces, side by side. */
export function Names({ of, hrefOf, noteOf, none = "None" }: NamesProps) {
  if (of.length === 0) return <span className="faint">{none}</span>;
  return (
    <ul className={classes.names}>
      {of.map((name) => {
        const note = noteOf?.(name);
        return (
          <li key={name} className={classes.name}>
            {hrefOf ? <Link href={hrefOf(name)}>{name}</Link> : name}
            {note !== undefined && <span className={classes.note}>{note}</span>}
          </li>
        );
      })}
    </ul>
  );
}
