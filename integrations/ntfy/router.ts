import { Elysia } from "heddle/sdk";
import { decide } from "./approvals.ts";

export const router = new Elysia().post("/decisions/:token", async ({ params, status }) => {
  const decision = await decide(params.token);
  if (decision === undefined) {
    return status(410, {
      error: { code: "gone", message: "This has already been decided, it is too late, or nobody asked." },
    });
  }
  return { status: decision };
});
