import type { CommandCheck } from '../../services/common/index.ts';

/** Takes every command as authentic: for tests of one service, where nobody signs. Who is refused has tests of its own (test/signatures). */
export const TRUSTING: CommandCheck = { check: async () => null };
