import { Anchor, Button, PasswordInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { ApiFailure } from "../../api/failure.ts";
import { useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Logo } from "../../shell/logo.tsx";
import classes from "./sign-in.module.css";

/** Asks for an API key, and tries it before it is kept. */
export function SignIn() {
  const { signIn, endedBecause } = useSession();
  const [key, setKey] = useState("");
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  useEffect(() => {
    document.title = "Sign in · Heddle";
  }, []);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await tryKey(key.trim());
      signIn(key.trim());
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <main className={classes.screen}>
      <form className={classes.card} onSubmit={submit}>
        <Logo size={34} />
        <h1 className={classes.title}>Sign in to Heddle</h1>
        <p className={classes.about}>
          With an API key of this server: the admin key that its first start has shown, or one that somebody
          made for you.
        </p>
        {endedBecause && !state.error && <p className={classes.ended}>You were signed out: {endedBecause}</p>}
        <PasswordInput
          label="API key"
          placeholder="hdl_…"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          autoComplete="current-password"
          size="md"
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
          The key stays in this tab and is forgotten when you close it. For programs, see the{" "}
          <Anchor href="/swagger">API documentation</Anchor>.
        </p>
      </form>
    </main>
  );
}

/** Any answer but 401 shows that the key is known; a narrow key may be refused this list. */
async function tryKey(key: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch("/api/v1/bots?limit=1", { headers: { authorization: `Bearer ${key}` } });
  } catch {
    // A character that no header can have, or no network.
    throw /^[\x21-\x7e]+$/.test(key)
      ? ApiFailure.unreachable()
      : new ApiFailure("An API key has only plain characters and no spaces. Copy it again.", {
          status: 0,
          code: "malformed",
        });
  }
  if (!response.ok && response.status !== 403) throw await ApiFailure.of(response);
}
