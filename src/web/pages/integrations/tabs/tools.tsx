import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Awaited } from "../../../parts/awaited.tsx";
import { Json } from "../../../parts/code-block.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { Panel } from "../../../parts/page-frame.tsx";
import { effectsOf } from "../../../parts/tool-effects.ts";
import { plural } from "../../../parts/units.tsx";
import { type IntegrationDetail, toolsOf } from "../queries.ts";
import classes from "./tabs.module.css";
import { TryTool } from "./try-tool.tsx";

/** The tools that bots get, with their arguments, and a way to call one. */
export function Tools({ integration: { id, is_live } }: { integration: IntegrationDetail }) {
  const { data, error, refetch } = useQuery(toolsOf(id));
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  if (data.length === 0) {
    return (
      <Empty
        icon="Wrench"
        title={is_live ? "It has no tools" : "No version of it is running, so its tools are not known"}
      />
    );
  }
  return (
    <div className={classes.cards}>
      {data.map((tool) => (
        <Panel key={tool.name}>
          <div className={classes.head}>
            <h2 className={classes.name}>{tool.name}</h2>
            <span className="faint">at most {plural(tool.timeout_seconds, "second")}</span>
          </div>
          <p className={classes.description}>{tool.description}</p>
          <ul className={classes.effects} aria-label={`What ${tool.name} does`}>
            {effectsOf(tool).map((effect) => (
              <li key={effect}>{effect}</li>
            ))}
          </ul>
          <Folded title="Arguments">{() => <Json value={tool.parameters} what="arguments" />}</Folded>
          <Folded title="Try it">{() => <TryTool tool={tool} />}</Folded>
        </Panel>
      ))}
    </div>
  );
}

/** Its content is built when it is opened first. */
function Folded({ title, children }: { title: string; children: () => React.ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={classes.more} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && children()}
    </details>
  );
}
