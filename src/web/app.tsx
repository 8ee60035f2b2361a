// What surrounds every page: theme, server state, notifications, routes.

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { queryClient } from "./api/query-client.ts";
import { useSession } from "./api/session.ts";
import { SignIn } from "./pages/sign-in/sign-in.tsx";
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

function Gate() {
  const isSignedIn = useSession((state) => state.isSignedIn);
  return isSignedIn ? <Shell /> : <SignIn />;
}
