import classes from "./stat.module.css";

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
      <span className={classes.value}>{value}</span>
      {note && <span className={classes.note}>{note}</span>}
    </div>
  );
}

export const StatRow = ({ children }: { children: React.ReactNode }) => (
  <div className={classes.row}>{children}</div>
);
