/** How senders of webhooks prove themselves, in words. */
export const SCHEMES: Record<string, string> = {
  github: "Signed as GitHub signs",
  slack: "Signed as Slack signs",
  standard: "Signed by the Standard Webhooks specification",
  gitlab: "GitLab's secret token",
  stripe: "Signed as Stripe signs",
  bearer: "A bearer token in the Authorization header",
  token: "A token in a header",
  hmac: "A signature (HMAC) in a header",
  own: "Checked by the integration's own code",
};
