import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Badge } from "../../parts/status.tsx";
import { countText, plural } from "../../parts/units.tsx";
import classes from "./documents.module.css";
import { embeddings } from "./queries.ts";

const STATUS = {
  complete: { tone: "good", label: "Vectors complete" },
  running: { tone: "calm", label: "Vectors are made" },
  failing: { tone: "bad", label: "Vectors fail" },
} as const;

/** What makes the vectors of the search, how far it is, and the order to make them again. */
export function Embeddings() {
  const { data, error } = useQuery(embeddings);
  const [isAsking, setAsking] = useState(false);
  if (error) return <ApiError error={error} />;
  if (!data) return null;
  const { model, status, done, total, answering } = data;
  return (
    <div className={classes.embeddings}>
      <Badge tone={STATUS[status].tone}>{STATUS[status].label}</Badge>
      <span>
        {status === "complete"
          ? `${plural(total, "passage")} by ${nameOf(model)}`
          : `${countText(done)} of ${plural(total, "passage")} by ${nameOf(model)}; search uses ${
              answering === null ? "words alone" : nameOf(answering)
            } meanwhile`}
      </span>
      <Button variant="subtle" size="compact-xs" onClick={() => setAsking(true)}>
        Make them again …
      </Button>
      {data.error !== null && <p className={classes.failing}>{data.error}</p>}
      {isAsking && (
        <ConfirmDestructive
          action="Rebuild all vectors"
          title="Rebuild all vectors?"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const progress = await take(api.POST("/api/v1/admin/reindex"));
            queryClient.setQueryData(embeddings.queryKey, progress);
          }}
        >
          <p>
            {plural(total, "passage")} are embedded again in the background by {nameOf(model)}, which an
            endpoint may charge for. The search answers meanwhile. No document is changed.
          </p>
        </ConfirmDestructive>
      )}
    </div>
  );
}

/** The embedder inside Heddle has a name with its version. */
const nameOf = (model: string): string => (model.startsWith("builtin") ? "Heddle itself" : model);
