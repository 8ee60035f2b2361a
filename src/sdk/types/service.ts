// A service as the people know it who set it up.

/** What to say when a service cannot be reached, or refuses the credentials. */
export interface ServiceFacts {
  /** Begins a sentence: "GitHub", "The MQTT broker". */
  name: string;
  /** Where it is: a URL, or "10.0.0.5:1883". Only host and port are shown. */
  address?: string | undefined;
  /** The settings that say where it is. */
  settings?: readonly string[] | undefined;
  /** The settings that hold the credentials. */
  credentials?: readonly string[] | undefined;
  /** A sentence about credentials that are refused: "Get a token from @BotFather." */
  hint?: string | undefined;
  /** Whether an error of the client means that the credentials are refused. Default: none does. */
  isRefused?: ((error: unknown) => boolean) | undefined;
}
