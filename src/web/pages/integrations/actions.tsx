import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Icon } from "../../parts/icon.tsx";
import { plural } from "../../parts/units.tsx";
import { downloadDiagnostics } from "./diagnostics.ts";
import { type IntegrationDetail, refreshIntegrations } from "./queries.ts";

/** Enable, disable, reload, install packages, download diagnostics. */
export function Actions({ integration }: { integration: IntegrationDetail }) {
  const { id, name, enabled, deps_installed } = integration;
  const [isDisabling, setDisabling] = useState(false);
  const params = { params: { path: { id } } };
  const act = useMutation({
    mutationFn: (action: "enable" | "reload" | "install-deps") =>
      take<unknown>(api.POST(`/api/v1/admin/integrations/{id}/${action}`, params)),
    onError: notifyError(`${name}: it did not work`),
    onSuccess: (_, action) => {
      notifyDone(
        {
          enable: `${name} is enabled.`,
          reload: `${name} was loaded again.`,
          "install-deps": "The packages are installed.",
        }[action],
      );
      void refreshIntegrations();
    },
  });
  const diagnose = useMutation({
    mutationFn: () => downloadDiagnostics(id),
    onError: notifyError("The diagnostics could not be read"),
  });
  return (
    <>
      {!deps_installed && (
        <Button
          size="xs"
          loading={act.isPending && act.variables === "install-deps"}
          onClick={() => act.mutate("install-deps")}
        >
          Install packages
        </Button>
      )}
      {enabled ? (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="RefreshCw" size={14} />}
          loading={act.isPending && act.variables === "reload"}
          onClick={() => act.mutate("reload")}
        >
          Reload
        </Button>
      ) : (
        <Button
          size="xs"
          leftSection={<Icon name="Power" size={14} />}
          loading={act.isPending}
          onClick={() => act.mutate("enable")}
        >
          Enable
        </Button>
      )}
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="Download" size={14} />}
        loading={diagnose.isPending}
        onClick={() => diagnose.mutate()}
      >
        Diagnostics
      </Button>
      {enabled && (
        <Button variant="default" size="xs" onClick={() => setDisabling(true)}>
          Disable …
        </Button>
      )}
      {isDisabling && (
        <ConfirmDestructive
          action={`Disable ${name}`}
          title={`Disable ${name}?`}
          onClose={() => setDisabling(false)}
          onConfirm={async () => {
            await take(api.POST("/api/v1/admin/integrations/{id}/disable", params));
            await refreshIntegrations();
          }}
        >
          <Touched integration={integration} />
        </ConfirmDestructive>
      )}
    </>
  );
}

function Touched({
  integration: { tools, hooks, dispatchers, has_router, has_process },
}: {
  integration: IntegrationDetail;
}) {
  const ends = [
    has_router && "its routes answer with status 503, so webhooks are refused",
    tools.length > 0 && `bots lose ${plural(tools.length, "tool")}`,
    hooks.length > 0 && "its hooks are no longer called",
    dispatchers.length > 0 && "answers to its places wait in the outbox",
    has_process && "its background process is stopped",
  ].filter((one) => one !== false);
  return (
    <>
      <p>On every server, until it is enabled again:</p>
      <ul>
        {ends.map((one) => (
          <li key={one}>{one}</li>
        ))}
        <li>its settings and stored values are kept</li>
      </ul>
    </>
  );
}
