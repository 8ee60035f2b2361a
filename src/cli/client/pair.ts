// `heddle pair`: allows the person who was shown a code to talk to the bots of a running server.

import { escaped } from "../../log-error.ts";
import type { Connection } from "./connect.ts";
import { rowsOf } from "./rows.ts";

/** The printed part of the server's answers. */
interface Person {
  integration_id: string;
  external_id: string;
  name: string;
  asked_at: string | null;
}

type Print = (line: string) => void;

export async function pair(server: Connection, code: string, print: Print): Promise<void> {
  const person = (await server.post("/api/v1/people/pair", { code })) as Person;
  print(`${wordsFor(person)} is allowed: what this person writes counts as yours.`);
}

/** Lists those who wait. Only they know their codes. */
export async function listPending(server: Connection, print: Print): Promise<void> {
  let isEmpty = true;
  for await (const person of rowsOf<Person>(server, "/api/v1/people?status=pending", "people")) {
    print(`${wordsFor(person)} has asked at ${person.asked_at}.`);
    isEmpty = false;
  }
  print(isEmpty ? "Nobody waits." : "Allow one with the code that the person was shown: heddle pair <code>");
}

/** A name comes from a stranger, and cannot draw lines of its own. */
const wordsFor = ({ name, integration_id, external_id }: Person): string =>
  escaped(`${JSON.stringify(name)} (${integration_id} ${external_id})`);
