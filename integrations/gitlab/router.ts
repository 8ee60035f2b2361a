import { Elysia, verifyGitLab } from "heddle/sdk";
import { settings } from "./config.ts";
import { rememberProject } from "./missed.ts";
import { take } from "./take.ts";

// `parse: "none"`, because a signature covers the bytes of the body, so nothing may read them first.
export const router = new Elysia().post(
  "/webhook",
  async ({ request }) => {
    const { payload } = await verifyGitLab(request, [
      settings.GITLAB_WEBHOOK_SECRET,
      settings.GITLAB_OLD_WEBHOOK_SECRET,
    ]);
    await rememberProject(payload);
    return take(payload);
  },
  { parse: "none" },
);
