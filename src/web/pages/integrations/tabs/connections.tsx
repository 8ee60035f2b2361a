import { useQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "../../../api/client.ts";
import { ApiError } from "../../../parts/api-error.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Status } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import classes from "./connections.module.css";

type Connection = Schema<"Connection">;

const READ_MS = 5_000;

/** Whether the integration reaches its service, and since when. Nothing for one that keeps no connection. */
export function Connections({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["integrations", "connections", id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/integrations/{id}/connections", { params: { path: { id } } })))
        .connections,
    refetchInterval: READ_MS,
  });
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  if (!data?.length) return null;
  return (
    <Section title={data.length === 1 ? "Connection" : "Connections"}>
      <Panel>
        <ul className={classes.list}>
          {data.map((connection) => (
            <OneConnection key={connection.name} connection={connection} />
          ))}
        </ul>
      </Panel>
    </Section>
  );
}

function OneConnection({
  connection: { name, status, detail, since, alive_at },
}: {
  connection: Connection;
}) {
  return (
    <li className={classes.connection}>
      <Status value={status} />
      <div>
        <strong>{name}</strong> <span className="faint">since</span> <Time at={since} />
        {detail !== null && <p className={classes.detail}>{detail}</p>}
        {alive_at !== null && (
          <p className="faint">
            Last heard <Time at={alive_at} />
          </p>
        )}
      </div>
    </li>
  );
}
