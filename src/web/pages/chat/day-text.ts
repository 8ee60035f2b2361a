const DAY = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

/** The day of a time, as it is called now. A day may be 23 or 25 hours long. */
export function dayText(at: string, now: Date): string {
  const day = DAY.format(new Date(at));
  if (day === DAY.format(now)) return "Today";
  const noon = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1, 12);
  return day === DAY.format(noon) ? "Yesterday" : day;
}
