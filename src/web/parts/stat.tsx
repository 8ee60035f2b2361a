import classes from "./stat.module.css";

/** As many characters as have room beside each other, the narrowest there is. */
const LONG = 9;

/** A number with its name, and what puts it into proportion. */
export function Stat({
  label,
  value,
  note,
}: {
  label: string;
  value: React.ReactNode;
  note?: React.ReactNode;
}) {
  return (
    <div className={classes.stat}>
      <span className={classes.label}>{label}</span>
      <span
        className={classes.value}
        data-long={(typeof value === "string" && value.length > LONG) || undefined}
      >
        {value}
      </span>
      {note && <span className={classes.note}>{note}</span>}
    </div>
  );
}

export const StatRow = ({ children }: { children: React.ReactNode }) => (
  <div className={classes.row}>{children}</div>
);
