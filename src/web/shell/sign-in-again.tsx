import { Button, Group, PasswordInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { credentialOf, isSignedInMeanwhile, signIn, useSession } from "../api/session.ts";
import { endSignInAgain, stopAsking, useSignInAgain } from "../api/sign-in-again.ts";
import { ApiError } from "../parts/api-error.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { FormFrame } from "../parts/form.tsx";
import { wrongIn } from "../parts/wrong-field.ts";

/** Shown over whatever asked for it, which goes on when this is done. */
export function SignInAgain() {
  const isAsked = useSignInAgain((state) => state.isAsked);
  useEffect(() => {
    // Registered before any dialog's own, so that Escape closes only this one.
    const onKeyDown = (event: KeyboardEvent) => {
      const { isAsked, hasEnded } = useSignInAgain.getState();
      if (event.key !== "Escape" || !isAsked) return;
      event.stopImmediatePropagation();
      // A key pressed by mistake must not cost what is typed behind the dialog.
      if (!hasEnded) endSignInAgain(false);
    };
    addEventListener("keydown", onKeyDown, { capture: true });
    return () => {
      removeEventListener("keydown", onKeyDown, { capture: true });
      stopAsking(false);
    };
  }, []);
  return isAsked && <Question />;
}

function Question() {
  const hasEnded = useSignInAgain((state) => state.hasEnded);
  const [text, setText] = useState("");
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  useEffect(() => {
    // A link may have been opened in another tab of this browser, whose sign-in counts here as well.
    const onFocus = async () => {
      if (!(await isSignedInMeanwhile())) return;
      const until = useSession.getState().me?.fresh_until;
      if (hasEnded || (until && Date.parse(until) > Date.now())) endSignInAgain(true);
    };
    addEventListener("focus", onFocus);
    return () => removeEventListener("focus", onFocus);
  }, [hasEnded]);
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
    <Dialog
      onClose={() => endSignInAgain(false)}
      title={hasEnded ? "You were signed out" : "Sign in again"}
      zIndex={400}
      // What is behind the dialog belongs to the person who was signed in, and stays hidden until the same person is back.
      {...(hasEnded && {
        overlayProps: SCREEN,
        closeOnClickOutside: false,
        closeOnEscape: false,
        withCloseButton: false,
      })}
    >
      <FormFrame error={state.error} onSubmit={() => void attempt()}>
        <p>
          {hasEnded
            ? "The sign-in of this browser has ended. What you have typed is still there; sign in to continue."
            : "Creating or revoking keys and running code need a recent sign-in. What you have begun continues once you have signed in."}
        </p>
        <PasswordInput
          label="API key or sign-in link"
          description={
            <>
              <code>heddle login-link</code> makes a link; open it in this browser, or paste it here
            </>
          }
          error={wrongIn(state.error)("api_key", "link")}
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
            {hasEnded ? "Leave" : "Cancel"}
          </Button>
          <Button type="submit" loading={state.busy} disabled={text.trim() === ""}>
            Sign in and go on
          </Button>
        </Group>
      </FormFrame>
    </Dialog>
  );
}

/** Hides all that is behind it. */
const SCREEN = { backgroundOpacity: 1, color: "var(--canvas)" };
