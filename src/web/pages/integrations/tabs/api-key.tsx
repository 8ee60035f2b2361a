import { Button, Group } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../../api/client.ts";
import { notifyError } from "../../../parts/api-error.tsx";
import { Awaited } from "../../../parts/awaited.tsx";
import { CodeBlock } from "../../../parts/code-block.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { Facts } from "../../../parts/facts.tsx";
import { Panel } from "../../../parts/page-frame.tsx";
import { Badge } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import { type IntegrationDetail, refreshIntegrations } from "../queries.ts";
import classes from "./tabs.module.css";

type Asking = "replace" | "revoke" | undefined;

/** The key with which the integration's own programs call the API. */
export function ApiKey({ integration: { id, name } }: { integration: IntegrationDetail }) {
  const params = { params: { path: { id } } };
  const [asking, setAsking] = useState<Asking>();
  const [shown, setShown] = useState<string>();
  const { data, error, refetch } = useQuery({
    queryKey: ["integrations", "api-key", id],
    queryFn: () => take(api.GET("/api/v1/admin/integrations/{id}/api-key", params)),
  });
  const create = async () => {
    const made = await take(api.POST("/api/v1/admin/integrations/{id}/api-key", params));
    setShown(made.key);
    await refreshIntegrations();
  };
  const first = useMutation({ mutationFn: create, onError: notifyError("No key was created") });
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  const { api_key: key, api_permissions } = data;
  const scopes = (
    <Group gap={4}>
      {api_permissions.map((scope) => (
        <Badge key={scope}>{scope}</Badge>
      ))}
    </Group>
  );
  return (
    <div className={classes.readme}>
      <p className={classes.lead}>
        Programs of {name} outside this server call the API with a key of its own, which may do what its
        manifest asks for and nothing more. Its background process gets a key by itself.
      </p>
      <Panel>
        {key === null ? (
          <Empty
            icon="Key"
            title="It has no key"
            action={
              <Button size="xs" loading={first.isPending} onClick={() => first.mutate()}>
                Create a key
              </Button>
            }
          >
            {scopes}
          </Empty>
        ) : (
          <>
            <Facts
              facts={[
                ["Key", <code key="prefix">{key.prefix} …</code>],
                ["May do", <span key="scopes">{scopes}</span>],
                ["Created", <Time key="created" at={key.created_at} />],
                ["Last used", <Time key="used" at={key.last_used_at} />],
              ]}
            />
            <Group gap="xs" mt="md">
              <Button size="xs" variant="default" onClick={() => setAsking("replace")}>
                Replace …
              </Button>
              <Button size="xs" variant="default" onClick={() => setAsking("revoke")}>
                Revoke …
              </Button>
            </Group>
          </>
        )}
      </Panel>
      <Dialogs
        name={name}
        asking={asking}
        shown={shown}
        onReplace={create}
        onRevoke={async () => {
          await api.DELETE("/api/v1/admin/integrations/{id}/api-key", params);
          await refreshIntegrations();
        }}
        onClose={() => {
          setAsking(undefined);
          if (asking === undefined) setShown(undefined);
        }}
      />
    </div>
  );
}

interface DialogsProps {
  name: string;
  asking: Asking;
  /** A new key, which can be seen only now. */
  shown: string | undefined;
  onReplace(): Promise<unknown>;
  onRevoke(): Promise<unknown>;
  onClose(): void;
}

function Dialogs({ name, asking, shown, onReplace, onRevoke, onClose }: DialogsProps) {
  if (asking === "replace") {
    return (
      <ConfirmDestructive
        action="Replace the key"
        title="Replace the key?"
        onClose={onClose}
        onConfirm={onReplace}
      >
        <p>Whatever uses the present key of {name} is refused from then on, until it has the new one.</p>
      </ConfirmDestructive>
    );
  }
  if (asking === "revoke") {
    return (
      <ConfirmDestructive
        action="Revoke the key"
        title="Revoke the key?"
        onClose={onClose}
        onConfirm={onRevoke}
      >
        <p>Whatever uses the key of {name} is refused from then on.</p>
      </ConfirmDestructive>
    );
  }
  if (shown === undefined) return null;
  return (
    <Dialog
      onClose={onClose}
      title="The new key"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <p>It is shown only once. Copy it now.</p>
      <CodeBlock text={shown} what="key" wrap />
      <Group justify="flex-end" mt="md">
        <Button onClick={onClose}>I have copied it</Button>
      </Group>
    </Dialog>
  );
}
