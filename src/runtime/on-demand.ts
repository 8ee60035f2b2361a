// Large packages that only some servers need are read when they are first used: a server starts sooner and stays smaller.

export interface OnDemand<Module> {
  load(): Promise<Module>;
  /** Undefined until it has been loaded; until then nothing is an instance of its classes. */
  loaded(): Module | undefined;
}

export function onDemand<Module>(read: () => Promise<Module>): OnDemand<Module> {
  let module: Module | undefined;
  return {
    async load() {
      module ??= await read();
      return module;
    },
    loaded: () => module,
  };
}
