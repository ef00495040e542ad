/** A payload as the JSON of Temporal's API has it: bytes in base64. Members that we don't know stay as they came. */
export type WirePayload = { metadata?: Record<string, string> | undefined; data?: string | undefined; [more: string]: unknown };

/** `plain`: not sealed by us; `closed`: it does not open, or does not say whose it is; `open`: with its workflow, which is bound to it. */
export type Opened = { kind: 'plain' } | { kind: 'closed' } | { kind: 'open'; workflowId: string; payload: WirePayload };

/** Opens a payload in memory; whether anybody may see it is not its question. */
export type OpenPayload = (payload: WirePayload) => Promise<Opened>;
