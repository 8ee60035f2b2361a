// Who and what there is in the workspace of the fake.

export const BOT_TOKEN = "xoxb-token-of-the-slack-test";
export const APP_TOKEN = "xapp-token-of-the-slack-test";
export const SIGNING_SECRET = "signing-secret-of-the-slack-test";
export const TEAM = "T0TEAM";
export const BOT = "U0BOT";
export const ADA = "U0ADA";
export const BEN = "U0BEN";
export const GENERAL = "C0GENERAL";
export const DIRECT = "D0ADA";
/** Another workspace, in which the same app is installed. */
export const OTHER_TEAM = "T0OTHER";
export const OTHER_TOKEN = "xoxb-token-of-the-other-workspace";
