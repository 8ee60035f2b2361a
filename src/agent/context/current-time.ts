import { type Source, system } from "./source.ts";

/** Date and time in the operator's time zone. */
export const currentTime: Source = ({ now, timezone }) => {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    dateStyle: "full",
    timeStyle: "long",
  });
  return system(`Current time: ${format.format(now)} (${timezone}).`);
};
