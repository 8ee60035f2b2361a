// For the environment of programs that end soon: before an optimising compiler pays off, and before anybody needs their memory.

/**
 * Freed memory is kept. To give it back to the system and to ask for it again took a quarter of the CPU time, of tests and of the
 * servers that they start.
 */
export const KEEPING_MEMORY = { MIMALLOC_PURGE_DELAY: "-1" };

/**
 * The one for WebAssembly uses a quarter of the CPU time of a file with an embedded database, and the file ends before that
 * pays off. The one for JavaScript does pay off in a process that runs many files.
 */
export const WITHOUT_WASM_OPTIMISER = { ...KEEPING_MEMORY, BUN_JSC_useOMGJIT: "0" };

/** Without the one for JavaScript as well: together they took a quarter of the CPU time of a server's first ten seconds. */
export const WITHOUT_OPTIMISERS = { ...WITHOUT_WASM_OPTIMISER, BUN_JSC_useFTLJIT: "0" };
