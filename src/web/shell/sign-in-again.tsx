import { Button, Group, PasswordInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { resumeSession, signIn, useSession } from "../api/session.ts";
import { endSignInAgain, useSignInAgain } from "../api/sign-in-again.ts";
import { ApiError } from "../parts/api-error.tsx";
import { Dialog } from "../parts/dialog.tsx";

/** Shown over whatever asked for it, which goes on when this is done. */
export function SignInAgain() {
  const isAsked = useSignInAgain((state) => state.isAsked);
  useEffect(() => {
    // Registered before any dialog's own, so that Escape closes only this one.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !useSignInAgain.getState().isAsked) return;
      event.stopImmediatePropagation();
      endSignInAgain(false);
    };
    addEventListener("keydown", onKeyDown, { capture: true });
    return () => {
      removeEventListener("keydown", onKeyDown, { capture: true });
      endSignInAgain(false);
    };
  }, []);
  return isAsked && <Question />;
}

function Question() {
  const [text, setText] = useState("");
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  useEffect(() => {
    // A link may have been opened in another tab of this browser, whose sign-in counts here as well.
    const onFocus = async () => {
      await resumeSession();
      const until = useSession.getState().me?.fresh_until;
      if (until && Date.parse(until) > Date.now()) endSignInAgain(true);
    };
    addEventListener("focus", onFocus);
    return () => removeEventListener("focus", onFocus);
  }, []);
  const attempt = async () => {
    setState({ busy: true });
    try {
      await signIn(credentialOf(text.trim()));
      endSignInAgain(true);
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <Dialog onClose={() => endSignInAgain(false)} title="Sign in again" zIndex={400}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt();
        }}
      >
        <p>
          What makes or ends keys, or runs code, needs a sign-in of the last minutes. What you have begun goes
          on when you have signed in.
        </p>
        <PasswordInput
          label="API key or sign-in link"
          description={
            <>
              <code>heddle login-link</code> makes a link; open it in this browser, or paste it here
            </>
          }
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          autoComplete="off"
          required
          withAsterisk={false}
          data-autofocus
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the key" }}
        />
        {state.error !== undefined && <ApiError error={state.error} />}
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={() => endSignInAgain(false)}>
            Cancel
          </Button>
          <Button type="submit" loading={state.busy} disabled={text.trim() === ""}>
            Sign in and go on
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}

/** A link has its token after the #; a token begins with "once_". */
function credentialOf(text: string): { api_key: string } | { link: string } {
  const link = text.includes("#") ? text.slice(text.indexOf("#") + 1) : text;
  return link.startsWith("once_") ? { link } : { api_key: text };
}
