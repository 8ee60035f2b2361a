// The people of an integration, accessed by its process over the REST API.

import type { CheckedPerson, JsonObject, PeopleControls, Person } from "./types.ts";

type Call = <Answer>(method: string, path: string, body?: JsonObject) => Promise<Answer>;

interface Page {
  people: (Omit<Person, "id"> & { external_id: string })[];
  next_cursor: string | null;
}

const PAGE = "500";

export function createRestPeople(integrationId: string | undefined, call: Call): PeopleControls {
  return {
    check: ({ id, name, place }) =>
      call<CheckedPerson>("POST", "/people/check", {
        external_id: id,
        name,
        ...(integrationId !== undefined && { integration_id: integrationId }),
        ...(place !== undefined && { place }),
      }),
    async list() {
      const found: Person[] = [];
      let cursor: string | null = null;
      do {
        const query: URLSearchParams = new URLSearchParams({
          limit: PAGE,
          ...(integrationId !== undefined && { integration: integrationId }),
          ...(cursor !== null && { cursor }),
        });
        const page: Page = await call<Page>("GET", `/people?${query}`);
        for (const { external_id: id, name, place, status } of page.people)
          found.push({ id, name, place, status });
        cursor = page.next_cursor;
      } while (cursor !== null);
      return found;
    },
  };
}
