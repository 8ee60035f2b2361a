import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, take } from "../../../api/client.ts";
import { ApiError, notifyDone } from "../../../parts/api-error.tsx";
import { Diff } from "../../../parts/diff.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Badge } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import { plural } from "../../../parts/units.tsx";
import { type IntegrationDetail, refreshIntegrations } from "../queries.ts";
import classes from "./tabs.module.css";

const KINDS = {
  added: ["New", "good"],
  changed: ["Changed", "calm"],
  removed: ["Removed", "bad"],
} as const;

/** What a bot has written, as diffs, and the button that lets exactly this run. */
export function Approval({ integration }: { integration: IntegrationDetail }) {
  const { id, name, pending, is_live } = integration;
  const approve = useMutation({
    mutationFn: (hash: string) =>
      take(api.POST("/api/v1/admin/integrations/{id}/approve", { params: { path: { id } }, body: { hash } })),
    onSuccess: () => notifyDone(`${name}: the changes are approved.`),
    // After a refusal because something has changed, the new changes are shown.
    onSettled: () => void refreshIntegrations(),
  });
  if (!pending) return null;
  const waiting = pending.changes.filter(({ is_waiting }) => is_waiting).length;
  return (
    <>
      <p className={classes.lead}>
        A bot has written {plural(waiting, "file")} of this integration. Nothing of it runs before you approve
        it
        {is_live ? "; the version from before keeps serving" : ""}. Approving covers exactly the content
        below: it then runs with the rights of an integration.
      </p>
      <Section title={plural(pending.changes.length, "changed file")}>
        <div className={classes.cards}>
          {pending.changes.map(({ path, kind, is_waiting, diff }) => {
            const file = pending.files.find((one) => one.path === path);
            const [label, tone] = KINDS[kind];
            return (
              <Panel key={path}>
                <div className={classes.head}>
                  <h3 className={classes.name}>{path}</h3>
                  <Badge tone={tone}>{label}</Badge>
                </div>
                <p className={classes.description}>
                  {is_waiting && file ? (
                    <>
                      Written by the bot {file.bot_id} <Time at={file.written_at} />
                    </>
                  ) : (
                    "Not written by a bot; it is part of what goes live"
                  )}
                </p>
                {diff === null ? (
                  <p className="faint">It is not text.</p>
                ) : (
                  <Diff text={diff} what={`changes of ${path}`} />
                )}
              </Panel>
            );
          })}
        </div>
      </Section>
      {approve.error && <ApiError error={approve.error} />}
      <Button
        mt="md"
        leftSection={<Icon name="ShieldCheck" size={16} />}
        loading={approve.isPending}
        onClick={() => approve.mutate(pending.hash)}
      >
        Approve these changes
      </Button>
    </>
  );
}
