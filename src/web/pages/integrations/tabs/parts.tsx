import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, take } from "../../../api/client.ts";
import { ApiError } from "../../../parts/api-error.tsx";
import { Markdown } from "../../../parts/markdown.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { countText } from "../../../parts/units.tsx";
import type { IntegrationDetail } from "../queries.ts";
import classes from "./tabs.module.css";

/** Skills, hooks and carapaces. */
export function Parts({ integration: { skills, hooks, has_hooks } }: { integration: IntegrationDetail }) {
  return (
    <>
      {skills.length > 0 && (
        <Section title="Skills">
          <div className={classes.cards}>
            {skills.map((id) => (
              <Skill key={id} id={id} />
            ))}
          </div>
        </Section>
      )}
      {has_hooks && (
        <Section title="Hooks">
          <p className={classes.lead}>
            {hooks.length === 0
              ? "It names its places and says how they are shown, but listens to nothing."
              : "Heddle calls it when one of these happens:"}
          </p>
          <div className={classes.cards}>
            {hooks.map((event) => (
              <Panel key={event}>
                <h3 className={classes.name}>{event}</h3>
                {HOOKS[event] && <p className={classes.description}>{HOOKS[event]}</p>}
              </Panel>
            ))}
          </div>
        </Section>
      )}
    </>
  );
}

const HOOKS: Record<string, string> = {
  after_response: "A bot has answered.",
  before_tool_execution: "A tool is about to be called.",
  before_transcription: "A recording is about to be transcribed.",
  before_llm_call: "A model is about to be asked.",
  after_llm_call: "A model has answered.",
  after_tool_call: "A tool has been called.",
  before_context_assembly: "The prompt of a run is about to be put together.",
};

function Skill({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["skills", "one", id],
    queryFn: () => take(api.GET("/api/v1/skills/{id}", { params: { path: { id } } })),
  });
  return (
    <Panel>
      <div className={classes.head}>
        <h3 className={classes.name}>
          <Link href={`/skills/${id}`}>{id}</Link>
        </h3>
        {data && <span className="faint">{countText(data.characters)} characters</span>}
      </div>
      {error && <ApiError error={error} />}
      {data && <p className={classes.description}>{data.description}</p>}
      {data && (
        <details className={classes.more} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
          <summary>Text</summary>
          {isOpen && <Markdown text={data.text} />}
        </details>
      )}
    </Panel>
  );
}
