import { line, type Payload, record } from "../../_forge/payload.ts";

export interface Repository {
  owner: string;
  repo: string;
}

/** Returns the repository of an event; null for events of organisations, installations and the like. */
export function repositoryOf(payload: Payload): Repository | null {
  const repository = record(payload.repository);
  const [owner, repo, ...rest] = line(repository.full_name).split("/");
  return owner && repo && rest.length === 0 ? { owner, repo } : null;
}
