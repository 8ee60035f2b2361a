// The library does not tell a request that the stream has ended on which its answer was to come, as when the server dies: it waits until
// the request's time is over.

import type { Transport } from "@modelcontextprotocol/client";

/** Asks `ofRequest` for each message what is to be called when the stream of its answer ends, with an answer or without one. */
export function watchStreams(transport: Transport, ofRequest: () => (() => void) | undefined): void {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    const ended = ofRequest();
    if (!ended) return send(message, options);
    const onRequestStreamEnd = () => {
      options?.onRequestStreamEnd?.();
      ended();
    };
    return send(message, { ...options, onRequestStreamEnd });
  };
}
