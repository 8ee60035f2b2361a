import { t } from "heddle/sdk";

export const MAIL = t.String({
  minLength: 1,
  maxLength: 600,
  description: "The mail, as mail_search or the message about it names it",
});
