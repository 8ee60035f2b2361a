// People of an integration's service, and whether the operator trusts them.

/** pending: nobody has decided yet. */
export type PersonStatus = "pending" | "allowed" | "blocked";

/** What `people.check` takes. */
export interface AskingPerson {
  /** The person's id at the service, 1 to 200 characters. Inject this person's messages with the same `author.id`. */
  id: string;
  /** The name to show to the operator. */
  name: string;
  /** Where the person writes: a client id. */
  place?: string;
}

/** What `people.check` returns. */
export interface CheckedPerson {
  /** Messages of an allowed person count as the operator's; answer a pending one with the code, and a blocked one not at all. */
  status: PersonStatus;
  /**
   * What a pending person has to give to the operator, eight characters; null if it is decided, or if too many people wait
   * at the moment. It is the same for an hour.
   */
  code: string | null;
}

/** A person as the operator sees it. */
export interface Person {
  /** The person's id at the service. */
  id: string;
  /** The name that the person had there last. */
  name: string;
  /** Where the person asked: a client id; null if the person was added by the operator. */
  place: string | null;
  /** What was decided. */
  status: PersonStatus;
}

/** The functions of `people`. */
export interface PeopleControls {
  /**
   * Whether a person may talk to the bots. Somebody unknown becomes pending and gets a pairing code. Throws `validation`.
   */
  check(person: AskingPerson): Promise<CheckedPerson>;
  /** All people of the integration that are known. */
  list(): Promise<Person[]>;
}
