import type { assertionSigner as realSigner, commandCheck as realCheck } from '../../../services/common/assertion.ts';

export * from '../../../services/common/assertion.ts';

/** Nothing is hashed or signed. */
export const assertionSigner: typeof realSigner = () => async () => 'not signed';

/** As of what comes another way than by a workflow: there is nothing to verify, to use up, or to sign a record with. */
export const commandCheck: typeof realCheck = () => ({ check: async () => null });
