import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { Icon } from "../../parts/icon.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { setupGuide } from "./mission.ts";
import classes from "./mission-control.module.css";

/** The steps to a board that bots and people use together; it goes when all are done. */
export function SetupGuide() {
  const { data } = useQuery(setupGuide);
  if (!data || data.done === data.total) return null;
  return (
    <Section title={`Set it up: ${data.done} of ${data.total} steps are done`}>
      <ol className={classes.plain}>
        {data.steps.map(({ id, title, detail, done, href }) => (
          <li key={id} className={classes.guide} data-done={done || undefined}>
            <Icon name={done ? "CheckCircle2" : "CircleDot"} size={16} />
            <span>
              {done ? <span>{title}</span> : <Link href={href}>{title}</Link>}{" "}
              <span className="faint">{done ? "Done." : detail}</span>
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
