// The functions of `people`, over a backend that knows an integration's people.

import { HeddleError } from "../errors.ts";
import { shown } from "./arguments.ts";
import type { AskingPerson, PeopleControls } from "./types.ts";

const LONGEST_ID = 200;
const FIELDS = ["id", "name", "place"];

export const createPeopleControls = (backend: PeopleControls): PeopleControls => ({
  check: async (person) => backend.check(checkPerson(person)),
  list: () => backend.list(),
});

/** Throws "validation" for something that is not a person. */
function checkPerson(person: unknown): AskingPerson {
  if (typeof person !== "object" || person === null) {
    throw invalid("id", `The argument of people.check() must be an object; got ${shown(person)}.`);
  }
  const unknown = Object.keys(person).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) {
    throw invalid(unknown, `${unknown} is not an option of people.check(); it takes ${FIELDS.join(", ")}.`);
  }
  const { id, name, place } = person as Record<string, unknown>;
  if (typeof id !== "string" || id === "" || id.length > LONGEST_ID) {
    throw invalid("id", `id must be a text of 1 to ${LONGEST_ID} characters; got ${shown(id)}.`);
  }
  if (typeof name !== "string") throw invalid("name", `name must be a text; got ${shown(name)}.`);
  if (place !== undefined && typeof place !== "string") {
    throw invalid("place", `place must be a text; got ${shown(place)}.`);
  }
  return { id, name, ...(place !== undefined && { place }) };
}

const invalid = (field: string, message: string) => new HeddleError("validation", message, { field });
