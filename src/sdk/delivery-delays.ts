/** Seconds between a delivery's failed attempt and the next one: from 5 seconds to 10 hours, about 19 hours in all. */
export const DELIVERY_DELAYS_SECONDS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 18_000, 36_000];
