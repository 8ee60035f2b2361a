import { Icon } from "./icon.tsx";
import classes from "./steps.module.css";

export interface Step {
  id: string;
  title: string;
  /** What was done or decided, shown beside the title of a finished step. */
  summary?: React.ReactNode;
  isDone: boolean;
  /** Built only while the step is open. */
  content: () => React.ReactNode;
}

interface StepsProps {
  steps: readonly Step[];
  /** The id of the open step; undefined: all are closed. */
  open: string | undefined;
  onOpen(id: string): void;
}

/** Numbered steps, one of which is open. Every step can be opened at any time, also a finished one. */
export function Steps({ steps, open, onOpen }: StepsProps) {
  return (
    <ol className={classes.steps}>
      {steps.map(({ id, title, summary, isDone, content }, index) => {
        const isOpen = id === open;
        return (
          <li
            key={id}
            className={classes.step}
            data-open={isOpen || undefined}
            data-done={isDone || undefined}
          >
            <span className={classes.mark} aria-hidden="true">
              {isDone ? <Icon name="Check" size={14} /> : index + 1}
            </span>
            <div className={classes.body}>
              <h2 className={classes.title}>
                <button type="button" aria-expanded={isOpen} onClick={() => onOpen(id)}>
                  <span>
                    {title}
                    {isDone && <span className={classes.hidden}> (done)</span>}
                  </span>
                  {!isOpen && summary && <span className={classes.summary}>{summary}</span>}
                </button>
              </h2>
              {isOpen && <div className={classes.content}>{content()}</div>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
