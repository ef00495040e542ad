export const POLICY_EVENTS = ['retry', 'retry_refused', 'opened', 'half_open', 'closed', 'rejected_full', 'rejected_open'] as const;

/**
 * What a policy does beyond passing calls on: a retry begins, or is not made for want of budget; the circuit opens,
 * lets its probe go, closes; a call is refused because too many are under way or because the circuit is open.
 */
export type PolicyEvent = {
  kind: (typeof POLICY_EVENTS)[number];
};

export type PolicyListener = (event: PolicyEvent) => void;

export type Emit = (kind: PolicyEvent['kind']) => void;

/** Listeners hear at once, in the order in which they came. One that throws disturbs neither calls nor the others. */
export function policyEvents(): { onEvent: (listener: PolicyListener) => void; emit: Emit } {
  const listeners: PolicyListener[] = [];
  const emit: Emit = (kind) => {
    for (const listener of listeners) {
      try {
        listener({ kind });
      } catch {
        // A metric that can't be counted is no reason to fail a call, or to leave a circuit half turned.
      }
    }
  };
  return { onEvent: (listener) => void listeners.push(listener), emit };
}
