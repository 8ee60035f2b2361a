export type Kind = "runs" | "webhooks" | "deliveries";

/** As the charts have them. */
type Tone = "good" | "warn" | "bad" | "calm" | "quiet" | "accent";

/** The statuses that are drawn, from the bottom of the stack, with their colours. */
export const DRAWN: {
  kind: Kind;
  title: string;
  one: string;
  statuses: [status: string, tone: Tone][];
}[] = [
  {
    kind: "runs",
    title: "Runs",
    one: "run",
    statuses: [
      ["complete", "accent"],
      ["running", "calm"],
      ["pending", "quiet"],
      ["waiting", "warn"],
      ["failed", "bad"],
      ["cancelled", "quiet"],
      ["merged", "quiet"],
    ],
  },
  {
    kind: "webhooks",
    title: "Webhooks",
    one: "webhook",
    statuses: [
      ["accepted", "accent"],
      ["duplicate", "calm"],
      ["ignored", "quiet"],
      ["rejected", "warn"],
      ["failed", "bad"],
    ],
  },
  {
    kind: "deliveries",
    title: "Deliveries",
    one: "delivery",
    statuses: [
      ["delivered", "accent"],
      ["pending", "quiet"],
      ["retrying", "warn"],
      ["dead", "bad"],
    ],
  },
];
