/** The page of the admin UI that takes a link's token from the fragment, which browsers send to no server. */
const SIGN_IN_PAGE = "/sign-in";

export const linkUrl = (base: string, token: string): string => `${base}${SIGN_IN_PAGE}#${token}`;
