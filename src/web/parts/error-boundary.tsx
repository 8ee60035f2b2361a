import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { errorText } from "./api-error.tsx";
import { Empty } from "./empty.tsx";

/** Keeps an error in one page from taking down the rest. React requires a class for this. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: unknown): void {
    // React has caught it, so the window's own listener, which reports to the server, has to be told.
    reportError(error);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <Empty
        icon="AlertTriangle"
        title="This page has failed"
        action={<Button onClick={() => location.reload()}>Reload</Button>}
      >
        {errorText(error)} The error is also in the server's log, if the server could be reached.
      </Empty>
    );
  }
}
