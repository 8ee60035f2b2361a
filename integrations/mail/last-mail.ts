// What the connection shows of the last mail: when it came, how long it waited to be taken, and who told of it.

export interface LastMail {
  /** By the mail server's clock. */
  cameAt: Date;
  takenAt: Date;
}

/** How news is noticed: told by the server (IDLE, Pub/Sub), or found by asking. */
export type Notice = "IDLE" | "Pub/Sub" | "asking";

/** Added to the connection's text; empty before the first mail. */
export function lastMailText(mail: LastMail | undefined, notice: Notice): string {
  if (mail === undefined) return "";
  const { cameAt, takenAt } = mail;
  // Two clocks may differ a little.
  const seconds = Math.max(0, Math.round((takenAt.getTime() - cameAt.getTime()) / 1_000));
  const time = cameAt.toISOString().slice(0, 19).replace("T", " ");
  return `. The last mail came at ${time} UTC and was taken after ${seconds} s, ${
    notice === "asking" ? "found by asking" : `told by ${notice}`
  }`;
}
