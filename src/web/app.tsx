// What surrounds every page: theme, server state, notifications, routes.

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { ApiFailure } from "./api/failure.ts";
import { queryClient } from "./api/query-client.ts";
import { reachOf, resumeSession, useSession } from "./api/session.ts";
import { SignIn } from "./pages/sign-in/sign-in.tsx";
import { ApiError } from "./parts/api-error.tsx";
import { Shell } from "./shell/shell.tsx";
import { cssVariables, theme } from "./theme.ts";

export function App({ nonce }: { nonce: string }) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
      cssVariablesResolver={cssVariables}
    >
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" />
        <Gate />
      </QueryClientProvider>
    </MantineProvider>
  );
}

const ASK_AGAIN_MS = 3_000;

/** Shown until the server answers again, which is tried every few seconds. */
function Unreachable() {
  useEffect(() => {
    const timer = setInterval(() => void resumeSession(), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return <ApiError error={ApiFailure.unreachable()} onRetry={() => void resumeSession()} />;
}

function Gate() {
  const state = useSession((session) => session.state);
  const reach = useSession(({ me }) => reachOf(me));
  const [path, navigate] = useLocation();
  const hasLink = path === "/sign-in" && location.hash.length > 1;
  useEffect(() => {
    // A sign-in link is used even if somebody is signed in already.
    if (hasLink) useSession.setState({ state: "out" });
    else if (useSession.getState().state === "unknown") void resumeSession();
  }, [hasLink]);
  switch (state) {
    case "in":
      return <Shell key={reach} />;
    case "out":
      return <SignIn onDone={() => path === "/sign-in" && navigate("/", { replace: true })} />;
    case "unreachable":
      return <Unreachable />;
    case "unknown":
      return null;
  }
}
