// A person signs Heddle in at an MCP server: the button that leads to its authorization server, and the way back.

import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { ApiError, notifyDone, notifyError } from "../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { type McpServer, refreshServers } from "./queries.ts";

/** Whether it wants a person, rather than other credentials. */
export const wantsSignIn = ({ state, can_sign_in }: McpServer): boolean =>
  state === "reauth_required" && can_sign_in;

/** Shown where signing in changes something: a server for which nobody has to sign in needs no button. */
export function SignInActions({ server }: { server: McpServer }) {
  const { id, name, signed_in } = server;
  const [isLeaving, setLeaving] = useState(false);
  const begin = useMutation({
    mutationFn: () => take(api.POST("/api/v1/admin/mcp-servers/{id}/sign-in", { params: { path: { id } } })),
    onError: notifyError("Signing in did not begin"),
    // The authorization server's page replaces this one, and sends the browser back.
    onSuccess: ({ url }) => location.assign(url),
  });
  if (!wantsSignIn(server) && signed_in === null) return null;
  const isWanted = wantsSignIn(server);
  return (
    <>
      <Button
        size="xs"
        variant={isWanted ? "filled" : "default"}
        loading={begin.isPending || begin.isSuccess}
        onClick={() => begin.mutate()}
      >
        {signed_in === null ? "Sign in" : "Sign in again"}
      </Button>
      {signed_in !== null && (
        <Button size="xs" variant="default" onClick={() => setLeaving(true)}>
          Sign out …
        </Button>
      )}
      {isLeaving && (
        <ConfirmDestructive
          action="Sign out"
          title={`Sign out of ${name}?`}
          onClose={() => setLeaving(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/admin/mcp-servers/{id}/sign-in", { params: { path: { id } } });
            await refreshServers();
            notifyDone(`Heddle has signed out of ${name}.`);
          }}
        >
          <p>
            Heddle forgets its tokens, and calls of the server's tools fail until somebody signs in again. The
            authorization server may go on listing Heddle: take its access back there.
          </p>
        </ConfirmDestructive>
      )}
    </>
  );
}

/** What the authorization server sends along. */
export const OF_RETURN = ["state", "code", "iss", "error", "error_description"] as const;
type OfReturn = (typeof OF_RETURN)[number];

/** Stands in the address for what was taken out of it, so that neither history nor bookmarks keep it. */
const TAKEN = "taken";

/** Ends the sign-in that the browser has come back from. */
export function Returned({
  given,
  closeHref,
}: {
  given: Partial<Record<OfReturn, string>>;
  closeHref: string;
}) {
  const [, navigate] = useLocation();
  const finish = useMutation({
    mutationFn: (body: Schema<"McpSignInReturn">) => take(api.POST("/api/v1/admin/mcp-sign-ins", { body })),
    onSuccess: async ({ mcp_server_id }) => {
      await refreshServers();
      notifyDone("Heddle is signed in.");
      navigate(`${closeHref}/${mcp_server_id}`, { replace: true });
    },
  });
  const { mutate } = finish;
  // A code can be used only once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the browser has come back
  useEffect(() => {
    if (given.state === TAKEN) return;
    mutate({ ...given, state: given.state ?? "" });
    navigate(`${closeHref}?state=${TAKEN}`, { replace: true });
  }, []);
  return (
    <Detail title="Signing in" closeHref={closeHref}>
      {finish.error || finish.isIdle ? (
        <>
          {finish.error && <ApiError error={finish.error} />}
          <p>Choose the server, and sign in again.</p>
        </>
      ) : (
        <p role="status">Heddle exchanges what the authorization server has sent along …</p>
      )}
    </Detail>
  );
}
