/** Rounded down, so that only what is used up has 100 %; 0.29 × 100 is a little less than 29, and 29 all the same. */
export const shareText = (share: number): string => `${Math.floor(Number((share * 100).toPrecision(12)))} %`;
