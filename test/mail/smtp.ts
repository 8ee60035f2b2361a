// An SMTP server that keeps what it is sent, and refuses as a real one does.

import { once } from "node:events";
import { SMTPServer } from "smtp-server";
import { MAILBOX } from "./dovecot.ts";

export interface SentMail {
  from: string;
  to: string[];
  source: string;
}

export interface Smtp {
  port: number;
  sent: SentMail[];
  /** The status with which mails from or to an address are refused. */
  refusals: Map<string, number>;
  /** The status with which whoever signs in is refused, whatever the proof. */
  refuseSignIn(status: number | undefined): void;
  stop(): Promise<void>;
}

/** `isToken` says whether a token is good; without it, only the password is. */
export async function startSmtp({ isToken }: { isToken?: (token: string) => boolean } = {}): Promise<Smtp> {
  const sent: SentMail[] = [];
  const refusals = new Map<string, number>();
  let signInStatus: number | undefined;
  function refusalOf(address: string): Error | null {
    const responseCode = refusals.get(address);
    return responseCode === undefined ? null : Object.assign(new Error("Refused"), { responseCode });
  }
  const server = new SMTPServer({
    ...{ hideSTARTTLS: true, allowInsecureAuth: true, logger: false },
    authMethods: isToken ? ["PLAIN", "LOGIN", "XOAUTH2"] : ["PLAIN", "LOGIN"],
    onAuth({ method, username, password, accessToken }, _session, callback) {
      const isProven = method === "XOAUTH2" ? isToken?.(accessToken ?? "") : password === MAILBOX.pass;
      if (signInStatus !== undefined)
        callback(Object.assign(new Error("Temporary failure"), { responseCode: signInStatus }));
      else if (username === MAILBOX.user && isProven) callback(null, { user: username });
      else callback(Object.assign(new Error("Invalid credentials"), { responseCode: 535 }));
    },
    onMailFrom: ({ address }, _session, callback) => callback(refusalOf(address)),
    onRcptTo: ({ address }, _session, callback) => callback(refusalOf(address)),
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        sent.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : "",
          to: envelope.rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString(),
        });
        callback();
      });
    },
  });
  server.on("error", () => undefined);
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as { port: number };
  const refuseSignIn = (status: number | undefined): void => {
    signInStatus = status;
  };
  return {
    port,
    sent,
    refusals,
    refuseSignIn,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
