import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../../parts/api-error.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { effectsOf } from "../../parts/tool-effects.ts";
import classes from "./mcp-servers.module.css";
import { type McpServer, toolsOf } from "./queries.ts";

/** What the server last listed, with the names by which bots get it. */
export function ServerTools({ server }: { server: McpServer }) {
  const { data, error, refetch } = useQuery(toolsOf(server.id));
  return (
    <Section title="Tools">
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && (
        <p>{server.state === "connected" ? "It has none." : "It has not listed any yet."}</p>
      )}
      {data !== undefined && data.length > 0 && (
        <ul className={classes.tools}>
          {data.map(({ name, reference, called, description, annotations, problem }) => (
            <li key={name}>
              <div className={classes.name}>
                <code>{reference}</code>
                <CopyButton text={reference} what="name" />
              </div>
              <p className={classes.about}>{description}</p>
              {problem !== null ? (
                <p className={classes.problem}>It cannot be used: {problem}.</p>
              ) : (
                <p className={classes.effects}>
                  {effectsOf({ annotations, can_reconcile: false }).join(" · ")}
                  {called !== null && called !== name && (
                    <>
                      {" "}
                      · Models call it <code>{called}</code>
                    </>
                  )}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
