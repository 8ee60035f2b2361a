/** What the model can do something about, told to it as it is. */
export class NotPossible extends Error {}

export const NO_SUCH_MAIL = "There is no such mail any more; look for it with mail_search.";
export const noFolder = (name: string): NotPossible =>
  new NotPossible(`The mailbox has no folder or label "${name}".`);
