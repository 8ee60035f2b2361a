import type { Found, Level } from "../finding.ts";
import type { Subject } from "../subject.ts";

/** One thing that is looked at. */
export interface Rule {
  /** In lower case, with hyphens. */
  id: string;
  level: Level;
  /** What is so when it finds nothing. */
  about: string;
  check(subject: Subject): Found[] | Promise<Found[]>;
}
