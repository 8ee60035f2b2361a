// Integrations: all of them, one of them, and the set-up of one step by step.

import { Route, Switch } from "wouter";
import { Gallery } from "./gallery.tsx";
import { IntegrationPage } from "./integration-page.tsx";
import { SetUpPage } from "./set-up-page.tsx";
import { SignedIn } from "./signed-in.tsx";

export function View() {
  return (
    <Switch>
      <Route path="/admin/integrations/oauth/callback">
        <SignedIn />
      </Route>
      <Route path="/admin/integrations/:id/set-up">
        {({ id }) => <SetUpPage key={id} id={decodeURIComponent(id)} />}
      </Route>
      <Route path="/admin/integrations/:id">
        {({ id }) => <IntegrationPage key={id} id={decodeURIComponent(id)} />}
      </Route>
      <Route>
        <Gallery />
      </Route>
    </Switch>
  );
}
