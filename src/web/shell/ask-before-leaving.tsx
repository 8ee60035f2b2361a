import { Button, Group } from "@mantine/core";
import { useEffect } from "react";
import { Dialog } from "../parts/dialog.tsx";
import { isUnsaved, keepsForms, leaveForms, useLeaving } from "../parts/unsaved.ts";

/** Asks before a link, the palette, the back button or the browser itself takes away what was typed and not saved. */
export function AskBeforeLeaving() {
  const leave = useLeaving((state) => state.leave);
  useEffect(() => {
    addEventListener("beforeunload", onUnload);
    // Browsers of before 2026 may lack it. They ask when the page itself is left.
    const { navigation } = globalThis as { navigation?: Navigation };
    navigation?.addEventListener("navigate", onNavigate);
    return () => {
      removeEventListener("beforeunload", onUnload);
      navigation?.removeEventListener("navigate", onNavigate);
      useLeaving.setState({ leave: undefined });
    };
  }, []);
  return leave && <Question leave={leave} />;
}

function onUnload(event: BeforeUnloadEvent): void {
  if (isUnsaved()) event.preventDefault();
}

/** Whatever changes the address comes through here: links, code, and the buttons of the browser. */
function onNavigate(event: NavigateEvent): void {
  const { destination, cancelable, hashChange, navigationType } = event;
  if (!cancelable || !destination.sameDocument || hashChange || keepsForms() || !isUnsaved()) return;
  const { url, key } = destination;
  if (url === location.href) return;
  event.preventDefault();
  leaveForms(document.body, () => {
    if (navigationType === "traverse") navigation.traverseTo(key);
    else if (navigationType === "replace") history.replaceState(null, "", url);
    else history.pushState(null, "", url);
  });
}

const stay = () => useLeaving.setState({ leave: undefined });

function Question({ leave }: { leave(): void }) {
  return (
    <Dialog onClose={stay} title="Leave without saving?" zIndex={400}>
      <p>What you have typed here has not been saved, and is lost if you leave.</p>
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={stay} data-autofocus>
          Stay
        </Button>
        <Button
          color="red.8"
          onClick={() => {
            stay();
            leave();
          }}
        >
          Leave without saving
        </Button>
      </Group>
    </Dialog>
  );
}
