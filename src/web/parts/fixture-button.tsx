import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, take } from "../api/client.ts";
import { notifyDone, notifyError } from "./api-error.tsx";
import { download } from "./download.ts";
import { Icon } from "./icon.tsx";

/** Downloads what a run was given and what its tools answered, for `heddle eval` to run it again. */
export function FixtureButton({ taskId }: { taskId: string }) {
  const make = useMutation({
    mutationFn: () => take(api.GET("/api/v1/tasks/{id}/fixture", { params: { path: { id: taskId } } })),
    onSuccess: ({ file, text }) => {
      download(file, text, "application/yaml");
      notifyDone(`Put ${file} into a folder, say in it what you expect, and run: heddle eval <folder>`);
    },
    onError: notifyError("No fixture was made"),
  });
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name="ClipboardList" size={14} />}
      loading={make.isPending}
      onClick={() => make.mutate()}
    >
      Make this a fixture
    </Button>
  );
}
