// Skills, carapaces and templates are files of one kind for the API, so that the UI changes them in one way.

import { api, take } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { WrongInput } from "./wrong-field.ts";

export type ContentKind = "skills" | "carapaces" | "templates";

/** What people call one of them. */
export const WHAT: Record<ContentKind, string> = {
  skills: "skill",
  carapaces: "carapace",
  templates: "template",
};

interface FileBody {
  text: string;
  version: string | null;
}

interface FileAnswer {
  file_text: string | null;
  file_version: string | null;
}

const one = (id: string) => ({ params: { path: { id } } });

const CALLS: Record<
  ContentKind,
  {
    read(id: string): Promise<FileAnswer>;
    write(id: string, body: FileBody): Promise<unknown>;
    remove(id: string): Promise<unknown>;
  }
> = {
  skills: {
    read: (id) => take(api.GET("/api/v1/skills/{id}", one(id))),
    write: (id, body) => take(api.PUT("/api/v1/skills/{id}", { ...one(id), body })),
    remove: (id) => take(api.DELETE("/api/v1/skills/{id}", one(id))),
  },
  carapaces: {
    read: (id) => take(api.GET("/api/v1/carapaces/{id}", one(id))),
    write: (id, body) => take(api.PUT("/api/v1/carapaces/{id}", { ...one(id), body })),
    remove: (id) => take(api.DELETE("/api/v1/carapaces/{id}", one(id))),
  },
  templates: {
    read: (id) => take(api.GET("/api/v1/templates/{id}", one(id))),
    write: (id, body) => take(api.PUT("/api/v1/templates/{id}", { ...one(id), body })),
    remove: (id) => take(api.DELETE("/api/v1/templates/{id}", one(id))),
  },
};

/** What the editor of a file needs of one of them. */
export const fileOf = (kind: ContentKind, id: string) => ({
  label: `The file of the ${WHAT[kind]}`,
  submit: `Save ${WHAT[kind]}`,
  read: async (): Promise<FileBody> => {
    const { file_text, file_version } = await CALLS[kind].read(id);
    return { text: file_text ?? "", version: file_version };
  },
  write: async (body: FileBody): Promise<void> => {
    if (id === "") throw new WrongInput("id", "It needs an id first.");
    await CALLS[kind].write(id, body);
    await queryClient.invalidateQueries({ queryKey: [kind] });
  },
});

export async function removeFile(kind: ContentKind, id: string): Promise<void> {
  await CALLS[kind].remove(id);
  await queryClient.invalidateQueries({ queryKey: [kind, "list"] });
}

/** "Line 3: skills must be …" → 3. */
export function lineIn(message: string): number | undefined {
  const [, line] = /^Line (\d{1,7}):/.exec(message) ?? [];
  return line === undefined ? undefined : Number(line);
}
