import { Icon } from "./icon.tsx";
import classes from "./warnings.module.css";

/** Sentences about what does not work; nothing if there are none. */
export function Warnings({ of, label }: { of: readonly string[]; label: string }) {
  if (of.length === 0) return null;
  return (
    <ul className={classes.warnings} aria-label={label}>
      {of.map((warning) => (
        <li key={warning}>
          <Icon name="AlertTriangle" size={15} />
          <span>{warning}</span>
        </li>
      ))}
    </ul>
  );
}
