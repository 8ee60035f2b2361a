import { Anchor, Button, PasswordInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { credentialOf, signIn, useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { FormFrame } from "../../parts/form.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { Logo } from "../../shell/logo.tsx";
import classes from "./sign-in.module.css";

/** Where the links of `heddle login-link` lead, with the token after the #, which browsers send to no server. */
const LINK_PAGE = "/sign-in";

/** Signs in with a link that works once, or with an API key. */
export function SignIn({ onDone }: { onDone(): void }) {
  const hasEnded = useSession((session) => session.hasEnded);
  const [key, setKey] = useState("");
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const attempt = async (credential: ReturnType<typeof credentialOf>) => {
    setState({ busy: true });
    try {
      await signIn(credential);
      onDone();
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the screen appears
  useEffect(() => {
    document.title = "Sign in · Heddle";
    const token = takeToken();
    if (token !== undefined) void attempt({ link: token });
  }, []);
  return (
    <main className={classes.screen}>
      <FormFrame
        className={classes.card}
        error={state.error}
        onSubmit={() => void attempt(credentialOf(key.trim()))}
      >
        <Logo size={34} />
        <h1 className={classes.title}>Sign in to Heddle</h1>
        <p className={classes.about}>
          Open the link that the server has printed at its start, or paste it here.{" "}
          <code>heddle login-link</code> makes another. An API key works as well.
        </p>
        {hasEnded && state.error === undefined && (
          <p className={classes.ended}>You were signed out: the sign-in of this browser has ended.</p>
        )}
        <PasswordInput
          label="API key or sign-in link"
          placeholder="hdl_…"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          autoComplete="off"
          size="md"
          error={wrongIn(state.error)("api_key", "link")}
          required
          withAsterisk={false}
          autoFocus
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the key" }}
        />
        {state.error !== undefined && <ApiError error={state.error} />}
        <Button type="submit" size="md" fullWidth loading={state.busy} disabled={key.trim() === ""}>
          Sign in
        </Button>
        <p className={classes.about}>
          For programs, see the <Anchor href="/swagger">API documentation</Anchor>.
        </p>
      </FormFrame>
    </main>
  );
}

/** Takes the token out of the address, so that neither the history nor a bookmark keeps it. */
function takeToken(): string | undefined {
  if (location.pathname !== LINK_PAGE) return undefined;
  const token = location.hash.slice(1);
  history.replaceState(null, "", "/");
  return token === "" ? undefined : token;
}
