import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useLocation } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { ApiError, notifyDone } from "../../parts/api-error.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { pageOf, refreshIntegrations } from "./queries.ts";

const OF_RETURN = ["state", "code", "iss", "error", "error_description"] as const;
/** Stands in the address for what was taken out of it, so that neither history nor bookmarks keep it. */
const TAKEN = "taken";

/** Where every service sends the browser back: ends the sign-in, and goes on to the integration that it was for. */
export function SignedIn() {
  const [here, navigate] = useLocation();
  const { values: given } = useFilters(OF_RETURN);
  const finish = useMutation({
    mutationFn: (body: Schema<"AccountSignInReturn">) =>
      take(api.POST("/api/v1/admin/account-sign-ins", { body })),
    onSuccess: async ({ integration_id }) => {
      await refreshIntegrations();
      notifyDone("Heddle is signed in.");
      navigate(pageOf(integration_id), { replace: true });
    },
  });
  const { mutate } = finish;
  // A code can be used only once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the browser has come back
  useEffect(() => {
    if (given.state === TAKEN || given.state === undefined) return;
    mutate({ ...given, state: given.state });
    navigate(`${here}?state=${TAKEN}`, { replace: true });
  }, []);
  return (
    <PageFrame title="Signing in">
      {finish.error || finish.isIdle ? (
        <>
          {finish.error && <ApiError error={finish.error} />}
          <p>Choose the integration, and sign in again.</p>
          <Button component={Link} href="/admin/integrations" variant="default" size="xs" mt="md">
            All integrations
          </Button>
        </>
      ) : (
        <p role="status">Heddle exchanges what the service has sent along …</p>
      )}
    </PageFrame>
  );
}
