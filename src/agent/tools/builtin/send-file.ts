import { Type } from "@sinclair/typebox";
import { readImage } from "../../../attachments/image.ts";
import type { JsonObject, ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";
import { answering } from "./answering.ts";

const SEND_FILE = "send_file";

interface WorkspaceFiles {
  readFile(user: { botId: string; taskId: string }, path: string): Promise<Uint8Array>;
}

/** The core tool `send_file`. */
export const createSendFileTool = ({ readFile }: WorkspaceFiles): Tool =>
  answering({
    name: SEND_FILE,
    annotations: { readOnly: true, egress: true },
    description:
      "Send a file of the workspace with your answer. Places that cannot show files leave it out, so say in the answer what is in it.",
    parameters: Type.Object(
      {
        path: Type.String({ minLength: 1, description: 'Such as "common/report.md".' }),
        caption: Type.Optional(Type.String({ maxLength: 1_000, description: "What it is, in a sentence." })),
      },
      { additionalProperties: false },
    ) as unknown as JsonObject,
    async run({ path, caption = "" }: { path: string; caption?: string }, { bot_id, task_id }: ToolContext) {
      const file = await readFile({ botId: bot_id, taskId: task_id }, path);
      const image = readImage(file);
      const filename = path.slice(path.lastIndexOf("/") + 1);
      return {
        message: `${filename} (${file.length} bytes) goes with your answer.`,
        client_action: {
          type: image ? "upload_image" : "upload_file",
          filename,
          caption,
          ...(image && { mime_type: image.mediaType }),
          data: Buffer.from(file).toString("base64"),
        },
      };
    },
  });
