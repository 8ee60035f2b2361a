import { Elysia, t } from "elysia";
import { HeddleError } from "../../../errors.ts";
import { ErrorAnswer } from "../../errors.ts";

const tag = "Health";

export interface HealthRoutes {
  version: string;
  /** Returns why the server cannot work now; undefined if it can. */
  notReady: () => Promise<string | undefined>;
}

export function healthRoutes({ version, notReady }: HealthRoutes) {
  const open = (summary: string, description: string) => ({
    detail: { tags: [tag], summary, description, security: [] },
  });
  return new Elysia({ normalize: false })
    .get("/health", () => ({ status: "ok" as const, version }), {
      ...open("Check whether the process is alive", "Answers as long as the process runs."),
      response: {
        200: t.Object({
          status: t.Literal("ok", { description: "The server answers." }),
          version: t.String({ description: "Of Heddle." }),
        }),
      },
    })
    .get(
      "/ready",
      async () => {
        const reason = await notReady();
        if (reason !== undefined) throw new HeddleError("unavailable", reason);
        return { status: "ready" as const };
      },
      {
        ...open(
          "Check whether the server can work",
          "Answers 200 once everything has started and while the database accepts writes.",
        ),
        response: {
          200: t.Object({ status: t.Literal("ready", { description: "The server can work." }) }),
          503: ErrorAnswer,
        },
      },
    )
    .get("/", ({ redirect }) => redirect("/swagger"), { detail: { hide: true } });
}
