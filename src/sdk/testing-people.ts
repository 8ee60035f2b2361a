// People in memory, for authors' tests outside of Heddle.

import type { PeopleControls, Person } from "./types.ts";

/** The array can be filled and changed by a test; whoever is unknown is added as pending, with the same code each time. */
export function createMemoryPeople(people: Person[]): PeopleControls {
  return {
    async check({ id, name, place = null }) {
      let at = people.findIndex((person) => person.id === id);
      if (at < 0) at = people.push({ id, name, place, status: "pending" }) - 1;
      const { status } = people[at] as Person;
      const code = status === "pending" ? `PAIR${String(at + 1).padStart(4, "0")}` : null;
      return { status, code };
    },
    list: async () => structuredClone(people),
  };
}
