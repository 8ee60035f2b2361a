// What bots know and may do in a channel besides what is their own: activated integrations, a template, skills and
// carapaces of the channel itself.

import classes from "../channel-page.module.css";
import type { Channel } from "../queries.ts";
import { Activations } from "./activations.tsx";
import { OwnCapabilities } from "./own-capabilities.tsx";
import { TemplateChoice } from "./template-choice.tsx";

export function Capabilities({ channel }: { channel: Channel }) {
  return (
    <div className={classes.column}>
      <Activations channel={channel} />
      <TemplateChoice channel={channel} />
      <OwnCapabilities channel={channel} />
    </div>
  );
}
