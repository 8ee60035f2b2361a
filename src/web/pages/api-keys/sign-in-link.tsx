import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import { notifyError } from "../../parts/api-error.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Time } from "../../parts/time.tsx";

/** Signs in another browser, once, with what one may do oneself. */
export function SignInLink() {
  const make = useMutation({
    mutationFn: () => take(api.POST("/api/v1/sign-in-links", { body: {} })),
    onError: notifyError("No link was made"),
  });
  return (
    <>
      <Button
        size="xs"
        leftSection={<Icon name="Link" size={14} />}
        loading={make.isPending}
        onClick={() => make.mutate()}
      >
        Make a sign-in link
      </Button>
      {make.data && (
        <Dialog onClose={make.reset} title="A sign-in link" size="lg">
          <p>
            Open it in the other browser. It works once, ends <Time at={make.data.expires_at} />, and lets
            that browser do what you may do.
          </p>
          <CodeBlock text={make.data.url} what="link" wrap />
        </Dialog>
      )}
    </>
  );
}
