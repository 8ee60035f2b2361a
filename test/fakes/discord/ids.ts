// Who and what there is at the fake of Discord.

export const TOKEN = "token-of-the-discord-test";
export const APPLICATION = "900000000000000001";
export const BOT = "900000000000000002";
export const ADA = "900000000000000003";
export const BEN = "900000000000000004";
export const GENERAL = "800000000000000001";
export const QUIET = "800000000000000002";
export const DIRECT = "800000000000000003";
