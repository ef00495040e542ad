/** Carries Temporal server 1.32.0 and UI 2.54.1. */
export const TEMPORAL_VERSION: string;

/** Folders that may hold the binary, in order of preference: the user's cache, then the checkout's own. */
export function cacheFolders(): [string, string];

/** Where a new binary goes: the first of the cache folders that can be written to. */
export function writableCacheFolder(): string | undefined;

/** Whether this program answers with a version that the project can use (1.9 or later). */
export function isUsable(path: string): Promise<boolean>;

/** The Temporal binary to use: the one on PATH when it is 1.9 or later, else the one in a cache, else undefined. */
export function findTemporalBinary(): Promise<{ path: string; source: 'PATH' | 'cache' } | undefined>;
