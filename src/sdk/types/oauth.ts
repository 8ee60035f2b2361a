// Accounts at a service in which a person signs Heddle in.

/** What `defineOAuth` takes. Addresses and scopes may be functions, which are called each time: they can depend on settings. */
export interface OAuthOptions {
  /** The name among the integration's accounts: 1 to 64 of a-z 0-9 _ -. */
  name: string;
  /** What people know the service by: "Google". */
  title: string;
  /** The service's page on which a person agrees. */
  authorizeUrl: string | (() => string);
  /** Where codes and refresh tokens are exchanged for access tokens. Tokens are sent nowhere else. */
  tokenUrl: string | (() => string);
  /** Where tokens are taken back when a person signs out (RFC 7009). Default: they are only forgotten. */
  revokeUrl?: string | (() => string | undefined);
  /** What is asked for. Default: nothing in particular. */
  scopes?: readonly string[] | (() => readonly string[]);
  /** The setting that has the client id with which the service knows this Heddle; or `clientId`. */
  clientIdSetting?: string;
  /** Returns the client id, at a service where nobody registers clients; `baseUrl` is the address of Heddle in the person's browser. */
  clientId?: (at: {
    /** The address of Heddle in the person's browser. */
    baseUrl: string;
  }) => string;
  /** The setting that has the client's secret. Default: it has none. */
  clientSecretSetting?: string;
  /** How the client proves itself: in the body of the request ("post", the default) or in the header Authorization ("basic"). */
  clientAuthentication?: "post" | "basic";
  /** Further parameters of `authorizeUrl`: `{ access_type: "offline" }`. */
  authorizeParameters?: Readonly<Record<string, string>>;
  /** What the service calls itself in the parameter `iss` (RFC 9207); a browser that another service sends back is refused. */
  issuer?: string | (() => string);
  /** Whether the account is used with the settings as they are. Default: always. */
  when?: () => boolean;
}

/** An account, as `defineOAuth` returns it. */
export interface OAuthAccount {
  /** Whether a person has signed in, so that there is a token. For the `when` of listeners, which are started again when that changes. */
  readonly isSignedIn: boolean;
  /**
   * Returns an access token that is good for at least a minute, where the service says how long it is. Throws `ReauthRequired` if a person has to sign in, `Retryable`
   * while the service cannot be asked.
   */
  token(): Promise<string>;
  /** Says that the service did not accept this token: the next one is a fresh one. Throws as `token` does. */
  refused(token: string): Promise<void>;
}
