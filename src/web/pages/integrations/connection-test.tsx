import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Icon } from "../../parts/icon.tsx";
import classes from "./connection-test.module.css";
import { type Integration, settingsChanged } from "./queries.ts";

/** Has the integration ask its service whether the stored settings work. Shows nothing for an integration that cannot. */
export function ConnectionTest({ integration }: { integration: Integration }) {
  const { id, is_live, has_connection_test } = integration;
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async () => {
      await settingsChanged(id);
      return take(api.POST("/api/v1/admin/integrations/{id}/test-connection", { params: { path: { id } } }));
    },
  });
  if (!is_live || !has_connection_test) return null;
  return (
    <div className={classes.test}>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="Plug" size={14} />}
        loading={isPending}
        onClick={() => mutate()}
      >
        Test connection
      </Button>
      <div role="status" className={classes.result} data-ok={data?.ok}>
        {data && !isPending && (data.ok ? data.message : `The test failed: ${data.message}`)}
      </div>
      {error && <ApiError error={error} onRetry={() => mutate()} />}
    </div>
  );
}
